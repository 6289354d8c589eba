"""Somebody whose browser speaks German, with a real worker and a real mail server.

And a page from right to left.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.doings import field, sent, sign_in, without_worker
from tests.browser.house import PHONE, QUICK, House, Sit, a_house
from tests.services import wait_for

GERMAN = ("E-Mail", "Passwort", "Anmelden")

SERVICE_WORKERS = "allow"
house = a_house(
    lambda talk: talk.exchange("cp"), worker=True, mail=True, WELLCHAT_LANGUAGES="en,de,fr,ar", **QUICK
)


def test_who_reads_german_talks_and_gets_a_german_email(house: House, sit: Sit) -> None:
    cara, paul = sit(None, locale="de-DE"), sit(house.paul, at=house.thread, locale="en-US")
    sign_in(cara, house.cara, GERMAN)
    cara.goto(house.thread)
    expect(cara.get_by_role("link", name="Nachrichten", exact=True)).to_be_visible()
    expect(cara.get_by_text("Heute").first).to_be_visible()

    # What the page's scripts say is German too: the state below her message, the words while he writes.
    cara.get_by_label("Nachricht", exact=True).fill("Guten Morgen!")
    cara.get_by_role("button", name="Senden", exact=True).click()
    paul_log, cara_log = paul.get_by_role("log"), cara.get_by_role("log")
    expect(paul_log.get_by_text("Guten Morgen!")).to_be_visible()
    expect(cara_log.get_by_text("Gesehen", exact=True)).to_be_visible()
    expect(cara_log.get_by_text("Seen", exact=True)).to_have_count(0)
    field(paul).press_sequentially("I am", delay=20)
    expect(cara.locator(".thread__state")).to_contain_text("Schreibt")
    field(paul).fill("")

    # She leaves. What he writes then comes in a German email, though nothing of his is German.
    cara.context.close()
    before = len(house.mail.messages)
    with without_worker(house):  # both come in one
        for text in ("Are you there?", "Tomorrow then."):
            sent(paul, text)
    (mail,) = wait_for(lambda: house.mail.messages[before:], seconds=40, what="the email")
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Neues in Ihrer Unterhaltung mit Paul Professional"
    assert "2 neue Nachrichten warten auf Sie" in text
    assert "Tomorrow then." in text


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_from_right_to_left(house: House, sit: Sit, options: dict[str, Any]) -> None:
    page = sit(house.cara, at=house.thread, locale="ar", **options)
    width = page.evaluate("innerWidth")
    mine = page.locator('.message[data-sender="me"] .message__body').first.bounding_box()
    theirs = page.locator('.message:not([data-sender="me"]) .message__body').first.bounding_box()
    assert mine
    assert theirs
    assert mine["x"] < theirs["x"]
    send = page.get_by_role("button", name="Send", exact=True).bounding_box()
    assert send
    assert send["x"] < width / 2
    for path in (
        house.thread,
        "/",
        "/settings",
        "/settings/notifications",
        "/search?q=message",
        "/notifications",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    if options:
        page.goto(house.thread)
        back = page.locator(".topbar__back .icon")
        assert back.evaluate("(icon) => new DOMMatrix(getComputedStyle(icon).transform).a") == -1
