"""What tests of the security log share: rows, and somebody who changes them past the triggers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM, AuditEvent
from wellchat.audit.sealing import seal
from wellchat.db import db, is_postgresql


def events(kind: str | None = None) -> list[AuditEvent]:
    db.session.rollback()
    query = select(AuditEvent).order_by(AuditEvent.seq, AuditEvent.at)
    if kind:
        query = query.where(AuditEvent.kind == kind)
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


@pytest.fixture
def written(app: Flask, now: datetime) -> Callable[[int], None]:
    """written(n): n sealed rows, each a second after the one before."""

    def write(count: int) -> None:
        for number in range(count):
            at = now + timedelta(seconds=number)
            record("access.refused", now=at, actor_kind=SYSTEM, detail={"number": number})
        seal(now)

    return write


@pytest.fixture
def tamper(app: Flask) -> Callable[..., None]:
    """tamper(statement, ...): run SQL as the owner of the database, who can take the triggers away."""

    def run(*statements: str, **values: Any) -> None:
        db.session.rollback()
        with db.engine.begin() as connection:
            triggers = []
            if is_postgresql():
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            else:
                found = (
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
                )
                triggers = list(connection.exec_driver_sql(found).all())
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(text(statement), values)
            for _, made in triggers:
                connection.exec_driver_sql(made)

    return run
