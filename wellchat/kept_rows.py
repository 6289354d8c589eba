"""Keep the few rows of a small table in the process, so that a page pays for no statement.

What one process writes, the others find at once where a name is new to them, and within REFRESH otherwise.
While the table is empty, nothing is ever read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import current_app, has_app_context

from wellchat.db import after_commit

T = TypeVar("T")
REFRESH = 30.0  # seconds for which what is known counts
AGAIN = 1.0  # seconds between two looks for a name that nobody has


@dataclass(frozen=True)
class _Known(Generic[T]):
    rows: Mapping[str, T]
    at: float


class KeptRows(Generic[T]):
    """The rows of one table, by name. `load` reads them all, in one statement."""

    def __init__(self, name: str, load: Callable[[], Mapping[str, T]]) -> None:
        self.name = f"kept_rows.{name}"
        self.load = load

    def known(self) -> Mapping[str, T]:
        """Return the rows that this process has met. It reads only if there are some, after REFRESH."""
        found = self._known()
        if found is None or not found.rows or time.monotonic() - found.at < REFRESH:
            return found.rows if found else {}
        return self.look()

    def get(self, name: str) -> T | None:
        """Return the row of this name, or None. It reads where this process has never met the name."""
        row = self.known().get(name)
        # Pages ask for the kind without a name, too: the pattern of rows whose kind nobody declares any more.
        if row is not None or not name or not has_app_context():
            return row
        found = self._known()
        if found and time.monotonic() - found.at < AGAIN:
            return None
        return self.look().get(name)

    def look(self) -> Mapping[str, T]:
        """Read the rows anew, and return them."""
        rows = self.load()
        current_app.extensions[self.name] = _Known(rows, time.monotonic())
        return rows

    def forget_after_commit(self) -> None:
        """Read the rows anew as soon as the present transaction stands. Call in a transaction."""
        after_commit(self._look)

    def _look(self) -> None:
        self.look()

    def _known(self) -> _Known[T] | None:
        # Of the application, not of the process: two may have two databases.
        return current_app.extensions.get(self.name) if has_app_context() else None
