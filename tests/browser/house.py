"""wellchat as processes, for one module of tests, and people who sit down at browsers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.cast import Talk, gather
from tests.databases import migrate
from tests.services import Live, MailServer, Services
from wellchat import create_app
from wellchat.accounts.models import User
from wellchat.accounts.session_rows import start_session
from wellchat.clock import now as clock_now
from wellchat.config import read_settings
from wellchat.db import db

PASSWORD = "correct horse"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "has_touch": True,
    "is_mobile": True,
}
# Seconds after which people are away, and are mailed.
QUICK = {"WELLCHAT_AWAY_AFTER": "2", "WELLCHAT_EMAIL_DELAY": "3"}

Sit = Callable[..., Page]


@dataclass(frozen=True)
class Person:
    id: str
    email: str
    epoch: int

    @classmethod
    def of(cls, user: User) -> Person:
        return cls(user.id, user.email, user.session_epoch)


@dataclass(frozen=True)
class House:
    """A running wellchat with the cast in it."""

    live: Live
    app: Flask
    cara: Person
    paul: Person
    olga: Person
    ada: Person
    thread_id: str  # of Cara's thread with Paul
    mail: MailServer | None  # None: mails stay in the instance folder
    found: Any  # what its furnishing left to be found: addresses, ids

    @property
    def url(self) -> str:
        return self.live.url

    @property
    def thread(self) -> str:
        return f"/threads/{self.thread_id}"

    def session_of(self, person: Person) -> str:
        """Return the cookie of a browser that signed in a moment ago, sealed as the application does."""
        with self.app.app_context():
            user, now = db.session.get_one(User, person.id), clock_now()
            user.session_id, user.session = "", None
            user_id = user.get_id()
            start_session(user=user, network="127.0.0.0/24", device="", proved_at=now, now=now)
            db.session.remove()
        seal: Any = self.app.session_interface.get_signing_serializer(self.app)
        return str(seal.dumps({"_user_id": user_id, "_fresh": True}))


def bare(_talk: Talk) -> None:
    """Nothing but the people, and the thread of two of them."""


def a_house(
    furnish: Callable[[Talk], Any] = bare,
    *,
    worker: bool = False,
    mail: bool = False,
    host: str = "127.0.0.1",
    **settings: str,
) -> Any:
    """The fixture `house` of a module: `house = a_house(furnish, worker=True)`.

    `furnish(talk)` puts in what the tests find. `mail`: there is a mail server, which keeps what it is given.
    `host`: by which browsers reach it; passkeys need a name, such as localhost.
    """

    @pytest.fixture(scope="module")
    def house(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
        env = {
            "WELLCHAT_REDIS_URL": services.valkey(),
            "WELLCHAT_RATE_LIMITS": "off",
            "WELLCHAT_SWEEP_EVERY": "0.5",
            **settings,
        }
        with ExitStack() as stack:
            server = stack.enter_context(MailServer()) if mail else None
            if server:
                env["WELLCHAT_SMTP_URL"] = server.url
            house = furnished(Live(env, tmp_path_factory.mktemp("house"), host), furnish, server)
            stack.callback(house.live.stop)
            house.live.start(worker=worker)
            yield house

    return house


def furnished(live: Live, furnish: Callable[[Talk], Any], mail: MailServer | None) -> House:
    app = create_app(read_settings(live.env), TESTING=True)
    with app.app_context():
        migrate(app)
        cast = gather(clock_now(), password=PASSWORD)
        talk = Talk(cast, clock_now())
        found = furnish(talk)
        people = {name: Person.of(getattr(cast, name)) for name in ("cara", "paul", "olga", "ada")}
        house = House(live=live, app=app, **people, thread_id=talk.id, mail=mail, found=found)
        db.session.remove()
        db.engine.dispose()
    return house


@contextmanager
def seats(chromium: Any, house: House, **usual: Any) -> Iterator[Sit]:
    """`sit(person, at=path, **options)`: at a browser of their own, signed in; `sit(None)` is nobody.

    `usual`: options of every browser, unless `sit` is given others. At the end no page may have complained.
    """
    contexts: list[Any] = []
    faults: list[str] = []

    def sit(person: Person | None, at: str = "/", **options: Any) -> Page:
        context = chromium.new_context(base_url=house.url, **usual | options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.on("weberror", lambda fault: faults.append(str(fault.error)))
        context.on(
            "console", lambda said: faults.append(said.text) if "Content Security" in said.text else None
        )
        if person:
            context.add_cookies([{"name": "wellchat", "value": house.session_of(person), "url": house.url}])
        page: Page = context.new_page()
        page.goto(at)
        return page

    try:
        yield sit
    finally:
        for context in contexts:
            context.close()
    assert faults == [], faults
