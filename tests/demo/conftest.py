"""The demo, loaded once for tests that only look, and put into the databases of those that change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.browsing import Browser
from tests.databases import CleanDatabase, migrated
from wellchat import clock
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.demo.actions import load

NOW = clock.now()
FOLDERS = ("mail", "files")
BY_TRIGGERS = ("search_queue",)  # filled when messages are put in


@pytest.fixture(scope="session")
def _demo(make_app: Callable[..., Flask]) -> tuple[Flask, dict[Any, list[dict[str, Any]]]]:
    app = make_app()
    database = CleanDatabase(app)
    with app.app_context():
        load(now=NOW)
        db.session.remove()
    rows_of = database.rows_since(with_log=True)
    return app, {table: rows for table, rows in rows_of.items() if table.name not in BY_TRIGGERS}


@pytest.fixture(scope="module")
def loaded(_demo: Any) -> Iterator[Flask]:
    """The demo in an application of its own, for tests that only look."""
    app: Flask = _demo[0]
    with app.app_context():
        yield app
        db.session.remove()


def _put(demo: Any) -> datetime:
    loaded, rows_of = demo
    with transaction() as session:
        for table, rows in rows_of.items():
            session.execute(table.insert(), rows)
    for name in FOLDERS:
        shutil.copytree(loaded.config["INSTANCE"] / name, setting("INSTANCE") / name, dirs_exist_ok=True)
    return NOW


@pytest.fixture
def put_demo(_demo: Any, app: Flask) -> Callable[[], datetime]:
    """put_demo(): as after load() in the database and the folders of this test's application.

    It returns the `now` of that load: the story has other notices at another time of the day.
    """
    return lambda: _put(_demo)


@pytest.fixture(scope="module")
def copied(_demo: Any, make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The demo in an application of this module's own, for tests that change what the next ones bear."""
    app = migrated(make_app())
    app.test_client_class = Browser
    with app.app_context():
        _put(_demo)
        yield app
        db.session.remove()
