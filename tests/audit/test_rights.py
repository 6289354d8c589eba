"""On PostgreSQL a role with few rights serves the pages, as docs/security-log.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.audit.sealing import seal
from wellchat.db import db

DOCS = Path(__file__).parents[2] / "docs" / "security-log.md"
ROLE = "wellchat_web"


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture
def web(app: Flask, now: datetime) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the role that the docs make, on a log with two sealed rows and one that waits."""
    for _ in range(2):
        record("access.refused", now=now, actor_kind=SYSTEM)
    seal(now)
    record("access.refused", now=now, actor_kind=SYSTEM)
    db.session.rollback()
    block = next(each for each in re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.S) if ROLE in each)
    url = make_url(app.config["DATABASE_URL"]).set(drivername="postgresql")
    plain = url.render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as owner:
        owner.execute(f"DROP ROLE IF EXISTS {ROLE}")
        for statement in filter(str.strip, re.sub(r"--.*", "", block).split(";")):
            owner.execute(statement)
        try:
            with psycopg.connect(plain, autocommit=True) as connection:
                connection.execute(f"SET ROLE {ROLE}")
                yield connection
        finally:
            owner.execute(f"DROP OWNED BY {ROLE}")
            owner.execute(f"DROP ROLE {ROLE}")


COPY = (
    "INSERT INTO audit SELECT 'another', at, kind, severity, outcome, actor_kind, actor, person, about_kind,"
    " about, network, device, request_id, detail FROM audit LIMIT 1"
)


def test_the_role_of_the_pages_reads_and_adds(web: psycopg.Connection[Any]) -> None:
    assert web.execute(COPY).rowcount == 1
    found = web.execute("SELECT count(*) FROM audit").fetchone()
    assert found == (4,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET seq = 9, hash = 'x' WHERE seq IS NULL",
        "UPDATE audit SET kind = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit_heads VALUES (1, 'x', now())",
        "INSERT INTO audit_gaps VALUES (1, 2, 'x', 'x')",
        "UPDATE audit_state SET seq = 0",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_row ON audit",
        "DROP TABLE audit",
        "SET session_replication_role = replica",
    ],
)
def test_and_nothing_else(web: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute(statement)


def test_a_role_with_every_right_meets_the_triggers(app: Flask, web: psycopg.Connection[Any]) -> None:
    web.execute("RESET ROLE")
    for statement in ("DELETE FROM audit WHERE seq = 1", "TRUNCATE audit", "UPDATE audit SET kind = 'x'"):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only added to"):
            web.execute(statement)
