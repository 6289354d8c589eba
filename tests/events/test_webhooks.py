"""Webhooks: every event arrives, signed, however the receiver behaves; and owners hear of one that fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook as Judge
from standardwebhooks.webhooks import WebhookVerificationError

from tests.cast import Cast, Talk
from tests.events.receiver import Receiver
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.errors import Conflict, Invalid
from wellchat.events import calling, sending, signing, watching, webhooks
from wellchat.events.models import HostEvent, Webhook, WebhookAttempt, WebhookDelivery
from wellchat.events.numbering import number
from wellchat.events.signing import BadSignature
from wellchat.events.webhooks import Wanted
from wellchat.mail.actions import sweep as send_mails
from wellchat.mail.models import Mail

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def receiver(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    app.config["WEBHOOK_ANYWHERE"] = True
    monkeypatch.setattr(sending, "PER_SECOND", 100_000)
    monkeypatch.setattr(calling, "JITTER", 0)
    with Receiver() as started:
        yield started


def make(receiver: Receiver, now: datetime, **more: Any) -> tuple[str, str]:
    made, secret = webhooks.create(wanted=Wanted(receiver.url, **more), now=now)
    return made.id, secret


def states() -> list[str]:
    query = select(WebhookDelivery.state).order_by(WebhookDelivery.seq)
    return list(db.session.execute(query).scalars())


def row(webhook_id: str) -> Webhook:
    return db.session.get_one(Webhook, webhook_id, populate_existing=True)


def test_the_known_vector_is_signed(app: Flask) -> None:
    secret = "whsec_d2VsbGNoYXQtZXhhbXBsZS1rZXktMDEyMzQ1Njc4OSE="
    body = b'{"type":"message.sent","seq":7}'
    signed = signing.signature(secret, webhook_id="evt_01", timestamp=1796000000, body=body)
    assert signed == "v1,NpuYKjXbrwj6QDUIhiRezueSywtdQYnWol/K+QiFmh0="
    headers = signing.headers([secret], webhook_id="evt_01", timestamp=1796000000, body=body)
    assert signing.verify(secret, headers, body, at=1796000299) == "evt_01"
    wrong: list[tuple[dict[str, str], bytes, int]] = [
        (headers, body + b" ", 1796000000),
        (headers, body, 1796000301),
        ({**headers, "webhook-id": "evt_02"}, body, 1796000000),
        ({**headers, "webhook-timestamp": "1796000001"}, body, 1796000000),
        ({**headers, "webhook-timestamp": "soon"}, body, 1796000000),
        ({**headers, "webhook-signature": "v2 x, v1,é"}, body, 1796000000),
        ({}, body, 1796000000),
    ]
    for changed, text, at in wrong:
        with pytest.raises(BadSignature):
            signing.verify(secret, changed, text, at=at)
    made = signing.new_secret()
    assert len(base64.b64decode(made.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.each_database
def test_each_event_arrives_once_and_signed(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    talk.says(cast.cara, "before there was a webhook")
    webhook_id, secret = make(receiver, now, types=("message.sent", "message.edited"))
    talk.exchange("cpcpcpc")
    assert sending.sweep(now)["webhooks_sent"] == 7
    assert sending.sweep(now + HOUR)["webhooks_sent"] == 0
    events = receiver.verified(secret)
    assert sorted(event["data"]["seq"] for event in events) == [2, 3, 4, 5, 6, 7, 8]
    assert set(receiver.counts().values()) == {1}
    first = receiver.received[0]
    assert (first.headers["content-type"], first.event["id"]) == ("application/json", first.id)
    assert "message 1" not in first.body.decode() + secret
    assert states() == ["sent"] * 7
    assert secret.removeprefix("whsec_").encode() not in row(webhook_id).secret
    attempts = db.session.execute(select(WebhookAttempt)).scalars().all()
    assert [(each.status, each.error) for each in attempts] == [(204, "")] * 7


def test_words_go_where_they_are_asked_for_and_are_cut(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    _, secret = make(receiver, now, types=("message.sent",), include_body=True)
    talk.says(cast.cara, "Hello \u2713")
    talk.says(cast.cara, "\x01" * 9_000)
    sending.sweep(now)
    assert all(len(each.body) <= 20_000 for each in receiver.received)
    hello, long = sorted(receiver.verified(secret), key=lambda event: event["seq"])
    assert (hello["data"]["body"], "body_cut" in hello["data"]) == ("Hello \u2713", False)
    assert long["data"]["body_cut"]


@pytest.mark.each_database
def test_a_receiver_that_is_down_is_tried_for_three_days(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    """At the times of the specification's example, each try signed anew; one event at a time."""
    _, secret = make(receiver, now)
    receiver.always = 500
    talk.says(cast.cara, "one")
    at = now
    sending.sweep(at)
    for pause in calling.PAUSES:
        sending.sweep(at + pause - SECOND)
        at += pause + SECOND
        sending.sweep(at)
    assert len(receiver.received) == 10
    assert at - now - 9 * SECOND == timedelta(hours=75, minutes=35, seconds=5)
    times = [int(each.headers["webhook-timestamp"]) for each in receiver.received]
    assert times == sorted(set(times))
    assert states() == ["failed"]
    for each in receiver.received:
        signing.verify(secret, each.headers, each.body, at=int(each.headers["webhook-timestamp"]))


@pytest.mark.each_database
def test_while_it_fails_one_event_is_tried_and_then_all_follow(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    make(receiver, now)
    receiver.always = 503
    talk.exchange("cpcpcpcpcp")
    sending.sweep(now)
    assert len(receiver.received) == calling.AT_ONCE  # before anybody knew
    for minutes in (1, 7, 40):
        sending.sweep(now + timedelta(minutes=minutes))
    assert len(receiver.received) == calling.AT_ONCE + 3
    receiver.always = 200
    for hours in (3, 4, 9, 20):
        sending.sweep(now + hours * HOUR)
    assert len(receiver.counts()) == 10
    assert states() == ["sent"] * 10


@pytest.mark.each_database
def test_an_event_that_the_receiver_cannot_take_keeps_no_other_back(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    make(receiver, now)
    talk.says(cast.cara, "bad")
    receiver.replies = [400]
    sending.sweep(now)
    bad = receiver.received[0].id

    def choose(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(400 if handler.headers["webhook-id"] == bad else 200)
        handler.end_headers()

    receiver.always = choose
    talk.exchange("cpc")
    for seconds in (6, 12, 18):
        sending.sweep(now + seconds * SECOND)
    assert states() == ["queued", "sent", "sent", "sent"]


def test_answers_are_understood_and_kept(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect is a failure; a pause that is asked for is kept; of much, the first part is."""
    webhook_id, _ = make(receiver, now)
    receiver.answer, receiver.reply_headers = "no \0 é".encode() * 1000, {"Retry-After": "7200"}
    receiver.replies = [302, 503]
    talk.says(cast.cara, "one")
    for at in (now, now + 10 * SECOND, now + HOUR, now + 2 * HOUR):
        sending.sweep(at)
    assert len(receiver.received) == 2
    sending.sweep(now + 2 * HOUR + 11 * SECOND)
    attempts = db.session.execute(select(WebhookAttempt).order_by(WebhookAttempt.at)).scalars().all()
    assert [each.status for each in attempts] == [302, 503, 204]
    assert len(attempts[0].answer) == 1000
    assert attempts[0].answer.startswith("no \ufffd é")

    def reset(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    def much(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(16_384):
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    def sleep(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)

    monkeypatch.setattr(calling, "TIMEOUT", 0.3)
    receiver.replies = [reset, sleep, much]
    talk.says(cast.cara, "two")
    at = now + DAY
    for pause in (timedelta(), timedelta(seconds=6), timedelta(minutes=6)):
        at += pause
        sending.sweep(at)
    assert states() == ["sent", "sent"]
    assert row(webhook_id).failing_since is None
    tries = db.session.execute(select(WebhookAttempt).order_by(WebhookAttempt.at)).scalars().all()[3:]
    assert [(each.status, bool(each.error)) for each in tries] == [(None, True), (None, True), (200, False)]


def test_gone_ends_it_at_once_and_enabling_begins_with_a_ping(
    app: Flask, receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    webhook_id, secret = make(receiver, now)
    receiver.replies = [410]
    talk.exchange("cp")
    sending.sweep(now)
    # Both went out at once; which of them was told is luck.
    assert (row(webhook_id).disabled_because, sorted(states())) == ("gone", ["failed", "sent"])
    talk.says(cast.cara, "while it was disabled")
    sending.sweep(now + 10 * SECOND)
    with pytest.raises(Conflict):
        webhooks.ping(webhook_id=webhook_id, now=now)
    with pytest.raises(Conflict):
        webhooks.resend(webhook_id=webhook_id, first=1, now=now)
    assert watching.sweep(now) == {"webhooks_told": 1}
    assert watching.sweep(now + DAY) == {"webhooks_told": 0}
    receiver.received.clear()
    webhooks.enable(webhook_id=webhook_id, now=now + 20 * SECOND)
    sending.sweep(now + 20 * SECOND)
    assert [each.event["type"] for each in receiver.received] == ["ping"]
    start = db.session.execute(select(WebhookDelivery.seq).order_by(WebhookDelivery.seq)).scalars().first()
    assert webhooks.resend(webhook_id=webhook_id, first=start, now=now + 20 * SECOND) == 4
    sending.sweep(now + 20 * SECOND)
    sent = [event for event in receiver.verified(secret) if event["type"] == "message.sent"]
    assert sorted(event["data"]["seq"] for event in sent) == [1, 2, 3]
    [event_id] = db.session.execute(select(HostEvent.id).where(HostEvent.type == "ping")).scalars()
    assert webhooks.resend(webhook_id=webhook_id, event_id=event_id, now=now + 30 * SECOND) == 1
    sending.sweep(now + 30 * SECOND)
    assert receiver.counts()[event_id] == 3
    kinds = db.session.execute(select(AuditEvent.kind).where(AuditEvent.kind.like("webhook.%"))).scalars()
    assert sorted(kinds) == ["webhook.created", "webhook.disabled", "webhook.enabled", "webhook.resent"]


@pytest.mark.each_database
def test_owners_hear_of_a_webhook_that_fails_and_of_its_end(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    webhook_id, _ = make(receiver, now)
    receiver.always = 500
    talk.says(cast.cara, "one")
    sending.sweep(now)
    for hours, told in ((0.5, 0), (1, 1), (2, 1), (24, 2), (95, 2), (96, 3), (119, 3)):
        watching.sweep(now + hours * HOUR + SECOND)
        assert db.session.query(Mail).filter_by(name="webhook_failing").count() == told, hours
    assert row(webhook_id).disabled_at is None
    watching.sweep(now + 5 * DAY + SECOND)
    watching.sweep(now + 6 * DAY)
    assert row(webhook_id).disabled_because == "failing"
    mails = db.session.query(Mail).filter_by(name="webhook_failing").order_by(Mail.created_at).all()
    assert [mail.address for mail in mails] == [cast.ada.email] * 4
    assert states() == ["failed"]


def test_a_rotation_is_signed_with_both_secrets_until_its_grace_is_over(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    """Judged by the library of Standard Webhooks, with the old secret and with the new one."""
    webhook_id, old = make(receiver, now)
    new = webhooks.rotate(webhook_id=webhook_id, grace_hours=24, now=now)
    talk.says(cast.cara, "one")
    sending.sweep(now)
    assert receiver.verified(old) == receiver.verified(new) != []
    receiver.received.clear()
    talk.says(cast.cara, "two")
    # The judge refuses what is not of now: verified by ours, at the time of the call.
    at = now + DAY
    sending.sweep(at)
    [late] = receiver.received
    assert signing.verify(new, late.headers, late.body, at=int(at.timestamp())) == late.id
    with pytest.raises(BadSignature):
        signing.verify(old, late.headers, late.body, at=int(at.timestamp()))
    with pytest.raises(WebhookVerificationError):
        Judge(new).verify(late.body + b" ", late.headers)


def test_an_address_that_may_not_be_called_is_refused(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("http://hook.example.com/", "https://10.0.0.1/", "https://hook.example.com:8443/", "x"):
        with pytest.raises(Invalid) as refused:
            webhooks.create(wanted=Wanted(url), now=now)
        assert set(refused.value.errors) == {"url"}
    with pytest.raises(Invalid, match="type"):
        webhooks.create(wanted=Wanted("https://hook.example.com/", types=("salon.opened",)), now=now)
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 1)
    made, secret = webhooks.create(wanted=Wanted("https://hook.example.com/"), now=now)
    with pytest.raises(Conflict):
        webhooks.create(wanted=Wanted("https://hook.example.com/"), now=now)
    said = db.session.execute(select(AuditEvent.detail, AuditEvent.about)).all()
    assert secret not in json.dumps([list(each) for each in said])
    webhooks.end(webhook_id=made.id, now=now)


@pytest.mark.each_database
def test_a_clock_that_went_back_stops_nothing(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    webhook_id, secret = make(receiver, now)
    talk.says(cast.cara, "one")
    # A run of the future crashed and left its mark.
    assert sending._claim(webhook_id, "crashed", now + HOUR)
    assert not sending._claim(webhook_id, "another", now + HOUR)
    talk.says(cast.cara, "two", now=now - HOUR)
    number(now - HOUR)
    sending.sweep(now + 2 * SECOND)
    assert sorted(event["data"]["seq"] for event in receiver.verified(secret)) == [1, 2]


def test_a_mail_about_a_webhook_says_what_is_the_matter(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime, smtp: Any, app: Flask
) -> None:
    app.config["SMTP_URL"] = smtp.url
    make(receiver, now)
    receiver.always = 500
    talk.says(cast.cara, "one")
    sending.sweep(now)
    for later in (HOUR + SECOND, 5 * DAY + SECOND):
        watching.sweep(now + later)
        send_mails(now + later)
    subjects = [str(message["Subject"]) for message in smtp.messages if "ada@" in str(message["To"])]
    assert subjects == ["A webhook fails", "A webhook was disabled"]
    assert receiver.url in smtp.messages[0].get_body(("plain",)).get_content()
