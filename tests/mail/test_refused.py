"""Addresses that refuse mail get no more; their owner is told on every page, and can try again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.browsing import Browser
from tests.mail.world import DELAY, NOON, World, text_of
from wellchat.digests import runs as digests
from wellchat.digests.kinds import WEEK
from wellchat.digests.recipients import load_recipients
from wellchat.mail import actions, queries
from wellchat.mail.models import Mail

Browse = Callable[..., Browser]
WORDS = "Your mail address refuses our emails"


def queue(world: World, name: str = "welcome") -> Mail:
    person = world.client
    context = {"name": person.name}
    return actions.queue_mail(user_id=person.id, address=person.email, name=name, context=context, now=NOON)


@pytest.fixture
def refused(world: World) -> World:
    """Ana's address is refused at RCPT."""
    world.server.refuses[world.client.email] = "550 5.1.1 there is nobody of that name"
    assert actions.deliver(mail_id=queue(world).id, now=NOON) == "failed"
    return world


@pytest.mark.each_database
def test_a_refused_address_gets_no_more_mails(refused: World) -> None:
    world = refused
    refusal = queries.refusal_of(world.client.email)
    assert refusal
    assert refusal.reason == "The mail server answered 550 5.1.1 there is nobody of that name"
    world.server.refuses.clear()
    assert actions.deliver(mail_id=queue(world).id, now=NOON) == "skipped"
    assert "The address refuses mail" in " ".join(
        mail.reason for mail in world.mails() if mail.state == "skipped"
    )
    world.say(world.client, "To the coach, who is well")
    digests.sweep(NOON + DELAY)
    assert world.server.recipients == [[world.coach.email]], "nobody else is harmed"


def test_refusals_of_many_addresses_are_read_at_once(refused: World) -> None:
    found = queries.refusals_of(filter(None, [refused.client.email, refused.coach.email]))
    assert list(found) == [refused.client.email]


def test_digests_to_a_refused_address_are_skipped(refused: World) -> None:
    refused.server.refuses.clear()
    refused.say(refused.coach, "Hello")
    assert digests.sweep(NOON + DELAY)["digests_skipped"] == 1
    assert refused.server.messages == []
    skip = refused.mails(refused.client)[-1]
    assert (skip.state, skip.name, skip.covers) == ("skipped", "digest", [])
    assert "nobody of that name" in skip.reason
    assert refused.membership(refused.client).mailed_seq == 0, "it was in no mail"


@pytest.mark.each_database
def test_messages_that_waited_are_in_the_first_digest_after_the_refusal_is_lifted(refused: World) -> None:
    world, later = refused, NOON + timedelta(hours=3)
    world.server.refuses.clear()
    world.say(world.coach, "While it was refused")
    digests.sweep(NOON + DELAY)
    actions.try_address_again(user_id=world.client.id, address=world.client.email, name="Ana", now=later)
    world.say(world.coach, "And now", later)
    assert digests.sweep(later + DELAY)["digests_sent"] == 1
    assert "2 new messages wait for you" in text_of(world.server.messages[-1])


def test_loading_recipients_takes_four_statements_for_any_number(
    refused: World, queries: Callable[[], Any]
) -> None:
    people = [refused.user(f"Reader {n}") for n in range(5)]
    with queries() as counted:
        found = load_recipients([refused.client.id, *(person.id for person in people)], NOON)
    assert counted.count == 4
    assert [recipient.user_id for recipient in found.values() if recipient.refusal] == [refused.client.id]


def test_weekly_summaries_to_a_refused_address_are_skipped(refused: World) -> None:
    world, monday = refused, NOON + timedelta(days=5)
    world.server.refuses.clear()
    world.say(world.coach, "Hello")
    forecasts = {each.recipient.user_id: each.decision for each in digests.preview_due(now=monday, kind=WEEK)}
    assert "refuses mail" in forecasts[world.client.id].skip
    outcomes = {outcome.user_id: outcome for outcome in digests.send_due(now=monday, kind=WEEK)}
    assert outcomes[world.client.id].did == "skipped"
    assert "refuses mail" in outcomes[world.client.id].why
    assert world.server.messages == []


def test_interactive_mails_are_sent_to_a_refused_address_too(refused: World) -> None:
    refused.server.refuses.clear()
    assert actions.deliver(mail_id=queue(refused, "password_changed").id, now=NOON) == "sent"


@pytest.mark.parametrize(
    ("answer", "of_address"),
    [
        ("550 no such user", True),
        ("550 5.1.1 no such user", True),
        ("550 5.2.1 mailbox disabled", True),
        ("551 user not local", True),
        ("550 5.0.0 no such user", True),
        ("550 5.0.0 (said 5.7.1 blocked)", False),
        ("553 5.1.3 bad address", True),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 relay access denied", False),
        ("550 5.7.1 blocked by our list", False),
        ("550 5.7.26 unauthenticated", False),
        ("530 authenticate first", False),
        ("450 4.2.1 later", False),
    ],
)
def test_only_refusals_about_the_address_itself_count(world: World, answer: str, of_address: bool) -> None:
    world.server.refuses[world.client.email] = answer
    state = actions.deliver(mail_id=queue(world).id, now=NOON)
    assert state == ("queued" if answer.startswith(("4", "530")) else "failed")
    assert (queries.refusal_of(world.client.email) is not None) == of_address


def test_a_refusal_of_the_text_does_not_count_against_the_address(world: World) -> None:
    world.server.replies = ["554 5.1.1 looks like spam"]
    assert actions.deliver(mail_id=queue(world).id, now=NOON) == "failed"
    assert queries.refusal_of(world.client.email) is None


@pytest.mark.parametrize("path", ["/", "/settings", "/settings/notifications", "/notifications"])
def test_the_owner_of_a_refused_address_is_told_on_every_page(
    refused: World, browse: Browse, path: str
) -> None:
    page = browse(refused.client).get(path).text
    assert WORDS in page
    assert "there is nobody of that name" in page
    assert WORDS not in browse(refused.coach).get(path).text


def test_trying_again_lifts_the_refusal_and_sends_a_mail(refused: World, browse: Browse) -> None:
    browser = browse(refused.client)
    answer = browser.post("/settings/address/try-again", data={"next": "/settings"})
    assert answer.location == "/settings"
    refused.server.refuses.clear()
    assert WORDS not in browser.get("/settings").text
    assert actions.sweep(NOON + timedelta(days=9999))["mails_sent"] == 1
    [message] = refused.server.messages
    assert message["Subject"] == "Your emails from wellchat arrive again"


def test_a_new_refusal_shows_the_notice_again(refused: World, browse: Browse) -> None:
    browser = browse(refused.client)
    browser.post("/settings/address/try-again")
    actions.sweep(NOON + timedelta(days=9999))
    assert WORDS in browser.get("/settings").text


def test_trying_again_where_nothing_is_wrong_does_nothing(world: World, browse: Browse) -> None:
    answer = browse(world.client).post("/settings/address/try-again", data={"next": "https://evil.example/"})
    assert answer.location == "/"
    assert world.mails() == []
