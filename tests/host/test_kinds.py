"""The host has kinds of subjects and of notifications of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.cast import Talk
from tests.host.conftest import HostServer
from wellchat import kept_rows, sweeps
from wellchat.accounts.personal_data import erase_person
from wellchat.db import db, transaction
from wellchat.host.kinds_calls import KindsAnswer, PutKindAnswer
from wellchat.host.models import HostAnswer
from wellchat.host.notifications_calls import NotificationAnswer, NotificationKinds, PutNotificationKindAnswer
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.mail.models import Mail
from wellchat.messaging.models import Message
from wellchat.messaging.retention import RULES
from wellchat.notifications.kinds import OWN as OWN_NOTIFICATIONS
from wellchat.notifications.kinds import kind_of as notification_kind_of
from wellchat.notifications.models import Notification
from wellchat.notifications.preferences import save_preferences
from wellchat.privacy.retention import run
from wellchat.push.models import Device
from wellchat.subjects import actions as subject_actions
from wellchat.subjects.kinds import OWN, kind_of
from wellchat.subjects.models import OwnSubjectKind

ORDER = {"label": "Order", "scope": "subject", "visit": "Open the order", "contact": "Ask {role}"}


@pytest.fixture
def named(talk: Talk, now: datetime) -> Talk:
    link(user_id=talk.cara.id, source=HOST, external_id="c", now=now)
    link(user_id=talk.paul.id, source=HOST, external_id="p", now=now)
    return talk


@pytest.mark.each_database
def test_a_kind_of_one_s_own_is_like_ours(
    host: HostServer, named: Talk, browse: Any, at_once: Any, everything: Any
) -> None:
    host.get("/me")
    before = everything()
    dry = host.put("/kinds/order?dry_run=1", ORDER)
    assert (dry.status_code, everything()) == (200, before)
    assert host.put("/subjects/order/o-1", {"title": "x", "professional": "p"}).status_code == 404
    made = at_once(4, lambda _number: host.put("/kinds/order", ORDER))
    assert sorted(each.status_code for each in made) == [200, 200, 200, 201]
    PutKindAnswer.model_validate(made[0].json)
    assert host.put("/kinds/order", ORDER).json["changed"] == []
    assert host.put("/kinds/order", {"scope": "client"}).json["changed"] == ["scope"]
    assert host.put("/kinds/order", {"scope": "subject"}).json["changed"] == ["scope"]
    listed = host.get("/kinds").json
    KindsAnswer.model_validate(listed)
    assert [(each["name"], each["own"]) for each in listed["kinds"]][-2:] == [
        ("lead", False),
        ("order", True),
    ]
    order = host.put("/subjects/order/o-1", {"title": "Soap", "client": "c", "professional": "p"})
    assert order.status_code == 201, order.json
    thread = (
        order.json["thread"]
        or host.put("/threads", {"subject": {"kind": "order", "external_id": "o-1"}}).json["thread"]["id"]
    )
    fixed = host.put("/kinds/order", {"scope": "connection"})
    assert (fixed.status_code, fixed.json["code"]) == (409, "conflict")
    browser = browse(named.cara)
    page = browser.get(f"/threads/{thread}").text
    assert "Re: Soap" in page
    assert "Order" in browser.get("/").text, "it is a filter of the inbox"
    card = browser.get(f"/subjects/{order.json['subject']['id']}").text
    assert "Ask " in card
    assert "{role}" not in card
    assert browser.get("/api/threads?kind=order").json["threads"][0]["subject"]["kind_label"] == "Order"


def test_what_a_kind_cannot_be_is_refused(host: HostServer) -> None:
    for name, body in (
        ("booking", ORDER), ("Order", ORDER), ("x" * 21, ORDER), ("1x", ORDER), ("order", {}),
        ("order", ORDER | {"scope": "pair"}), ("order", ORDER | {"contact": "{role.__class__}"}),
        ("order", ORDER | {"contact": "{name}"}), ("order", ORDER | {"contact": "{"}),
        ("order", ORDER | {"label": ""}), ("order", ORDER | {"scope": "connection", "retention_days": 5}),
        ("order", ORDER | {"retention_days": 0}),
    ):  # fmt: skip
        assert host.put(f"/kinds/{name}", body).status_code == 422, (name, body)
    host.put("/kinds/order", ORDER)
    assert host.put("/kinds/order", {"label": None}).status_code == 422


def test_other_processes_find_a_kind_at_once_and_a_change_soon(
    app: Flask, host: HostServer, queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("/kinds/order", ORDER)
    app.extensions.pop(OWN.name)  # a process that has never met it
    with queries() as counted:
        assert OWN.known() == {}
        assert kind_of("booking").label == "Booking"
    assert counted.count == 0
    assert kind_of("order").label == "Order"
    with queries() as counted:
        assert kind_of("order").label == "Order"
        assert kind_of("nothing").scope == "connection"
    assert counted.count == 0, "nobody is asked again at once for what nobody has"
    with transaction() as session:
        session.execute(update(OwnSubjectKind).values(label="Purchase"))
    assert kind_of("order").label == "Order"
    monkeypatch.setattr(kept_rows, "REFRESH", 0.0)
    assert kind_of("order").label == "Purchase"


@pytest.mark.each_database
def test_conversations_of_a_kind_go_after_their_period(host: HostServer, named: Talk, now: datetime) -> None:
    host.put("/kinds/order", {**ORDER, "retention_days": 10})
    host.put("/kinds/claim", {**ORDER, "retention_days": 30})
    threads = []
    for kind in ("order", "claim"):
        host.put(f"/subjects/{kind}/1", {"title": "Soap", "client": "c", "professional": "p"})
        subject = {"kind": kind, "external_id": "1"}
        threads.append(host.put("/threads", {"subject": subject}).json["thread"]["id"])
        said = {"from": "system", "body": "Sent", "client_key": "k"}
        assert host.post(f"/threads/{threads[-1]}/messages", said).status_code == 201
    db.session.rollback()
    assert "messages_own_kinds" in [rule.name for rule in RULES]
    run(now + timedelta(days=20))
    kept = dict(db.session.execute(select(Message.thread_id, Message.body)).all())
    assert [kept[each] for each in threads] == [None, "Sent"]


@pytest.mark.each_database
def test_one_client_key_is_one_notification_with_and_without_an_idempotency_key(
    host: HostServer, named: Talk, at_once: Any, now: datetime
) -> None:
    cara = named.cara.id
    host.put("/notification-kinds/offers", {"label": "Offers"})

    def sends(number: int, key: str) -> Any:
        offer = {"user": "c", "kind": "offers", "title": "Two for one", "client_key": key}
        header = {"Idempotency-Key": ("", f"{key}-{number}", f"{key}-same")[number % 3]}
        while (answer := host.post("/notifications", offer, headers=header)).status_code == 409:
            assert answer.json["code"] == "still_running"
        return answer

    sent = [sends(number, "o-1") for number in (0, 1, 2, 0)]
    sent += at_once(6, lambda number: sends(number, "o-2"))
    assert [each.status_code for each in sent] == [201] * 10
    assert len({each.json["notification"]["id"] for each in sent}) == 2
    assert sum("Idempotency-Replayed" not in each.headers for each in sent) == 2
    # She has no device.
    assert sent[0].json["told"] == {"bell": True, "push": False, "mail": True}
    reused = {"user": "c", "kind": "offers", "title": "Other", "client_key": "o-1"}
    other = host.post("/notifications", reused, headers={"Idempotency-Key": "k-9"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    notes = select(Notification).where(Notification.user_id == cara)
    db.session.rollback()
    assert len(db.session.execute(notes).all()) == 2
    device = {"endpoint": "https://push.example/1", "endpoint_digest": "d", "label": "Firefox"}
    with transaction() as session:
        session.add(Device(user_id=cara, p256dh="p", auth="a", created_at=now, **device))
    again = host.post("/notifications", {"user": "c", "kind": "offers", "title": "More"})
    assert again.json["told"] == {"bell": True, "push": True, "mail": True}
    erase_person(user_id=cara, now=now)
    db.session.rollback()
    assert db.session.execute(select(HostAnswer.id)).all() == [], "no answer about her is kept"


@pytest.mark.each_database
def test_a_notification_goes_the_ways_that_its_reader_has_chosen(
    host: HostServer, named: Talk, now: datetime, browse: Any, everything: Any
) -> None:
    cara, paul = named.cara.id, named.paul.id
    offer = {"user": "c", "kind": "offers", "title": "Two for one", "body": "On <Friday>", "url": "/threads"}
    assert list(host.post("/notifications", offer).json["errors"]) == ["kind"]
    made = host.put("/notification-kinds/offers", {"label": "Offers", "push": "never"})
    assert (made.status_code, made.json["kind"]["mail"]) == (201, "on")
    PutNotificationKindAnswer.model_validate(made.json)
    NotificationKinds.model_validate(host.get("/notification-kinds").json)
    before = everything()
    dry = host.post("/notifications?dry_run=1", offer)
    assert (dry.status_code, dry.json["notification"]["id"], everything()) == (200, None, before)
    browser = browse(named.cara)
    assert 'name="offers.email"' in browser.get("/settings/notifications").text
    assert 'name="offers.push"' not in browser.get("/settings/notifications").text
    key = {**offer, "client_key": "o-1"}
    sent = [host.post("/notifications", key, headers={"Idempotency-Key": ""}) for _ in range(2)]
    assert [each.status_code for each in sent] == [201, 201]
    assert sent[0].json == sent[1].json
    NotificationAnswer.model_validate(sent[0].json)
    assert sent[0].json["told"] == {"bell": True, "push": False, "mail": True}
    other = host.post("/notifications", {**key, "title": "Three for one"}, headers={"Idempotency-Key": ""})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    keyless = host.post("/notifications", offer, headers={"Idempotency-Key": ""})
    assert (keyless.status_code, keyless.json["code"]) == (400, "idempotency_key_missing")
    db.session.rollback()
    notes = db.session.execute(select(Notification).where(Notification.user_id == cara)).scalars().all()
    assert [(each.title, each.preview, each.payload) for each in notes] == [
        ("Two for one", "On <Friday>", {"url": "/threads"})
    ]
    assert "Two for one" in browser.get("/notifications").text
    sweeps.run(now + timedelta(minutes=1))
    mail = db.session.execute(select(Mail).where(Mail.name == "host_notification")).scalar_one()
    assert (mail.user_id, mail.state) == (cara, "sent")
    db.session.rollback()
    from wellchat.accounts.models import User

    reader = db.session.get_one(User, paul)
    save_preferences(user=reader, now=now, channels={"offers": {"email": False, "bell": False}})
    quiet = host.post("/notifications", {**offer, "user": "p"}).json
    assert quiet == {"notification": {"id": None}, "told": {"bell": False, "push": False, "mail": False}}


def test_a_notification_leads_to_this_site_or_one_of_the_host_s(
    app: Flask, host: HostServer, named: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SSO_ORIGINS", ("https://shop.example",))
    host.put("/notification-kinds/offers", {"label": "Offers"})
    offer = {"user": "c", "kind": "offers", "title": "Two for one"}
    for url, status in (
        ("/threads", 201), ("https://shop.example/o/1", 201), ("https://shop.example", 201),
        ("//evil.example", 422), ("https://shop.example.evil.example/", 422), ("https://evil.example", 422),
        ("javascript:alert(1)", 422),
        ("https://shop.example/\nx", 422), ("https://shop.example/a b", 422), ("/\t/evil.example", 422),
        ("https://shop.example@evil.example/", 422), ("/\\evil.example", 422), ("", 422),
    ):  # fmt: skip
        assert host.post("/notifications", {**offer, "url": url}).status_code == status, url
    for title in ("Two \u202e for one", "\x1b[1m", "x" * 121, " \n "):
        assert host.post("/notifications", {**offer, "title": title}).status_code == 422, title
    assert (
        host.put("/notification-kinds/offers", {"label": "Two\nlines"}).json["kind"]["label"] == "Two lines"
    )
    assert host.put("/kinds/order", ORDER | {"label": "Or\u202eder"}).status_code == 422
    for name, body in (("message", {"label": "x"}), ("X", {"label": "x"}), ("x", {}), ("x", {"label": None}),
                       ("x", {"label": "x", "mail": "maybe"})):  # fmt: skip
        assert host.put(f"/notification-kinds/{name}", body).status_code == 422, name
    app.extensions.pop(OWN_NOTIFICATIONS.name)
    assert host.post("/notifications", offer).status_code == 201, "another process finds it, too"


@pytest.mark.each_database
def test_a_scope_does_not_change_under_the_first_subject(
    app: Flask, host: HostServer, named: Talk, background: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("/kinds/order", ORDER)
    known = app.extensions[OWN.name]
    assert host.put("/kinds/order", {"scope": "connection"}).status_code == 200
    # Another process knows the kind as it was.
    app.extensions[OWN.name] = known
    order = {"title": "Table", "client": "c", "professional": "p"}
    dry = host.put("/subjects/order/1?dry_run=1", order)
    assert (dry.status_code, dry.json["thread"]) == (200, None)
    assert host.put("/kinds/order", {"scope": "subject"}).status_code == 200
    changed: list[Any] = []
    put = subject_actions.keep_scope

    def and_change(name: str) -> None:
        put(name)
        changed.append(background(lambda: host.put("/kinds/order", {"scope": "connection"})))
        with suppress(TimeoutError):
            # It waits for our commit, as it should.
            changed[0].result(1)

    monkeypatch.setattr(subject_actions, "keep_scope", and_change)
    assert host.put("/subjects/order/1", order).status_code == 201
    assert changed[0].result(60).status_code in (409, 503)
    assert next(each for each in host.get("/kinds").json["kinds"] if each["own"])["scope"] == "subject"


def test_the_command_puts_and_lists_kinds(app: Flask) -> None:
    run_ = app.test_cli_runner().invoke
    options = [f"--{name}={value}" for name, value in ORDER.items()]
    made = run_(args=["kind", "put", "order", *options])
    assert (made.exit_code, made.output.strip()) == (0, "made"), made.output
    assert run_(args=["kind", "put", "order", "--label=Order"]).output.strip() == "nothing changed"
    assert run_(args=["kind", "put", "order", "--retention-days=9"]).output.strip() == "retention_days"
    assert "order\tsubject\tOrder" in run_(args=["kind", "list"]).output
    listed = json.loads(run_(args=["kind", "list", "--json"]).output)
    assert listed[-1] == ORDER | {"name": "order", "retention_days": 9, "own": True}
    for bad in (["Order", *options], ["booking", *options], ["other"]):
        assert run_(args=["kind", "put", *bad]).exit_code == 1


def test_a_page_reads_no_kinds_where_there_are_none(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_rows, "AGAIN", 0.0)
    with app.test_request_context():
        assert notification_kind_of("").name == ""
        assert OWN_NOTIFICATIONS.name not in app.extensions, "every page asks for the one without a name"
        assert notification_kind_of("gone").label == "gone"
        assert OWN_NOTIFICATIONS.name in app.extensions
