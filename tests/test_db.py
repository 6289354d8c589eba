"""How the session ends, and what its errors say."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text, update
from sqlalchemy.exc import SQLAlchemyError

from tests.cast import Talk
from wellchat import engines
from wellchat.db import db, table, transaction
from wellchat.messaging.models import Message


@pytest.mark.each_database
def test_closing_a_lost_connection_raises_nothing(app: Flask) -> None:
    """The request that lost it has had its 503; putting away must not make a 500 of it."""
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.connection().invalidate()
    with app.app_context():
        assert db.session.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.each_database
@pytest.mark.parametrize("fault", [{"sender_id": None}, {"sender_id": "nobody"}, {"seq": "x"}])
def test_database_errors_contain_no_text_of_people(
    app: Flask, talk: Talk, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Errors are logged, by us and by whoever calls us."""
    talk.says(talk.cara, "what they said before")
    statement = update(table(Message)).values(body="what they said then", **fault)
    with pytest.raises(SQLAlchemyError) as failed, transaction() as session:
        session.execute(statement)
    logging.getLogger("wellchat").error("it failed", exc_info=failed.value)
    assert "UPDATE messages" in caplog.text
    assert "what they said" not in caplog.text


def test_the_log_of_sqlite_shrinks_again_after_a_long_reader(tmp_path: Path) -> None:
    file = tmp_path / "wal.db"
    engine = create_engine(f"sqlite:///{file}")
    engines.tune_sqlite(engine)

    def write(size: int) -> int:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (x)")
            connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(?))", (size,))
        return Path(f"{file}-wal").stat().st_size

    write(1)
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchone()
    sizes = [write(2 * 1024 * 1024) for _ in range(6)]
    assert sizes[-1] > engines.MAX_LOG
    reader.close()
    # One writes it all into the database, and the next begins the log again.
    assert min(write(1) for _ in range(3)) <= engines.MAX_LOG
    engine.dispose()
