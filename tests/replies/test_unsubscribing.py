"""The `mailto:` of List-Unsubscribe, beside the link: it ends one person's emails, of one kind or all."""

from __future__ import annotations

import os
import re

import pytest

from tests.mail.world import DELAY, NOON, World
from tests.replies.raw import hand_over, raw_mail
from wellchat.digests import runs as digests
from wellchat.notifications.preferences import save_preferences
from wellchat.notifications.queries import preferences


@pytest.fixture
def way(world: World) -> str:
    """Return the address in the mail of a digest, once it is sent."""
    world.say(world.client, "Hello")
    digests.sweep(NOON + DELAY)
    [message] = world.server.messages
    link, mailto = message["List-Unsubscribe"].split(", ")
    assert link.startswith("<https://chat.example/unsubscribe/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<mailto:(\S+)\?subject=unsubscribe%20email>", mailto)
    assert found
    return found[1]


def ask(to: str, subject: str = "unsubscribe email", **more: str) -> int:
    raw = raw_mail(author="anybody@example.com", to=to, Subject=subject, message_id="<q@x>")
    return hand_over(raw, to, **more).status


@pytest.mark.each_database
def test_a_mail_ends_emails_once(world: World, way: str) -> None:
    assert ask(way) == os.EX_OK
    assert preferences(world.coach.id).cadence == "off"
    assert preferences(world.client.id).cadence != "off"
    save_preferences(user=world.coach, now=NOON, cadence="daily")
    assert ask(way) == os.EX_OK
    assert preferences(world.coach.id).cadence == "daily", "the same mail again ends nothing"


@pytest.mark.usefixtures("world")
def test_a_mail_ends_the_kind_that_it_names(world: World, way: str) -> None:
    assert ask(way, "Unsubscribe week") == os.EX_OK
    assert preferences(world.coach.id).cadence != "off"
    assert not preferences(world.coach.id).wants("week", "email")


@pytest.mark.parametrize(
    ("subject", "sender", "status"),
    [
        ("Out of office", "a@x", os.EX_OK),
        ("unsubscribe email", "", os.EX_OK),
        ("unsubscribe nonsense", "a@x", os.EX_NOUSER),
        ("Please stop", "a@x", os.EX_NOUSER),
    ],
)
def test_machines_and_nonsense_end_nothing(
    world: World, way: str, subject: str, sender: str, status: int
) -> None:
    before = preferences(world.coach.id)
    assert ask(way, subject, sender=sender) == status, "a person hears of it from their mail server"
    assert preferences(world.coach.id) == before


def test_a_forged_address_ends_nothing(world: World, way: str) -> None:
    assert ask(way.replace(world.coach.id, world.client.id)) == os.EX_NOUSER
    assert preferences(world.client.id).cadence != "off"


def test_without_an_address_of_ours_there_is_the_link_alone(world: World) -> None:
    world.app.config["REPLY_ADDRESS"] = None
    world.say(world.client, "Hello")
    digests.sweep(NOON + DELAY)
    assert "mailto:" not in world.server.messages[0]["List-Unsubscribe"]


def test_mails_about_one_conversation_are_shown_together(world: World) -> None:
    person = world.user("Jonas Weber")
    other = world.open_thread(person, world.coach)
    for n, (who, thread) in enumerate([(world.client, None), (world.client, None), (person, other)]):
        at = NOON + n * 24 * DELAY
        world.say(who, f"word {n}", at, thread)
        world.seen(world.coach, at)
        digests.sweep(at + DELAY)
        world.read(world.coach, n + 1) if thread is None else None
    first, second, third = world.server.messages
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Subject"] == second["Subject"]
    assert first["In-Reply-To"] == first["References"] == second["References"] == second["In-Reply-To"]
    assert first["References"] != third["References"]
    assert world.thread.id not in first["References"]
