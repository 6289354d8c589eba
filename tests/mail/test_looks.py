"""Mails in a browser as mail programs show them: narrow, dark, without pictures."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from html import unescape
from typing import Any

import pytest

from tests.mail.world import DELAY, NOON, World
from tests.replies.raw import reply
from wellchat.digests import runs as digests
from wellchat.mail import actions

LONG = "a_word_without_any_place_to_break_it" * 8
BRIGHTNESS = """selector => {
    const [r, g, b] = getComputedStyle(document.querySelector(selector)).%s.match(/[\\d.]+/g).map(Number)
    return (r * 299 + g * 587 + b * 114) / 255000
}"""


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


@pytest.fixture
def mails(world: World) -> list[EmailMessage]:
    world.app.config["REPLY_ADDRESS"] = "reply@studio.example"
    other = world.user(f"Benedikt-Alexander {LONG}"[:120])
    second = world.open_thread(other, world.coach)
    world.say(world.client, f"Hello\n\n{LONG} https://example.com/{LONG}")
    digests.sweep(NOON + DELAY)
    world.say(world.client, LONG, NOON + DELAY)
    world.say(other, "שלום, מחר בתשע", NOON + DELAY, second)
    digests.sweep(NOON + 3 * DELAY)
    reply(world, body="")
    context = {"name": LONG[:120]}
    for name in (
        "address_check",
        "welcome",
        "verification",
        "reset",
        "password_changed",
        "already_registered",
    ):
        actions.queue_mail(
            user_id=world.client.id, address=world.client.email, name=name, context=context, now=NOON
        )
    actions.sweep(NOON + timedelta(hours=3))
    return world.server.messages


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (800, "light")])
def test_mails_fit_phones_and_dark_mode_and_load_nothing(
    mails: list[EmailMessage], chromium: Any, width: int, scheme: str
) -> None:
    assert len(mails) >= 8
    context = chromium.new_context(viewport={"width": width, "height": 600}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for message in mails:
        page.set_content(body(message, "html"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, message["Subject"]
        ink, card = (
            page.evaluate(BRIGHTNESS % "color", "h1"),
            page.evaluate(BRIGHTNESS % "backgroundColor", ".card"),
        )
        assert (card < 0.3 and ink > 0.7) if scheme == "dark" else (card > 0.7 and ink < 0.4), message[
            "Subject"
        ]
        if page.locator(".face").count():
            assert (page.evaluate(BRIGHTNESS % "backgroundColor", ".face") < 0.5) == (scheme == "dark")
        assert page.evaluate("document.images.length") == 0, "nothing is lost where pictures are off"
    assert [url for url in asked if not url.startswith(("about:", "data:"))] == [], (
        "nor is anything asked for"
    )
    context.close()


def test_both_parts_hold_the_same_links(mails: list[EmailMessage]) -> None:
    for message in mails:
        text, html = body(message, "plain"), body(message, "html")
        for link in set(re.findall(r'href="(?:mailto:)?([^"]+)"', html)) - {"https://chat.example/"}:
            assert unescape(link) in text, (message["Subject"], link)
