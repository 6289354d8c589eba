"""Applications of a folder of tests, with settings of their own, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast, gather
from tests.databases import CleanDatabase
from tests.services import database_on


class NewCast:
    """Makes the cast by acts each time: copies of its rows would leave its events behind."""

    def gather(self, now: datetime) -> Cast:
        return gather(now)


@contextmanager
def apps_on(
    make_app: Callable[..., Flask],
    request: pytest.FixtureRequest,
    name: str,
    settings: dict[str, Any],
    cast: Callable[[CleanDatabase], Any],
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    """Yield engine -> (application with these settings, its database), each made when it is first asked for.

    `name` is that of the database on PostgreSQL; `cast` makes what gathers the cast there.
    """
    made: dict[str, tuple[Flask, CleanDatabase]] = {}
    with ExitStack() as stack:

        def app_on(engine: str) -> tuple[Flask, CleanDatabase]:
            if engine not in made:
                place = {}
                if engine == "postgresql":
                    server = request.getfixturevalue("postgresql_server")
                    place["DATABASE_URL"] = stack.enter_context(database_on(server, name))
                app = make_app(**settings, **place)
                database = CleanDatabase(app)
                app.extensions["cast"] = cast(database)
                made[engine] = app, database
            return made[engine]

        yield app_on
