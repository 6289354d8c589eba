"""Another installation, empty, on the same kind of database, to put backups back into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.services import database_on
from wellchat.db import db


@pytest.fixture
def elsewhere(
    engine: str, make_app: Callable[..., Flask], request: pytest.FixtureRequest, run_name: str
) -> Iterator[Flask]:
    """An application with the same secret, whose database has no table and whose store has no file."""
    secret = request.getfixturevalue("app").config["SECRET_KEY"]
    if engine == "sqlite":
        yield make_app(SECRET_KEY=secret)
        return
    server = request.getfixturevalue("postgresql_server")
    with database_on(server, f"{run_name}_elsewhere") as url:
        app: Any = make_app(SECRET_KEY=secret, DATABASE_URL=url)
        yield app
        with app.app_context():
            db.engine.dispose()
