"""Define the Celery application: `celery -A worker worker`, `celery -A worker beat`.

Tasks are doorbells: they take ids and make one domain call. The row in the database is the job, and every
task may run twice.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Task
from celery.signals import after_setup_logger, worker_ready

from wellchat import create_app
from wellchat.branding import keep_fresh
from wellchat.logs import dress
from wellchat.request_ids import job
from wellchat.security_log.starts import record_start_soon
from wellchat.task_queue import celery as app
from worker import schedule

os.umask(0o077)  # as the commands do: files of mode 0600
flask_app = create_app()


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


class AppContextTask(Task):  # type: ignore[type-arg]
    """A task that runs inside the application, as a request does: with the brand of now, too."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with job(), flask_app.app_context():
            keep_fresh()
            return self.run(*args, **kwargs)


app.Task = AppContextTask  # type: ignore[misc]
app.conf.update(
    # A worker may wait for its broker without limit; the short timeout is for requests.
    broker_transport_options={"visibility_timeout": 600, "socket_keepalive": True},
    beat_schedule=schedule.beat_schedule(flask_app.config["SWEEP_EVERY"]),
    beat_schedule_filename=str(flask_app.config["INSTANCE"] / "beat-schedule"),
    imports=(
        "worker.sweeps",
        *(each.tasks for each in flask_app.extensions["features"].features if each.tasks),
    ),
)
