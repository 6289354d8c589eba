"""The application with masking and events on, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast, gather
from tests.databases import CleanDatabase
from tests.services import Services, database_on


class NewCast:
    """Makes the cast by acts each time: copies of its rows would leave its events behind."""

    def gather(self, now: datetime) -> Cast:
        return gather(now)


@pytest.fixture(scope="session")
def _app_on(
    make_app: Callable[..., Flask], services: Services, run_name: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    made: dict[str, tuple[Flask, CleanDatabase]] = {}
    with ExitStack() as stack:

        def app_on(engine: str) -> tuple[Flask, CleanDatabase]:
            if engine not in made:
                settings: dict[str, Any] = {"FEATURES": ("events",), "MASK": "before_booking"}
                if engine == "postgresql":
                    server = request.getfixturevalue("postgresql_server")
                    settings["DATABASE_URL"] = stack.enter_context(database_on(server, f"{run_name}_masking"))
                app = make_app(**settings)
                database = CleanDatabase(app)
                app.extensions["cast"] = NewCast()
                made[engine] = app, database
            return made[engine]

        yield app_on
