"""Slow statements are noted with their text and without values, in bounded memory; fast ones are not."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from tests.cast import Cast
from wellchat import slow_statements
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.slow_statements import MAX_KEPT, MAX_TEXT, SlowStatements, watch, without_values


@pytest.mark.each_database
def test_a_slow_statement_is_noted_without_values(app: Flask, cast: Cast) -> None:
    engine = create_engine(db.engine.url)
    noted = watch(engine, 1e-9)
    with engine.connect() as connection:
        for names in (["Canary"], ["Canary", "Second"], ["Canary", "Second", "Third"]):
            query = select(User.id).where(User.name.in_(names), User.email != "canary@example.org")
            connection.execute(query).all()
        with pytest.raises(SQLAlchemyError):
            connection.execute(text("SELECT nothing FROM users WHERE name = 'Canary'"))
    engine.dispose()
    texts = [each for each in noted.worst() if "FROM users" in each.text]
    assert sum(each.count for each in texts) == 4, "what fails after its time was slow too"
    assert len(texts) <= 3, "lists of two and three values are one statement"
    for each in texts:
        assert "Canary" not in each.text
        assert "canary@" not in each.text
        assert each.total >= each.longest > 0


def test_literals_are_taken_out_and_long_texts_cut() -> None:
    assert without_values("SELECT  1\n WHERE a = 'it''s me' AND b IN (?, ?, ?)") == (
        "SELECT 1 WHERE a = '…' AND b IN (…)"
    )
    assert without_values("x IN (%(a_1)s::VARCHAR, %(a_2)s::VARCHAR)") == "x IN (…)"
    assert len(without_values("x" * 100_000)) == MAX_TEXT


def test_memory_is_bounded_and_the_worst_stay() -> None:
    found = SlowStatements()
    found.note("SELECT worst", 100)
    for number in range(10 * MAX_KEPT):
        found.note(f"SELECT a{number}", 1)
        found.note("SELECT often", 0.5)
    assert len(found.worst()) == MAX_KEPT
    assert [each.text for each in found.worst()][:2] == ["SELECT often", "SELECT worst"]


def test_a_threshold_of_nothing_watches_nothing() -> None:
    engine = create_engine("sqlite://")
    watch(engine, 0)
    assert not list(engine.dispatch.before_cursor_execute)
    slow = watch(engine, 3600)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert slow.worst() == []


def test_the_application_watches_with_its_setting(app: Flask) -> None:
    assert isinstance(slow_statements.slow_statements(), SlowStatements)
    assert app.config["SLOW_STATEMENT"] == 0.5
