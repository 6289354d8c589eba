"""The main job, at two real browsers, with a real worker and a real mail server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cast import gather
from tests.services import Live, MailServer, Services, wait_for
from wellchat import create_app
from wellchat.clock import now as clock_now
from wellchat.config import read_settings
from wellchat.db import db

PASSWORD = "correct horse"
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True, "is_mobile": True}
AT_ONCE = 1_000  # ms in which a message is on the other page


@pytest.fixture(scope="module")
def quick(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """wellchat as processes, in which people are away after two seconds and mailed after one more."""
    import flask_migrate

    with MailServer() as mail:
        env = {
            "WELLCHAT_REDIS_URL": services.valkey(),
            "WELLCHAT_SMTP_URL": mail.url,
            "WELLCHAT_RATE_LIMITS": "off",
            "WELLCHAT_SWEEP_EVERY": "0.5",
            "WELLCHAT_EMAIL_DELAY": "3",
            "WELLCHAT_AWAY_AFTER": "2",
        }
        live = Live(env, tmp_path_factory.mktemp("journey"))
        live.mail = mail  # type: ignore[attr-defined]
        live.app = create_app(read_settings(live.env), TESTING=True)  # type: ignore[attr-defined]
        with live.app.app_context():  # type: ignore[attr-defined]
            flask_migrate.upgrade()
            cast = gather(clock_now(), password=PASSWORD)
            live.people = SimpleNamespace(cara=cast.cara.email, paul=cast.paul.email, paul_id=cast.paul.id)  # type: ignore[attr-defined]
            db.engine.dispose()
        with live:
            yield live


@pytest.fixture
def sit_down(chromium: Any, quick: Live) -> Iterator[Callable[..., Page]]:
    """sit_down(email, **options): that person, signed in, at a browser of their own."""
    contexts = []

    def sit(email: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=quick.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if "Content Security" in said.text else None)
        page.goto("/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("link", name="Messages")).to_be_visible()
        return page

    yield sit
    faults = [fault for context in contexts for page in context.pages for fault in page.faults]
    for context in contexts:
        context.close()
    assert faults == []


def write(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()


def test_two_people_talk_and_the_one_who_left_gets_one_email(quick: Live, sit_down: Callable[..., Page]) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara, **PHONE), sit_down(people.paul)

    # The client starts the conversation; her message is there the moment she sends it.
    cara.goto("/new")
    cara.get_by_role("button", name="Message Paul Professional").click()
    write(cara, "Hello Paul, may I ask something?")
    cara_log = cara.get_by_role("log", name="Paul Professional")
    expect(cara_log.get_by_text("Hello Paul, may I ask something?")).to_be_visible(timeout=200)

    # The professional's page shows it at once, with a badge, and nobody pressed reload.
    row = paul.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text="Cara Client")
    expect(row).to_contain_text("Hello Paul, may I ask something?", timeout=AT_ONCE * 5)
    expect(row).to_contain_text("1 unread")
    expect(paul.get_by_text("1 new message")).to_be_attached()
    expect(paul).to_have_title(re.compile(r"^\(1\) "))

    # Opening it clears the badge; the client sees "Seen".
    row.get_by_role("link").click()
    paul_log = paul.get_by_role("log", name="Cara Client")
    expect(paul_log.get_by_text("Hello Paul, may I ask something?")).to_be_visible()
    expect(paul.get_by_text("1 new message")).not_to_be_attached()
    expect(cara_log.get_by_text("Seen")).to_be_visible()

    # The answer comes back, within a second.
    write(paul, "Of course, ask away.")
    expect(cara_log.get_by_text("Of course, ask away.")).to_be_visible(timeout=AT_ONCE * 5)

    # The professional closes the laptop; the client writes again; one email arrives with what waits.
    paul.context.close()
    before = len(quick.mail.messages)  # type: ignore[attr-defined]
    write(cara, "Do you have time on Thursday?")
    write(cara, "Or on Friday, in the morning?")
    (mail,) = wait_for(lambda: quick.mail.messages[before:], seconds=20, what="the email")  # type: ignore[attr-defined]
    assert mail["To"].addresses[0].addr_spec == people.paul
    text = mail.get_body(("plain",)).get_content()
    said = ("may I ask something", "Of course", "on Thursday", "Or on Friday")
    assert [words for words in said if words in text] == ["on Thursday", "Or on Friday"]
    cara.wait_for_timeout(4_000)  # a second email would have come by now
    assert len(quick.mail.messages) == before + 1  # type: ignore[attr-defined]


def test_what_was_read_in_time_is_not_mailed(quick: Live, sit_down: Callable[..., Page]) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara), sit_down(people.paul)
    before = len(quick.mail.messages)  # type: ignore[attr-defined]
    cara.goto("/new")
    cara.get_by_role("link", name="Open the conversation with Paul Professional").click()
    write(cara, "You will read this at once")
    paul.goto(cara.url)
    expect(paul.get_by_role("log").get_by_text("You will read this at once")).to_be_visible()
    expect(cara.get_by_role("log").get_by_text("Seen")).to_be_visible()
    paul.context.close()
    cara.wait_for_timeout(6_000)  # well past the delay
    assert quick.mail.messages[before:] == []  # type: ignore[attr-defined]


def test_everything_is_still_there_after_a_restart(quick: Live, sit_down: Callable[..., Page]) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara = sit_down(people.cara)
    cara.goto("/new")
    cara.get_by_role("link", name="Open the conversation with Paul Professional").click()
    write(cara, "Before the restart")
    expect(cara.get_by_role("log").get_by_text("Sent", exact=True)).to_be_visible()
    quick.web.stop()  # type: ignore[union-attr]
    write(cara, "While nobody answers")
    quick.start_web()
    log = cara.get_by_role("log")
    expect(log.get_by_text("Before the restart")).to_have_count(1)
    expect(log.get_by_text("While nobody answers")).to_have_count(1)
    expect(log.get_by_text("Sent", exact=True)).to_be_visible(timeout=20_000)
    cara.reload()
    expect(cara.get_by_role("log").get_by_text("While nobody answers")).to_have_count(1)


def test_a_double_click_is_no_mistake_and_signing_out_stays_out(quick: Live, sit_down: Callable[..., Page]) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara = sit_down(people.cara)
    cara.goto("/new")
    cara.get_by_role("link", name="Open the conversation with Paul Professional").click()
    cara.get_by_label("Message", exact=True).fill("Pressed twice")
    cara.get_by_role("button", name="Send").dblclick()
    expect(cara.get_by_role("log").get_by_text("Pressed twice")).to_have_count(1)
    expect(cara.get_by_text("Write something first.")).to_be_hidden()
    cara.wait_for_timeout(1_500)  # the page polls while its session ends
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name="Sign out").click()
    expect(cara.get_by_label("Email")).to_be_visible()
    cara.wait_for_timeout(500)
    expect(cara).to_have_url(re.compile(r"/sign-in$"))


def test_it_works_without_script(quick: Live, sit_down: Callable[..., Page]) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara = sit_down(people.cara, java_script_enabled=False)
    cara.goto("/new")
    cara.get_by_role("link", name="Open the conversation with Paul Professional").click()
    write(cara, "Posted by a form")
    expect(cara.get_by_role("log").get_by_text("Posted by a form")).to_be_visible()
    expect(cara).to_have_url(re.compile(r"/threads/\w+#\d+$"))
