"""Keep what people wrote, their addresses and secrets out of log lines and reports of errors."""

from __future__ import annotations

import re
import traceback
from types import TracebackType

from redis import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

HIDDEN = "***"
# Their messages come from a server or the system, which knows no words of people.
TELLING = (OperationalError, PoolTimeout, RedisError, OSError)

_ADDRESS = re.compile(r"[^\s@<>()\"',;:=/?&]+@[^\s@<>()\"',;:=/?&]+")
_PASSWORD = re.compile(r"(?<=://)[^/\s@]*:[^/\s]*(?=@)")
# 22 characters of base64 are the shortest secret that we make. Names in code have no digits among capitals.
_SECRET = re.compile(r"(?=[\w-]*[0-9])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{22,}", re.ASCII)


def scrubbed(text: str) -> str:
    """Return the text without mail addresses, passwords in URLs and what looks like a secret."""
    for pattern in (_PASSWORD, _ADDRESS, _SECRET):
        text = pattern.sub(HIDDEN, text)
    return text


def error_line(error: BaseException) -> str:
    """Return the type of an error, and its message where that cannot hold what a person wrote."""
    name = type(error).__name__
    return f"{name}: {scrubbed(str(error))}" if isinstance(error, TELLING) else name


def trace_text(error: BaseException | None) -> str:
    """Return the places in the code that an error went through, with its causes, oldest first."""
    parts: list[str] = []
    met: set[int] = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        parts.insert(0, f"{_places(error.__traceback__)}{error_line(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nand then\n".join(parts)


def _places(trace: TracebackType | None) -> str:
    return "".join(traceback.format_tb(trace))
