"""Note the statements of the database that were slow in this process: their text, without values.

Memory is bounded: MAX_KEPT texts, and where there are more the one that cost least goes. A fast statement
pays two readings of a clock. Nothing is installed where SLOW_STATEMENT is 0.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from prometheus_client import Counter
from sqlalchemy import Engine, event

MAX_KEPT = 50
MAX_TEXT = 2_000  # characters

SLOW = Counter("wellchat_slow_statements", "Statements that took longer than WELLCHAT_SLOW_STATEMENT")
SLOW_SECONDS = Counter("wellchat_slow_statement_seconds", "Seconds that they took together")

_LITERAL = re.compile(r"'(?:[^']|'')*'")
# A list of values has as many marks as there are values; they are one statement all the same.
_LIST = re.compile(r"\((?:\?|%s|%\(\w+\)s(?:::[\w ]+)?)(?:, (?:\?|%s|%\(\w+\)s(?:::[\w ]+)?))+\)")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class SlowStatement:
    """One text: how often it was slow, and how many seconds that took, together and at the most."""

    text: str
    count: int
    total: float
    longest: float


def without_values(statement: str) -> str:
    """Return the text of a statement in one line, without literals and lengths of lists."""
    short = _BLANKS.sub(" ", _LITERAL.sub("'…'", statement[: 4 * MAX_TEXT])).strip()
    return _LIST.sub("(…)", short)[:MAX_TEXT]


class SlowStatements:
    """What was slow on one engine. Safe in many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, SlowStatement] = {}

    def note(self, statement: str, seconds: float) -> None:
        """Count one slow statement."""
        text = without_values(statement)
        SLOW.inc()
        SLOW_SECONDS.inc(seconds)
        with self._lock:
            was = self._kept.get(text) or SlowStatement(text, 0, 0.0, 0.0)
            longest = max(was.longest, seconds)
            self._kept[text] = replace(was, count=was.count + 1, total=was.total + seconds, longest=longest)
            if len(self._kept) > MAX_KEPT:
                # Never the one that has just come: else a new one could never grow.
                others = [each for each in self._kept.values() if each.text != text]
                del self._kept[min(others, key=lambda each: each.total).text]

    def worst(self) -> list[SlowStatement]:
        """Return what is kept, the most seconds first."""
        with self._lock:
            kept = list(self._kept.values())
        return sorted(kept, key=lambda each: -each.total)


def watch(engine: Engine, threshold: float) -> SlowStatements:
    """Note what takes `threshold` seconds or more on this engine; with 0 watch nothing."""
    found = SlowStatements()
    if not threshold:
        return found
    clock = time.perf_counter

    @event.listens_for(engine, "before_cursor_execute")
    def before(_c: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        if context is not None:
            context.wellchat_began = clock()

    @event.listens_for(engine, "after_cursor_execute")
    def after(_c: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        seconds = clock() - getattr(context, "wellchat_began", clock())
        if seconds >= threshold:
            found.note(statement, seconds)

    # A statement that was stopped for its slowness never gets to `after`.
    @event.listens_for(engine, "handle_error")
    def failed(context: Any) -> None:
        began = getattr(context.execution_context, "wellchat_began", None)
        if began is not None and context.statement and clock() - began >= threshold:
            found.note(context.statement, clock() - began)

    return found


def slow_statements() -> SlowStatements:
    """Return those of the current application's engine."""
    found: SlowStatements = current_app.extensions["slow_statements"]
    return found
