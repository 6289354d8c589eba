"""Log to standard error, from the level WELLCHAT_LOG_LEVEL on, as text or as lines of JSON (WELLCHAT_LOG)."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

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
        text = f"{record.levelname} {record.name}{place}: {escaped(record.getMessage())}"
        trace = _trace(self, record)
        return text + "".join(f"\n  {escaped(line)}" for line in trace.splitlines())


class JSONFormatter(logging.Formatter):
    """One line of JSON for each record: `time`, `level`, `logger`, `message`, `request_id`, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. JSON escapes line breaks."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id(),
            "traceback": _trace(self, record) or None,
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


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
