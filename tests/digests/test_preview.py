"""A preview of the next email, and a test email: neither counts as mailed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.browsing import Browser
from tests.cast import Cast, Talk
from tests.databases import migrated
from tests.mail.world import NOON, World
from wellchat.clock import now as clock_now
from wellchat.db import db
from wellchat.digests import preview
from wellchat.digests.decide import decide
from wellchat.digests.recipients import load_recipient
from wellchat.i18n import force_language
from wellchat.mail import actions as mail
from wellchat.notifications.preferences import save_preferences
from wellchat.web import limiter

Browse = Callable[..., Browser]
PAGE, FRAME = "/settings/notifications/preview", "/settings/notifications/preview/html"


def test_the_preview_shows_the_next_email(
    world: World, browse: Browse, everything: Callable[[], Any]
) -> None:
    world.say(world.client, "<b>Shall we</b> meet?", clock_now())
    before = everything()
    me = browse(world.coach)
    page, frame = me.get(PAGE), me.get(FRAME)
    assert "New in your conversation with Ana Petrov" in page.text
    assert "It will be sent on" in page.text
    assert "Not due yet." in page.text
    assert "&lt;b&gt;Shall we&lt;/b&gt; meet?" in frame.text
    assert frame.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "default-src 'none'" in frame.headers["Content-Security-Policy"]
    assert everything() == before


def test_why_it_waits_is_told_in_the_reader_s_language(world: World, browse: Browse) -> None:
    world.say(world.client, "Hello", clock_now())
    assert "Noch nicht fällig." in browse(world.coach).get(PAGE, headers={"Accept-Language": "de"}).text
    recipient = load_recipient(world.coach.id, NOON)
    assert recipient is not None
    enough = replace(recipient, recent=((NOON, frozenset()),) * world.app.config["MAX_EMAILS_PER_DAY"])
    with force_language("de"):
        assert "an einem Tag sind genug." in decide(enough, clock_now() + timedelta(hours=2)).why


def test_the_preview_shows_nobody_else_s_messages(world: World, browse: Browse) -> None:
    world.say(world.client, "the secret word", clock_now())
    assert "the secret word" not in browse(world.client).get(FRAME).text
    assert browse().get(PAGE).status_code == 302


def test_the_preview_is_an_example_if_nothing_is_unread(world: World, browse: Browse) -> None:
    page = browse(world.coach).get(PAGE).text
    assert "You have no unread messages" in page
    assert "Alex Example" in browse(world.coach).get(FRAME).text


@pytest.mark.parametrize(
    ("prefs", "words"),
    [
        ({}, "It will be sent on Wednesday 18 November at 12:30 at the earliest"),
        ({"cadence": "daily", "digest_hour": 18}, "It will be sent on Wednesday 18 November at 18:00"),
        (
            {"cadence": "daily", "digest_hour": 18, "time_zone": "Asia/Kolkata"},
            "It will be sent on Wednesday 18 November at 18:00",
        ),
        ({"cadence": "off"}, "It will not be sent: Emails are switched off in the preferences."),
    ],
)  # fmt: skip
def test_the_preview_says_when_the_email_comes(world: World, prefs: dict[str, Any], words: str) -> None:
    world.say(world.client, "Hello")
    save_preferences(user=world.coach, now=NOON, **prefs)
    from wellchat.digests import runs

    runs.sweep(NOON)
    db.session.refresh(world.coach)
    found = preview.preview(world.coach, NOON)
    assert preview.describe(found, world.coach.time_zone).startswith(words)


def test_a_test_email_says_that_it_is_a_test(world: World, browse: Browse) -> None:
    world.say(world.client, "the secret word")
    answer = browse(world.coach).post("/settings/notifications/test")
    assert (answer.status_code, answer.location) == (303, "/settings/notifications")
    assert mail.sweep(clock_now())["mails_sent"] == 1
    [message] = world.server.messages
    assert message["Subject"] == "Test: New in your conversation with Alex Example"
    assert message["To"].addresses[0].addr_spec == world.coach.email
    text = message.get_body(("plain",)).get_content()
    assert "because you asked for a test" in text
    assert "the secret word" not in message.as_string(), "a real message is in one email, and this is not it"
    assert world.membership(world.coach).mailed_seq == 0
    [row] = world.mails(world.coach)
    assert (row.name, row.state, row.reason, row.covers) == ("test", "sent", "You asked for this test.", [])


def test_at_most_three_test_emails_an_hour(make_app: Callable[..., Flask], now: Any) -> None:
    app = migrated(make_app(RATE_LIMITS=True))
    app.test_client_class = Browser
    with app.app_context():
        from tests.cast import gather

        cast: Cast = gather(now)
        limiter.reset()
        me: Any = app.test_client()
        me.signed_in_as(cast.cara)
        try:
            assert [me.post("/settings/notifications/test").status_code for _ in range(4)] == [
                303,
                303,
                303,
                429,
            ]
        finally:
            limiter.enabled = False  # it is one for all applications of this process
            db.session.remove()


def test_messages_about_to_be_mailed_are_in_the_zone_of_the_reader(
    talk: Talk, browse: Browse, now: Any
) -> None:
    save_preferences(user=talk.paul, now=now, time_zone="Asia/Kolkata")
    talk.says(talk.cara, "Hello", now=now)
    there = (now + timedelta(hours=5, minutes=30)).strftime("%H:%M")
    assert there in browse(talk.paul).get(FRAME).text
