"""How the session ends."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from wellchat.db import db


@pytest.mark.each_database
def test_a_connection_that_was_lost_is_put_away_in_silence(app: Flask) -> None:
    """The request that lost it has had its 503; putting away must not make a 500 of it."""
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.connection().invalidate()
    with app.app_context():
        assert db.session.execute(text("SELECT 1")).scalar_one() == 1
