"""wellchat as processes, for one module of tests, and people who sit down at browsers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from playwright.sync_api import Page, expect

from tests.cast import Talk, gather
from tests.services import Live, Services
from wellchat import create_app
from wellchat.clock import now as clock_now
from wellchat.config import read_settings
from wellchat.db import db

PASSWORD = "correct horse"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@contextmanager
def opened(services: Services, folder: Path, furnish: Callable[[Talk], Any], *, worker: bool = False) -> Iterator[Any]:
    """A running wellchat with the cast in it; `furnish(talk)` puts in what its tests find."""
    import flask_migrate

    env = {"WELLCHAT_REDIS_URL": services.valkey(), "WELLCHAT_RATE_LIMITS": "off", "WELLCHAT_SWEEP_EVERY": "0.5"}
    live = Live(env, folder)
    app = create_app(read_settings(live.env), TESTING=True)
    with app.app_context():
        flask_migrate.upgrade()
        cast = gather(clock_now(), password=PASSWORD)
        talk = Talk(cast, clock_now())
        found = furnish(talk)
        emails = SimpleNamespace(cara=cast.cara.email, paul=cast.paul.email)
        house = SimpleNamespace(url=live.url, app=app, talk=talk, cast=cast, people=emails, found=found)
        db.session.remove()
        db.engine.dispose()
    live.start_web()
    if worker:
        live.start_worker()
    try:
        yield house
    finally:
        live.__exit__()


@contextmanager
def seats(chromium: Any, house: Any) -> Iterator[Callable[..., Page]]:
    """sit(email, **options): that person, signed in. At the end no page may have complained."""
    contexts: list[Any] = []
    faults: list[str] = []

    def sit(email: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=house.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        page.goto("/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("link", name="Messages", exact=True)).to_be_visible()
        return page

    try:
        yield sit
    finally:
        for context in contexts:
            context.close()
    assert faults == [], faults
