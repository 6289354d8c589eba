"""Send unhandled errors, without words of people, to a collector that speaks as Sentry (WELLCHAT_SENTRY_DSN).

An event is built here from what is allowed, and is not a full one that something is taken from: type of the
error, places in the code, version, rule of the address, ids of request and person. Of the SDK only the
transport is used: none of its integrations, breadcrumbs, local variables or sessions. Without the setting the
SDK is not even imported.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

from flask import Flask, has_request_context, request

from wellchat import logs
from wellchat.request_ids import request_id

# What the SDK adds on its way, such as the name of the host and the list of packages, is left out.
OWN = {"level", "logger", "release", "transaction", "exception", "tags", "user"}
ALLOWED = OWN | {"event_id", "timestamp", "platform"}
MAX_CAUSES = 10
ROOT = Path(__file__).resolve().parent.parent
# Celery says of a task that failed, and nobody else does.
SOURCES = ("wellchat", "celery.app.trace")


class Reporter(logging.Handler):
    """Send each record of an error with its traceback."""

    def __init__(self, client: Any, release: str) -> None:
        super().__init__(logging.ERROR)
        self.client, self.version = client, release

    def emit(self, record: logging.LogRecord) -> None:
        """Send it, from a thread of the SDK's. What fails in here must not end a request."""
        if record.exc_info and record.exc_info[1] is not None:
            try:
                self.client.capture_event(event_of(record.exc_info[1], record.name, self.version))
            except Exception:
                # Not through the log: it would come back here.
                self.handleError(record)


def event_of(error: BaseException, logger: str, release: str) -> dict[str, Any]:
    """Return the event of one error (https://develop.sentry.dev/sdk/data-model/event-payloads)."""
    rule = str(request.url_rule) if has_request_context() and request.url_rule else None
    person = logs.person()
    return {
        "platform": "python",
        "level": "error",
        "logger": logger,
        "release": release,
        "transaction": rule,
        "tags": {"request_id": request_id()},
        "user": {"id": person} if person else {},
        "exception": {"values": _exceptions(error)},
    }


def _exceptions(error: BaseException) -> list[dict[str, Any]]:
    """Return the error and its causes, the oldest first. Their messages may quote people: none is sent."""
    found: list[dict[str, Any]] = []
    each: BaseException | None = error
    while each is not None and len(found) < MAX_CAUSES:
        frames = [_frame(frame) for frame in traceback.extract_tb(each.__traceback__)]
        kind = type(each)
        found.insert(0, {"type": kind.__name__, "module": kind.__module__, "stacktrace": {"frames": frames}})
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return found


def _frame(frame: traceback.FrameSummary) -> dict[str, Any]:
    path = Path(frame.filename)
    is_ours = path.is_relative_to(ROOT) and "site-packages" not in path.parts
    return {
        # The path on this machine tells of it, and of who runs it.
        "filename": str(path.relative_to(ROOT)) if is_ours else "/".join(path.parts[-3:]),
        "function": frame.name,
        "lineno": frame.lineno,
        "context_line": frame.line,
        "in_app": is_ours,
    }


def _only_allowed(event: Any, _hint: object) -> Any:
    return {name: value for name, value in event.items() if name in ALLOWED}


def init_app(app: Flask, release: str) -> None:
    """Report the errors of this application, if SENTRY_DSN is set."""
    dsn = app.config["SENTRY_DSN"]
    if dsn is None:
        return
    from sentry_sdk import Client

    client: Any = Client(
        dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        propagate_traces=False,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_metrics=False,
        enable_logs=False,
        server_name="",
        before_send=_only_allowed,
        shutdown_timeout=2,
    )
    reporter = Reporter(client, f"wellchat@{release}")
    for source in SOURCES:
        logger = logging.getLogger(source)
        for before in [each for each in logger.handlers if isinstance(each, Reporter)]:
            logger.removeHandler(before)
        logger.addHandler(reporter)
    app.extensions["error_reports"] = reporter


def close(app: Flask) -> None:
    """Send what waits, and report no more."""
    reporter: Reporter = app.extensions.pop("error_reports")
    for source in SOURCES:
        logging.getLogger(source).removeHandler(reporter)
    reporter.client.close(timeout=5)
