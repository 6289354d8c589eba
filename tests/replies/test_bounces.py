"""Mails of ours that come back (RFC 3464): to their bounce address, a reply address, or MAIL_FROM."""

from __future__ import annotations

import os

import pytest

from tests.mail.world import DELAY, NOON, World
from tests.replies.raw import address_of, bodies, hand_over, received
from wellchat.digests import runs as digests
from wellchat.mail import queries
from wellchat.mail.actions import resend

REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <report-{status}@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

This is a MIME-encapsulated message.

--b
Content-Type: text/plain

I could not deliver it.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Wed, 18 Nov 2026 13:30:00 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 {status} <{recipient}>: there is nobody of that name

--b
Content-Type: {enclosed}

Message-ID: {message_id}
Subject: 1 new message

--b--
"""


@pytest.fixture
def sent(world: World) -> World:
    """Return the world after the coach was sent a digest."""
    world.say(world.client, "Hello")
    digests.sweep(NOON + DELAY)
    return world


def report(world: World, to: str, **more: str) -> bytes:
    values = {
        "to": to,
        "recipient": world.coach.email,
        "action": "failed",
        "status": "5.1.1",
        "enclosed": "message/rfc822",
        "message_id": world.server.messages[0]["Message-ID"],
    } | more
    return REPORT.format(**values).encode()


def is_refused(world: World) -> bool:
    return queries.refusal_of(world.coach.email) is not None


@pytest.mark.each_database
def test_a_mail_that_comes_back_to_its_return_address(sent: World) -> None:
    [to] = sent.server.senders
    assert to.startswith("reply+b")
    for _ in range(3):
        assert hand_over(report(sent, to, message_id="<unknown@x>"), to, sender="").status == os.EX_OK
    assert is_refused(sent)
    [mail] = sent.mails()
    assert mail.state == "failed"
    assert "nobody of that name" in mail.reason
    [row] = received()
    assert (row.outcome, row.user_id) == ("bounce", sent.coach.id)
    assert resend(mail_id=mail.id, now=NOON).state == "queued", "the operator may still decide otherwise"


@pytest.mark.parametrize("enclosed", ["message/rfc822", "text/rfc822-headers"])
def test_a_bounce_to_any_address_is_recognised_by_its_message_id(sent: World, enclosed: str) -> None:
    for to in (address_of(sent.coach, sent.thread), "hello@studio.example"):
        assert hand_over(report(sent, to, enclosed=enclosed), to, sender="").status == os.EX_OK
    assert is_refused(sent)
    assert bodies(sent) == ["Hello"]


@pytest.mark.parametrize(
    "more",
    [
        {"action": "delayed", "status": "4.4.1"},
        {"action": "delivered", "status": "2.0.0"},
        {"action": "failed", "status": "4.4.7"},
        {"action": "failed", "status": "5.7.1"},
        {"action": "failed", "status": "5.2.2"},
        {"recipient": "somebody@else.example"},
        {"message_id": "<nothing@of.ours>"},
    ],
    ids=lambda more: " ".join(more.values()),
)
def test_reports_that_do_not_blame_the_address_leave_it_alone(sent: World, more: dict[str, str]) -> None:
    to = "hello@studio.example"
    assert hand_over(report(sent, to, **more), to, sender="").status == os.EX_OK
    assert not is_refused(sent)


def test_a_bounce_in_no_standard_form_is_recognised(sent: World) -> None:
    [to] = sent.server.senders
    raw = (
        f"From: postmaster@x.example\nTo: {to}\nMessage-ID: <q@x>\n\nSorry. 550 5.1.1 user unknown\n".encode()
    )
    assert hand_over(raw, to, sender="").status == os.EX_OK
    assert is_refused(sent)


def test_a_forged_bounce_address_refuses_nobody(sent: World) -> None:
    [to] = sent.server.senders
    forged = to.replace(to[8:12], "0000")
    assert hand_over(report(sent, forged, message_id="<unknown@x>"), forged, sender="").status in (
        os.EX_OK,
        os.EX_NOUSER,
    )
    assert not is_refused(sent)


def test_a_person_s_mail_to_a_return_address_is_no_message(sent: World) -> None:
    [to] = sent.server.senders
    raw = f"From: {sent.coach.email}\nTo: {to}\nMessage-ID: <q@x>\n\nYes\n".encode()
    assert hand_over(raw, to).status == os.EX_NOUSER
    assert bodies(sent) == ["Hello"]


def test_the_envelope_sender_is_mail_from_if_no_mails_reach_us(world: World) -> None:
    world.app.config["REPLY_ADDRESS"] = None
    world.say(world.client, "Hello")
    digests.sweep(NOON + DELAY)
    assert world.server.senders == ["hello@studio.example"]
    assert world.server.messages[0]["Reply-To"].startswith("hello+r")
    assert "reply to this email" not in str(world.server.messages[0])
