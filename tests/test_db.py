"""How the session ends, and what its errors say."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import SQLAlchemyError

from tests.cast import Talk
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
