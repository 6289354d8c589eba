"""The application with links that sign in, on either database, and one digest with such a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.applications import NewCast, apps_on
from tests.databases import CleanDatabase
from tests.mail.world import World
from tests.services import MailServer, Services


@pytest.fixture(scope="session")
def _app_on(
    make_app: Callable[..., Flask], services: Services, run_name: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    settings = {"FEATURES": ("mail_sign_in",)}
    with apps_on(make_app, request, f"{run_name}_mail_sign_in", settings, lambda _: NewCast()) as app_on:
        yield app_on


@pytest.fixture
def world(app: Flask, smtp: MailServer) -> World:
    app.config.update(SMTP_URL=smtp.url, MAIL_FROM="hello@studio.example", BASE_URL="https://chat.example")
    return World(app, smtp)
