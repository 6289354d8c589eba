"""Count the statements that the application sends to its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from wellchat.db import db


@contextmanager
def counting(app: Any) -> Iterator[list[str]]:
    """Yield the list of statements that the application runs inside the block."""
    with app.app_context():
        engine = db.engine
    statements: list[str] = []

    def count(*given: Any) -> None:
        statements.append(given[2])

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)
