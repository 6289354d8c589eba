"""Log to standard error, from the level WELLCHAT_LOG_LEVEL on."""

from __future__ import annotations

import logging
import sys

LOGGER = logging.getLogger("wellchat")


class _StderrHandler(logging.Handler):
    """Write to standard error, unless the process has a root handler, which writes the record itself.

    Celery has one, for example.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record if no root handler does."""
        if not logging.root.handlers:
            print(self.format(record), file=sys.stderr)  # noqa: T201


def init(level: str) -> None:
    """Set the level of our logger and add its handler once."""
    LOGGER.setLevel(level)
    if not any(isinstance(each, _StderrHandler) for each in LOGGER.handlers):
        handler = _StderrHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        LOGGER.addHandler(handler)
