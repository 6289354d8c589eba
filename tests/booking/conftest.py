"""The application with booking on, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.applications import NewCast, apps_on
from tests.databases import CleanDatabase
from tests.services import Services


@pytest.fixture(scope="session")
def _app_on(
    make_app: Callable[..., Flask], services: Services, run_name: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    settings = {"FEATURES": ("coaching",), "HOUR_PRICE": (9000, "EUR")}
    with apps_on(make_app, request, f"{run_name}_booking", settings, lambda _: NewCast()) as app_on:
        yield app_on
