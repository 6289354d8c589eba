"""Log to standard error, from the level WELLCHAT_LOG_LEVEL on, as text or as lines of JSON (WELLCHAT_LOG).

Lines name people by their id, and hold no mail address, no secret, and no message of an error that may quote
what somebody wrote (log_privacy.py). At DEBUG such messages are shown: it is for a machine of one's own.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from flask import g, has_app_context

from wellchat.log_privacy import scrubbed, trace_text
from wellchat.request_ids import request_id

LOGGER = logging.getLogger("wellchat")


class TextFormatter(logging.Formatter):
    """One line for each record; only a traceback has more, and they are indented.

    What people send may be in a message: its line breaks are escaped, so that nobody can write a line of
    their own (OWASP ASVS 16.4.1).
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        found = request_id()
        place = f" [{found}]" if found else ""
        text = f"{record.levelname} {record.name}{place}: {escaped(scrubbed(record.getMessage()))}"
        trace = _trace(self, record)
        return text + "".join(f"\n  {escaped(line)}" for line in trace.splitlines())


class JSONFormatter(logging.Formatter):
    """One line of JSON for each record.

    Keys: `time`, `level`, `logger`, `message`, `request_id`, `person` (an id) and `traceback`, without those
    that there are none of.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. JSON escapes line breaks."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
            "request_id": request_id(),
            "person": person(),
            "traceback": _trace(self, record) or None,
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})


def person() -> str | None:
    """Return the id of the person who asks, where this request has found that out. Asks no database."""
    found = g.get("_login_user") if has_app_context() else None
    # The row may be one that a failed transaction has put out of date: its key is known all the same.
    state = getattr(found, "_sa_instance_state", None)
    return str(state.identity[0]) if state is not None and state.identity else None


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not (record.exc_info and record.exc_info[0]):
        return ""
    if LOGGER.level == logging.DEBUG:
        return formatter.formatException(record.exc_info)
    return trace_text(record.exc_info[1])


def escaped(text: str) -> str:
    """Return the text with characters that break a line or steer a terminal as escapes, such as \\n."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _StderrHandler(logging.Handler):
    """Write to standard error, unless the process has a root handler, which writes the record itself.

    Celery has one, for example.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record if no root handler does."""
        if not logging.root.handlers:
            print(self.format(record), file=sys.stderr)  # noqa: T201


def formatter(form: str) -> logging.Formatter:
    """Return the formatter for a value of WELLCHAT_LOG: `json` or `text`."""
    return JSONFormatter() if form == "json" else TextFormatter()


def init(level: str, form: str = "text") -> None:
    """Set the level of our logger, add its handler once, and set how it writes."""
    LOGGER.setLevel(level)
    if not any(isinstance(each, _StderrHandler) for each in LOGGER.handlers):
        LOGGER.addHandler(_StderrHandler())
    for handler in LOGGER.handlers:
        if isinstance(handler, _StderrHandler):
            handler.setFormatter(formatter(form))


def dress(logger: logging.Logger, form: str) -> None:
    """Let the handlers of another program in this process, gunicorn or Celery, write as ours do.

    With `text` theirs stay as they are.
    """
    if form == "json":
        for handler in logger.handlers:
            handler.setFormatter(formatter(form))
