"""Mails of ours that come back (RFC 3464): to their bounce address, a reply address, or MAIL_FROM."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.browsing import Browser
from tests.mail.world import DELAY, NOON, World
from tests.replies.raw import address_of, bodies, hand_over, received
from wellchat.audit.models import AuditEvent
from wellchat.db import db
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


COMPLAINT = """\
Return-Path: <fbl@provider.example>
From: <fbl@provider.example>
To: {to}
Subject: FW: 1 new message
Message-ID: <complaint@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{mail_from}>
Original-Rcpt-To: <{recipient}>

--b
Content-Type: message/rfc822

Message-ID: {message_id}
To: <redacted>
Subject: 1 new message

--b--
"""
WARNING = "Your message to {to} has not yet been delivered. We will keep trying for 4 days. 450 mailbox busy"
WORDS = {
    "hard": "I could not deliver your mail.\n<{to}>: 550 no such user here",
    "hard, German": "Ihre Nachricht konnte nicht zugestellt werden.\n<{to}>: user unknown",
    "soft, quota": "Delivery to <{to}> failed: 552 mailbox is over quota. There is no such limit elsewhere.",
    "soft, policy": "The message was rejected. 554 5.7.1 <{to}> no such user, or spam",
    "soft, a code that lies": "Undeliverable: 550 5.1.1 <{to}> mailbox is full, try again later",
    "delayed": WARNING,
    "none": "I am on holiday until Monday. Your mail has not been read.",
}


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


@pytest.mark.parametrize("what", WORDS)
def test_a_report_without_a_form_says_by_its_words_what_has_ended(sent: World, what: str) -> None:
    [to] = sent.server.senders
    author, subject = "MAILER-DAEMON@x.example", "failure notice"
    if what == "none":
        author, subject = str(sent.coach.email), "Out of office"
    text = WORDS[what].format(to=sent.coach.email)
    # The mail that came back is no part of the report.
    quoted = "--- Original message follows ---\n\n550 5.1.1 user unknown"
    raw = f"From: {author}\nTo: {to}\nSubject: {subject}\nMessage-ID: <q@x>\n\n{text}\n\n{quoted}\n"
    assert hand_over(raw.encode(), to, sender="").status == os.EX_OK
    assert is_refused(sent) == what.startswith("hard")
    assert (sent.mails()[0].state == "failed") == what.startswith(("hard", "soft"))
    assert bodies(sent) == ["Hello"]


def test_a_report_about_several_people_ends_what_it_says_of_each(sent: World) -> None:
    other = "Final-Recipient: rfc822; {}\nAction: {}\nStatus: {}\n"
    raw = report(sent, "hello@studio.example", action="delayed", status="4.4.1").decode()
    more = other.format("somebody@else.example", "failed", "5.1.1")
    both = raw.replace("Final-Recipient", f"{more}\nFinal-Recipient", 1).encode()
    hand_over(both, "hello@studio.example", sender="")
    assert not is_refused(sent), "it is somebody else's address that has ended"
    swapped = other.format(sent.coach.email, "failed", "5.1.1")
    hand_over(both.replace(more.encode(), swapped.encode()), "hello@studio.example", sender="")
    assert is_refused(sent)


@pytest.mark.each_database
@pytest.mark.parametrize("by", ["signature", "message id"])
def test_a_complaint_ends_mails_until_the_person_resumes(
    sent: World, browse: Callable[..., Browser], by: str
) -> None:
    owner = sent.user("Olga Owner", "admin", admin_roles="owner")
    mail_from = sent.server.senders[0] if by == "signature" else "unknown@studio.example"
    recipient = sent.coach.email if by == "message id" else "redacted"
    raw = COMPLAINT.format(
        to="abuse@studio.example",
        kind="abuse",
        mail_from=mail_from,
        recipient=recipient,
        message_id=sent.server.messages[0]["Message-ID"],
    ).encode()
    for _ in range(2):
        assert hand_over(raw, "abuse@studio.example", sender="fbl@provider.example").status == os.EX_OK
    assert is_refused(sent)
    assert [(mail.name, mail.user_id) for mail in sent.mails() if mail.name == "mail_complaint"] == [
        ("mail_complaint", owner.id)
    ]
    kinds = db.session.execute(db.select(AuditEvent.kind)).scalars().all()
    assert kinds.count("mail.complained") == 1
    coach = browse(sent.coach)
    assert "Your mail provider says that our emails are unwanted" in coach.get("/settings").text
    coach.post("/settings/address/try-again")
    assert not is_refused(sent)
    hand_over(raw, "abuse@studio.example", sender="fbl@provider.example")
    assert not is_refused(sent), "the same report again must not undo what the person said"


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "not-spam"},
        {"kind": "auth-failure"},
        {"recipient": "somebody@else.example"},
        {"message_id": "<nothing@of.ours>"},
    ],
    ids=lambda more: " ".join(more.values()),
)
def test_reports_that_are_no_complaint_of_the_person_end_nothing(sent: World, more: dict[str, str]) -> None:
    values = {
        "to": "abuse@studio.example",
        "kind": "abuse",
        "mail_from": sent.server.senders[0].replace("+b", "+b0"),
        "recipient": sent.coach.email,
        "message_id": sent.server.messages[0]["Message-ID"],
    } | more
    hand_over(COMPLAINT.format(**values).encode(), "abuse@studio.example", sender="fbl@provider.example")
    assert not is_refused(sent)
    assert [mail.name for mail in sent.mails()] == ["digest"]
