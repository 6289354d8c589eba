"""Somebody whose browser speaks German, with a real worker and a real mail server; and a page from right to left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import PASSWORD, PHONE
from tests.cast import Talk, gather
from tests.services import Live, MailServer, Services, wait_for
from wellchat import create_app
from wellchat.clock import now as clock_now
from wellchat.config import read_settings
from wellchat.db import db


@pytest.fixture(scope="module")
def house(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import flask_migrate

    with MailServer() as mail:
        env = {
            "WELLCHAT_REDIS_URL": services.valkey(),
            "WELLCHAT_SMTP_URL": mail.url,
            "WELLCHAT_RATE_LIMITS": "off",
            "WELLCHAT_SWEEP_EVERY": "0.5",
            "WELLCHAT_EMAIL_DELAY": "3",
            "WELLCHAT_AWAY_AFTER": "2",
            "WELLCHAT_LANGUAGES": "en,de,fr,ar",
        }
        live = Live(env, tmp_path_factory.mktemp("languages"))
        app = create_app(read_settings(live.env), TESTING=True)
        with app.app_context():
            flask_migrate.upgrade()
            cast = gather(clock_now(), password=PASSWORD)
            talk = Talk(cast, clock_now())
            talk.exchange("cp")
            found = SimpleNamespace(
                url=live.url, mail=mail, cara=cast.cara.email, paul=cast.paul.email, thread=f"/threads/{talk.id}"
            )
            db.engine.dispose()
        with live:
            yield found


@pytest.fixture
def sit(chromium: Any, house: Any) -> Iterator[Callable[..., Page]]:
    """sit(email, label, password, button, locale): signed in, by the names the page has in that language."""
    contexts, faults = [], []

    def sit_down(email: str, names: tuple[str, str, str], **options: Any) -> Page:
        context = chromium.new_context(base_url=house.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        page.goto("/")
        page.get_by_label(names[0], exact=True).fill(email)
        page.get_by_label(names[1], exact=True).fill(PASSWORD)
        page.get_by_role("button", name=names[2], exact=True).click()
        page.locator(".topbar__account").wait_for()
        return page

    yield sit_down
    for context in contexts:
        context.close()
    assert faults == []


ENGLISH = ("Email", "Password", "Sign in")
GERMAN = ("E-Mail", "Passwort", "Anmelden")


def test_who_reads_german_talks_and_gets_a_german_email(house: Any, sit: Callable[..., Page]) -> None:
    cara, paul = sit(house.cara, GERMAN, locale="de-DE"), sit(house.paul, ENGLISH, locale="en-US")
    cara.goto(house.thread)
    paul.goto(house.thread)
    expect(cara.get_by_role("link", name="Nachrichten", exact=True)).to_be_visible()
    expect(cara.get_by_text("Heute").first).to_be_visible()

    # What the page's scripts say is German too: the state below her message, the words while he writes.
    cara.get_by_label("Nachricht", exact=True).fill("Guten Morgen!")
    cara.get_by_role("button", name="Senden", exact=True).click()
    paul_log, cara_log = paul.get_by_role("log"), cara.get_by_role("log")
    expect(paul_log.get_by_text("Guten Morgen!")).to_be_visible()
    expect(cara_log.get_by_text("Gesehen", exact=True)).to_be_visible()
    expect(cara_log.get_by_text("Seen", exact=True)).to_have_count(0)
    paul.get_by_label("Message", exact=True).press_sequentially("I am", delay=20)
    expect(cara.locator(".thread__state")).to_contain_text("Schreibt")
    paul.get_by_label("Message", exact=True).fill("")

    # She leaves. What he writes then comes in a German email, though nothing of his is German.
    cara.context.close()
    before = len(house.mail.messages)
    for text in ("Are you there?", "Tomorrow then."):
        paul.get_by_label("Message", exact=True).fill(text)
        paul.get_by_role("button", name="Send", exact=True).click()
    (mail,) = wait_for(lambda: house.mail.messages[before:], seconds=20, what="the email")
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "2 neue Nachrichten von Paul Professional"
    assert "2 neue Nachrichten warten auf Sie" in text
    assert "Tomorrow then." in text


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_from_right_to_left(house: Any, sit: Callable[..., Page], options: dict[str, Any]) -> None:
    page = sit(house.cara, ENGLISH, locale="ar", **options)
    width = page.evaluate("innerWidth")
    page.goto(house.thread)
    mine = page.locator('.message[data-sender="me"] .message__body').first.bounding_box()
    theirs = page.locator('.message:not([data-sender="me"]) .message__body').first.bounding_box()
    assert mine
    assert theirs
    assert mine["x"] < theirs["x"]
    send = page.get_by_role("button", name="Send", exact=True).bounding_box()
    assert send
    assert send["x"] < width / 2
    for path in (house.thread, "/", "/settings", "/settings/notifications", "/search?q=message", "/notifications"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    if options:
        page.goto(house.thread)
        back = page.locator(".topbar__back .icon")
        assert back.evaluate("(icon) => new DOMMatrix(getComputedStyle(icon).transform).a") == -1
