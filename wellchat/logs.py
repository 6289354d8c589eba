"""What we say to whoever runs this: on standard error, from the level of WELLCHAT_LOG_LEVEL on."""

from __future__ import annotations

import logging
import sys

LOGGER = logging.getLogger("wellchat")


class _StderrHandler(logging.Handler):
    """Silent where the program around us has a place for logs, as Celery has: what we say goes there by itself."""

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.root.handlers:
            print(self.format(record), file=sys.stderr)  # noqa: T201


def init(level: str) -> None:
    LOGGER.setLevel(level)
    if not any(isinstance(each, _StderrHandler) for each in LOGGER.handlers):
        handler = _StderrHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        LOGGER.addHandler(handler)
