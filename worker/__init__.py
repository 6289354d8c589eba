"""Define the Celery application: `celery -A worker worker`, `celery -A worker beat`.

Tasks are doorbells: they take ids and make one domain call. The row in the database is the job, and every
task may run twice.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Task, bootsteps
from celery.beat import EmbeddedService
from celery.signals import after_setup_logger, worker_process_shutdown, worker_ready, worker_shutdown
from click import Option

from wellchat import aside, create_app
from wellchat.branding import keep_fresh
from wellchat.logs import dress
from wellchat.request_ids import job
from wellchat.security_log.starts import record_start_soon
from wellchat.task_queue import celery as app
from worker import schedule

os.umask(0o077)  # as the commands do: files of mode 0600
flask_app = create_app()
aside.init_worker(flask_app)


@after_setup_logger.connect
def set_log_level(logger: logging.Logger, **_: Any) -> None:
    """Let Celery log at our level, unless its own `--loglevel` is not the default."""
    if logger.level == logging.WARNING:
        logger.setLevel(flask_app.config["LOG_LEVEL"])
    dress(logger, flask_app.config["LOG"])


@worker_ready.connect
def record_start(**_: Any) -> None:
    """Write into the security log that the worker starts."""
    record_start_soon(flask_app, "worker")


@worker_shutdown.connect
@worker_process_shutdown.connect
def let_end(**_: Any) -> None:
    """Let end what is on its way to machines of others."""
    aside.init_worker(flask_app).finish()


class AppContextTask(Task):  # type: ignore[type-arg]
    """A task that runs inside the application, as a request does: with the brand of now, too."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with job(), flask_app.app_context():
            keep_fresh()
            return self.run(*args, **kwargs)


class Beat(bootsteps.StartStopStep):
    """Runs the schedule in a thread of the worker with `--with-beat`: one worker alone may do it.

    Celery's own `-B` gives it a process, which costs as much memory as the worker.
    """

    def __init__(self, parent: Any, with_beat: bool = False, **options: Any) -> None:
        super().__init__(parent, **options)
        self.enabled = with_beat
        self._beat: Any = None

    def start(self, parent: Any) -> None:
        """Start the thread. It ends with the process, or before its connections."""
        self._beat = EmbeddedService(parent.app, thread=True)
        self._beat.start()

    def stop(self, _parent: Any) -> None:
        """Stop the thread, and wait until it has written down when everything was last due."""
        if self._beat is not None:
            self._beat.stop()


app.steps["worker"].add(Beat)
app.user_options["worker"].add(Option(["--with-beat"], is_flag=True, help="Run the schedule here, too."))
app.Task = AppContextTask  # type: ignore[misc]
app.conf.update(
    # A worker may wait for its broker without limit; the short timeout is for requests.
    broker_transport_options={"visibility_timeout": 600, "socket_keepalive": True},
    # After any word of Redis (OOM, READONLY, MISCONF ...), and however long it was away, connect again.
    broker_channel_error_retry=True,
    broker_connection_max_retries=None,
    beat_schedule=schedule.beat_schedule(flask_app.config["SWEEP_EVERY"]),
    beat_schedule_filename=str(flask_app.config["INSTANCE"] / "beat-schedule"),
    imports=(
        "worker.sweeps",
        *(each.tasks for each in flask_app.extensions["features"].features if each.tasks),
    ),
)
