"""The application with the example package on, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from typing import Any

import flask_migrate
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask

from tests.cast import CastCopies
from tests.databases import CleanDatabase
from tests.services import Services, database_on
from wellchat.db import Base, db

ON = ("examples.goals",)


@pytest.fixture(scope="module", autouse=True)
def loaded() -> Iterator[None]:
    """Load the example. Its table leaves the metadata with these tests: other databases do not have it."""
    table = import_module("examples.goals.models").Goal.__table__
    Base.metadata._add_table(table.name, None, table)  # after another module has taken it out
    yield
    Base.metadata.remove(table)


@pytest.fixture(scope="module")
def _app_on(
    make_app: Callable[..., Flask], services: Services, run_name: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    made: dict[str, tuple[Flask, CleanDatabase]] = {}
    with ExitStack() as stack:

        def app_on(engine: str) -> tuple[Flask, CleanDatabase]:
            if engine not in made:
                settings: dict[str, Any] = {"FEATURES": ON}
                if engine == "postgresql":
                    server = request.getfixturevalue("postgresql_server")
                    settings["DATABASE_URL"] = stack.enter_context(database_on(server, f"{run_name}_goals"))
                app = make_app(**settings)
                migrate(app, "upgrade")
                database = CleanDatabase(app)
                app.extensions["cast"] = CastCopies(database)
                made[engine] = app, database
            return made[engine]

        yield app_on


def migrate(app: Flask, direction: str) -> None:
    """Run the example's migration, on top of all others, as if its file stood beside them."""
    migration = import_module("examples.goals.migration")
    with app.app_context():
        flask_migrate.upgrade()
        with (
            db.engine.execution_options(writes=True).begin() as connection,
            Operations.context(MigrationContext.configure(connection)),
        ):
            getattr(migration, direction)()
        db.engine.dispose()
