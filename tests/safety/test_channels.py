"""Mail, push and replies by email, once two people do not write to each other any more."""

from __future__ import annotations

import os

import pytest
from flask import Flask
from sqlalchemy import update

from tests.attachments.files import picture
from tests.mail.world import DELAY, NOON, World
from tests.push.push_service import devices, push_service
from tests.replies.conftest import world
from tests.replies.raw import address_of, bodies, hand_over, raw_mail, reply
from wellchat.accounts.models import User
from wellchat.attachments.models import Attachment
from wellchat.db import db, transaction
from wellchat.digests import runs as digests
from wellchat.digests.week_content import threads_of_week
from wellchat.errors import CannotWrite
from wellchat.mail import actions as mail
from wellchat.messaging import messages
from wellchat.push.models import Push
from wellchat.push.sending import sweep as send_pushes
from wellchat.safety import between, people

__all__ = ["devices", "push_service", "world"]


def close(world, way):
    act = between.block if way == "block" else between.end_connection
    act(viewer=world.client, thread_id=world.thread.id, now=NOON)


def refusals(world):
    mail.sweep(NOON)
    return [
        (str(sent["Subject"]), str(sent.get_body(("plain",)).get_content()).replace("\n", " "))
        for sent in world.server.messages
    ]


def test_no_digest_tells_of_a_closed_conversation(world: World) -> None:
    world.say(world.client, "Before")
    world.say(world.coach, "Before, too")
    close(world, "block")
    digests.sweep(NOON + DELAY)
    digests.sweep(NOON + 50 * DELAY)
    assert world.server.messages == []


def test_a_digest_that_waits_for_its_mail_server_drops_the_conversation(world: World) -> None:
    world.say(world.client, "Before")
    covers = [{"thread_id": world.thread.id, "first_seq": 1, "last_seq": 1}]
    waiting = mail.queue_mail(
        user_id=world.coach.id,
        address=world.coach.email,
        name="digest",
        context={"name": world.coach.name},
        covers=covers,
        now=NOON,
    )
    close(world, "block")
    assert mail.deliver(mail_id=waiting.id, now=NOON) == "skipped"
    assert world.server.messages == []


def test_the_week_does_not_tell_of_a_closed_conversation(world: World) -> None:
    world.say(world.client, "Before")
    assert [week.thread_id for week in threads_of_week(world.coach.id, NOON)] == [world.thread.id]
    close(world, "end")
    assert threads_of_week(world.coach.id, NOON) == []


def test_a_queued_push_of_a_closed_conversation_is_not_sent(world: World, devices) -> None:
    phone = devices()
    phone.register(world.coach)
    world.say(world.client, "Before")
    close(world, "block")
    send_pushes(NOON)
    (push,) = db.session.query(Push)
    assert (push.state, push.reason) == ("skipped", "The conversation is closed.")
    assert phone.got() == []


def test_nothing_is_pushed_to_a_disabled_person(world: World, devices) -> None:
    phone = devices()
    phone.register(world.coach)
    world.say(world.client, "Before")
    people.disable(by=None, user_id=world.coach.id, reason="For the test", now=NOON)
    send_pushes(NOON)
    assert phone.got() == []


def test_a_reply_by_email_is_answered_the_same_for_a_block_and_an_end(world: World) -> None:
    answers = []
    for way in ("block", "end"):
        close(world, way)
        verdict = reply(world, body="My words", message_id=f"<{way}@example.com>")
        answers.append((verdict, *refusals(world)))
        world.server.messages.clear()
        between.unblock(viewer=world.client, thread_id=world.thread.id, now=NOON)
        between.reopen_connection(viewer=world.client, thread_id=world.thread.id, now=NOON)
    assert answers[0] == answers[1]
    verdict, (subject, text) = answers[0]
    assert verdict.status == os.EX_OK
    assert "was not sent" in subject
    assert "You cannot write here any more." in text
    assert bodies(world) == []


def test_the_files_of_a_refused_reply_are_not_stored(world: World) -> None:
    close(world, "block")
    to = address_of(world.coach, world.thread)
    kind = 'image/png; name="beach.png"'
    hand_over(raw_mail(author=world.coach.email, to=to, kind=kind, body=picture()), to)
    assert db.session.query(Attachment).count() == 0


def test_a_disabled_person_does_not_reply_by_email(world: World) -> None:
    people.disable(by=None, user_id=world.coach.id, reason="For the test", now=NOON)
    assert reply(world).status == os.EX_NOUSER
    assert bodies(world) == []


def test_a_paused_person_does_not_reply_by_email(world: World) -> None:
    people.pause(by=None, user_id=world.coach.id, days=3, reason="For the test", now=NOON)
    reply(world)
    assert bodies(world) == []
    assert any("You cannot send messages for now." in text for _, text in refusals(world))


def test_a_professional_whom_nobody_has_confirmed_is_told_so(world: World, app: Flask) -> None:
    app.config["CONFIRM_PROFESSIONALS"] = True
    with transaction() as session:
        session.execute(update(User).where(User.id == world.coach.id).values(confirmed_at=None))
    assert reply(world).status == os.EX_OK
    assert bodies(world) == []
    assert any("have to confirm you first" in text for _, text in refusals(world))


def test_a_send_takes_no_more_statements_than_one_to_an_open_thread(world: World, queries) -> None:
    """The door is in the statement that takes the number."""

    def sent(key):
        with queries() as counted:
            messages.send_message(
                sender=world.client, thread_id=world.thread.id, body="Hi", client_key=key, now=NOON
            )
        return counted.count

    sent("warm")
    before = sent("open")
    close(world, "end")
    between.reopen_connection(viewer=world.client, thread_id=world.thread.id, now=NOON)
    assert sent("reopened") == before
    close(world, "end")
    with queries() as counted, pytest.raises(CannotWrite):
        sent("closed")
    assert counted.count <= 3
