"""Say which key of the host causes what happens now."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

read_cause: ContextVar[Callable[[], str | None] | None] = ContextVar("read_cause", default=None)


def current_cause() -> str | None:
    """Return the id of the host's key whose request this is. None: it is somebody else's act."""
    read = read_cause.get()
    return read() if read else None
