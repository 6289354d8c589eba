"""The host opens conversations, reads them without marking anything, and writes into them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.cast import Talk
from tests.host.conftest import HostServer
from wellchat import sweeps
from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.host import calls, messages_calls
from wellchat.host.counts import counts_of
from wellchat.host.scopes import SCOPES
from wellchat.host.thread_shapes import HostMessages, HostThreads, PutThreadAnswer, SentMessage
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.logos import logo_of
from wellchat.mail.models import Mail
from wellchat.messaging.models import Membership, Message, MessageRevision
from wellchat.notifications.models import Notification
from wellchat.oversight.actions import grant_access
from wellchat.push.models import Push
from wellchat.safety.reports import make_report

PAIR = {"client": "c", "professional": "p"}


@pytest.fixture
def named(talk: Talk, now: datetime) -> Talk:
    link(user_id=talk.cara.id, source=HOST, external_id="c", now=now)
    link(user_id=talk.paul.id, source=HOST, external_id="p", now=now)
    return talk


def says(host: HostServer, talk: Talk, **body: Any) -> Any:
    given = {"from": "system", "body": "Your booking was moved", "client_key": "k-1", **body}
    return host.post(f"/threads/{talk.id}/messages", given, headers={"Idempotency-Key": ""})


def count_of(model: Any, *which: Any) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(model).where(*which)).scalar_one())


@pytest.mark.each_database
def test_conversations_are_listed_without_words(host: HostServer, named: Talk, queries: Any) -> None:
    named.says(named.paul, "Secret words")
    named.says(named.paul, "More secret words")
    host.puts("c,2")
    host.put("/connections", {"client": "c,2", "professional": "p"})
    lead = host.put("/subjects/lead/l%2F1", {"title": "Bath", "client": "c", "professional": "p"}).json[
        "thread"
    ]
    found = host.get("/threads?user=c").json
    HostThreads.model_validate(found)
    assert {each["id"] for each in found["threads"]} == {named.id, lead}
    one = next(each for each in found["threads"] if each["id"] == named.id)
    assert (one["client"], one["professional"], one["messages"]) == ("c", "p", 2)
    assert one["unread"] == {"client": 2, "professional": 0}
    assert "secret" not in str(found).lower()
    assert [each["id"] for each in host.get("/threads?subject=lead/l/1").json["threads"]] == [lead]
    assert len(host.get("/threads?between=p,c").json["threads"]) == 2
    assert host.get("/threads?user=c,2&with=p").json["threads"] == []
    pages = [host.get("/threads?limit=1").json]
    pages.append(host.get(f"/threads?limit=1&after={pages[0]['next']}").json)
    assert [page["threads"][0]["id"] for page in pages] == sorted([named.id, lead])
    assert pages[1]["next"] is None
    for bad, status in (
        ("?user=nobody", 404), ("?between=c", 422), ("?between=c,2,p", 422), ("?subject=lead/x", 404),
        ("?subject=%00", 404), ("?limit=501", 422),
    ):  # fmt: skip
        assert host.get(f"/threads{bad}").status_code == status, bad
    with queries() as few:
        host.get("/threads?limit=1")
    with queries() as many:
        host.get("/threads?limit=500")
    assert few.count == many.count


@pytest.mark.each_database
def test_a_conversation_is_opened_without_a_message(host: HostServer, cast: Any, at_once: Any) -> None:
    host.puts("c-9")
    host.puts("p-9", role="professional")
    dry = host.put("/threads?dry_run=1", {"between": ["c-9", "p-9"]})
    assert (dry.status_code, dry.json["thread"]["id"]) == (200, None)
    assert host.get("/threads?user=c-9").json["threads"] == []
    made = at_once(4, lambda number: host.put("/threads", {"between": ["c-9", "p-9"][:: (-1) ** number]}))
    assert sorted(each.status_code for each in made) == [200, 200, 200, 201]
    assert len({each.json["thread"]["id"] for each in made}) == 1
    PutThreadAnswer.model_validate(made[0].json)
    assert made[0].json["thread"]["messages"] == 0
    host.put("/subjects/coupon/x", {"title": "Half price", "professional": "p-9"})
    coupon = {"subject": {"kind": "coupon", "external_id": "x"}}
    assert list(host.put("/threads", coupon).json["errors"]) == ["client"]
    of_coupon = host.put("/threads", {**coupon, "client": "c-9"})
    assert (of_coupon.status_code, of_coupon.json["thread"]["scope"]) == (201, "client")
    host.put("/subjects/booking/b", {"title": "Cut", "client": "c-9", "professional": "p-9"})
    of_booking = host.put("/threads", {"subject": {"kind": "booking", "external_id": "b"}})
    assert (of_booking.status_code, of_booking.json["thread"]) == (200, made[0].json["thread"])
    host.puts("c-8")
    for bad in (
        {}, {"between": ["c-9"]}, {"between": ["c-9", "c-8"]}, {"between": ["c-9", "nobody"]},
        {"subject": {"kind": "booking", "external_id": "none"}},
        {"subject": {"kind": "booking", "external_id": "b"}, "client": "c-8"},
    ):  # fmt: skip
        assert host.put("/threads", bad).status_code == 422, bad
    host.put("/connections", {"client": "c-8", "professional": "p-9", "ended": True})
    shut = host.put("/threads", {"between": ["c-8", "p-9"]})
    assert (shut.status_code, shut.json["code"]) == (403, "cannot_write")


@pytest.mark.each_database
def test_reading_marks_nothing_and_each_page_is_on_record(
    host: HostServer, named: Talk, everything: Callable[[], Any]
) -> None:
    named.exchange("cpcpc")
    host.get("/me")
    before = everything()
    first = host.get(f"/threads/{named.id}/messages?limit=3").json
    HostMessages.model_validate(first)
    rest = host.get(f"/threads/{named.id}/messages?limit=3&after={first['next']}").json
    assert [each["seq"] for each in first["messages"] + rest["messages"]] == [1, 2, 3, 4, 5]
    assert [each["from"] for each in rest["messages"]] == ["p", "c"]
    assert (first["next"], rest["next"]) == (3, None)
    assert everything() == before, "no watermark has moved"
    rows = (
        db.session.execute(select(AuditEvent).where(AuditEvent.kind == "host_messages.read")).scalars().all()
    )
    assert [row.detail for row in rows] == [
        {"from": 1, "to": 3, "count": 3},
        {"from": 4, "to": 5, "count": 2},
    ]
    assert {(row.actor_kind, row.about_kind, row.about) for row in rows} == {("host", "thread", named.id)}
    assert host.get("/threads/nothing/messages").status_code == 404
    assert host.get(f"/threads/{named.id}/messages?after=-1").status_code == 422


@pytest.mark.usefixtures("still_clock")
def test_words_have_a_budget_of_their_own(
    app: Flask, host: HostServer, named: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATE_LIMITS", True)
    assert str(calls.WORDS.items[0]) == "300 per 1 minute"
    monkeypatch.setattr(messages_calls, "WORDS", calls.WORDS.__class__("host-words-few", "2/minute"))
    ops = [{"method": "GET", "path": f"/threads/{named.id}/messages"}] * 3
    results = host.post("/batch", {"operations": ops}).json["results"]
    assert [each["status"] for each in results] == [200, 200, 429]
    assert host.get("/threads?user=c").status_code == 200


@pytest.mark.each_database
def test_a_line_of_the_system_is_nobody_s(
    app: Flask, host: HostServer, named: Talk, now: datetime, api: Any
) -> None:
    named.says(named.cara, "Can we move it?")
    sent = says(host, named, subject=None)
    assert sent.status_code == 201, sent.json
    SentMessage.model_validate(sent.json)
    assert (sent.json["message"]["from"], sent.json["message"]["via"]) == ("system", None)
    again = says(host, named)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (sent.json, "true")
    other = says(host, named, body="Something else")
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    for person in (named.cara, named.paul):
        shown = api(person).get(f"/api/threads/{named.id}").json["thread"]
        assert shown["last_message"]["system"] is True
        assert "client_key" not in shown["last_message"]
        assert shown["unread"] == (1 if person is named.cara else 2)
    waits = {
        each.user_id: each.waiting_since
        for each in db.session.execute(select(Membership).where(Membership.thread_id == named.id)).scalars()
    }
    assert waits[named.cara.id] is None, "nobody waits for an answer to the system"
    assert waits[named.paul.id] is not None, "and it answers nobody"
    person = db.session.get_one(User, SYSTEM_ID)
    assert (person.role, person.email, person.password_hash, person.is_active) == (
        "system",
        None,
        None,
        False,
    )
    assert host.get(f"/users/id:{SYSTEM_ID}").status_code == 404
    assert SYSTEM_ID not in str(host.get("/users?limit=500").json)
    with pytest.raises(Invalid):
        make_report(viewer=named.cara, thread_id=named.id, seq=2, kind="rude", words="", show=False, now=now)
    cara, paul = named.cara.id, named.paul.id
    sweeps.run(now + timedelta(hours=3))
    notes = db.session.execute(select(Notification.user_id, Notification.title)).all()
    assert (cara, app.config["NAME"]) in notes
    digests = db.session.execute(select(Mail.user_id).where(Mail.name == "digest")).scalars().all()
    assert set(digests) == {cara, paul}
    host.put("/connections", {**PAIR, "ended": True})
    shut = says(host, named, client_key="k-2")
    assert (shut.status_code, shut.json["code"]) == (403, "cannot_write")
    assert says(host, named).status_code == 201, "what was sent was sent"


@pytest.mark.each_database
def test_equal_posts_at_once_are_one_row(host: HostServer, named: Talk, at_once: Any) -> None:
    for turn in range(4):
        for sender in ("system", "c"):
            key = f"{sender}-{turn}"
            found = at_once(
                4, lambda _number, s=sender, k=key: says(host, named, **{"from": s, "client_key": k})
            )
            assert {each.status_code for each in found} == {201}
            assert len({each.json["message"]["seq"] for each in found}) == 1
            assert count_of(Message, Message.client_key == key) == 1
    seqs = db.session.execute(select(Message.seq).order_by(Message.seq)).scalars().all()
    assert list(seqs) == list(range(1, 9)), "no number is lost"
    assert count_of(User, User.id == SYSTEM_ID) == 1


@pytest.mark.each_database
def test_what_is_sent_in_a_person_s_name_says_so(
    host: HostServer, server_with: Callable[..., HostServer], named: Talk, api: Any, now: datetime
) -> None:
    lacking = server_with(*(set(SCOPES) - {"messages:write_as"}))
    refused = says(lacking, named, **{"from": "p"})
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    sent = says(host, named, **{"from": "p"}, body="I am away until Monday")
    assert (sent.json["message"]["from"], sent.json["message"]["via"]) == ("p", "host")
    seen = api(named.cara).get(f"/api/threads/{named.id}/messages").json["messages"][0]
    assert (seen["via"], seen["system"], seen["sender_id"]) == ("host", False, named.paul.id)
    row = db.session.execute(select(AuditEvent).where(AuditEvent.kind == "host_message.sent")).scalar_one()
    assert row.detail == {"seq": 1}
    host.puts("c-2")
    for bad in ({"from": "c-2"}, {"from": "nobody"}, {"body": " "}, {"notify": "loud"}, {"client_key": ""}):
        assert says(host, named, **bad).status_code == 422, bad
    assert (
        host.post("/threads/nothing/messages", {"from": "system", "body": "x", "client_key": "k"}).status_code
        == 404
    )
    booking = {"kind": "booking", "external_id": "b"}
    host.put("/subjects/booking/b", {"title": "Cut", **PAIR})
    about = says(host, named, client_key="k-3", subject=booking)
    assert about.json["message"]["subject"] == booking
    host.put("/subjects/booking/other", {"title": "Cut", "client": "c-2", "professional": "p"})
    strange = says(host, named, client_key="k-4", subject={"kind": "booking", "external_id": "other"})
    assert list(strange.json["errors"]) == ["subject"]


@pytest.mark.each_database
def test_the_host_says_how_loud_a_message_is(host: HostServer, named: Talk, now: datetime) -> None:
    says(host, named, client_key="none", notify="none")
    says(host, named, client_key="none-2", notify="none", **{"from": "p"})
    sweeps.run(now + timedelta(hours=3))
    assert count_of(Notification) == count_of(Mail, Mail.name == "digest") == 0
    says(host, named, client_key="bell", notify="bell")
    sweeps.run(now + timedelta(hours=6))
    assert count_of(Notification) == 2
    assert count_of(Mail, Mail.name == "digest") == count_of(Push) == 0
    says(host, named, client_key="usual")
    sweeps.run(now + timedelta(hours=9))
    assert count_of(Mail, Mail.name == "digest") == 2
    mails = db.session.execute(select(Mail.covers).where(Mail.name == "digest")).scalars().all()
    assert {(each[0]["first_seq"], each[0]["last_seq"]) for each in mails} == {(4, 4)}


@pytest.mark.each_database
def test_a_removed_message_leaves_a_line_and_its_words_for_disputes(
    host: HostServer, named: Talk, api: Any, app: Flask
) -> None:
    named.says(named.paul, "Call me at 555-1234")
    path = f"/threads/{named.id}/messages/1"
    messages = f"/threads/{named.id}/messages"
    for bad in (f"{messages}/2", f"{messages}/x", f"{messages}/{'9' * 30}", "/threads/none/messages/1"):
        assert host.delete(bad, json={"reason": "a phone number"}).status_code == 404
    assert list(host.delete(path, json={"reason": "x"}).json["errors"]) == ["reason"]
    dry = host.delete(path + "?dry_run=1", json={"reason": "a phone number"})
    assert (dry.status_code, count_of(MessageRevision)) == (200, 0)
    assert host.delete(path, json={"reason": "a phone number"}).status_code == 204
    assert host.delete(path, json={"reason": "a phone number"}).status_code == 204
    seen = api(named.cara).get(f"/api/threads/{named.id}/messages").json["messages"][0]
    assert (seen["deleted"], seen["body"], seen["removed_by"]) == (True, None, "host")
    assert db.session.execute(select(MessageRevision.body)).scalars().all() == ["Call me at 555-1234"]
    row = db.session.execute(select(AuditEvent).where(AuditEvent.kind == "host_message.removed")).scalar_one()
    assert row.detail == {"seq": 1, "reason": "a phone number"}
    assert says(host, named).status_code == 201
    assert (
        host.delete(f"/threads/{named.id}/messages/2", json={"reason": "sent too early"}).status_code == 204
    )
    unread = host.get("/threads?user=c").json["threads"][0]["unread"]
    assert unread == {"client": 0, "professional": 0}


def test_counts_are_kept_for_two_seconds(
    app: Flask, host: HostServer, named: Talk, queries: Any, now: datetime
) -> None:
    named.says(named.paul, "One")
    with queries() as first:
        assert host.get("/counts?user=c").json == {"messages": 1, "notifications": 0}
    named.says(named.paul, "Two")
    with queries() as second:
        assert host.get("/counts?user=c").json["messages"] == 1
    assert second.count < first.count
    assert counts_of(named.cara.id, now - timedelta(minutes=1))["messages"] == 2, "no clock goes back"
    assert counts_of(named.cara.id, now + timedelta(minutes=1))["messages"] == 2


def test_the_site_s_name_stands_at_its_line_everywhere(
    app: Flask, host: HostServer, named: Talk, cast: Any, browse: Any, now: datetime
) -> None:
    app.config["NAME"] = "Shop & Co"
    says(host, named, body="Your booking was moved")
    says(host, named, client_key="k-2", body="I am away", **{"from": "p"})
    says(host, named, client_key="k-3", body="Call 555-1234", **{"from": "p"})
    host.delete(f"/threads/{named.id}/messages/3", json={"reason": "a phone number"})
    cara, path = browse(named.cara), f"/threads/{named.id}"
    page = cara.get(path).text
    assert re.search(r'message--system.*?message__from">Shop &amp; Co<', page, re.DOTALL)
    assert page.count('data-part="via">sent automatically') == 1
    system = page.partition('data-part="mine"')[0].partition("message--system")[2].partition("</article>")[0]
    assert re.search(r"Co<span class=\"sr-only\">:</span></span> · <time", system), "one line, as in mails"
    assert system.count("<time") == 1
    assert "Removed by Shop &amp; Co" in page
    assert "Removed by Shop &amp; Co" in cara.get("/").text
    alone = cara.get(f"{path}/messages/1").text
    assert "Message from Shop &amp; Co" in alone
    assert "/report" not in alone
    assert "Shop &amp; Co" in cara.get(f"{path}?reply_to=1").text
    saved = {form: cara.get(f"{path}/download?format={form}").text for form in ("html", "text", "json")}
    assert '<article class="message message--system" id="1">' in saved["html"]
    assert "Shop & Co: Your booking was moved" in saved["text"]
    assert "Paul Professional (sent automatically): I am away" in saved["text"]
    assert "[Removed by Shop & Co]" in saved["text"]
    told = json.loads(saved["json"])["messages"]
    assert [(each["system"], each["via"]) for each in told] == [
        (True, None),
        (False, "host"),
        (False, "host"),
    ]
    look = grant_access(admin=cast.ada, thread_id=named.id, reason="a complaint of hers", now=now)
    looked = browse(cast.ada).get(f"/oversight/looks/{look.id}").text
    assert "message--system" in looked
    assert "Shop &amp; Co" in looked
    sweeps.run(now + timedelta(hours=3))
    app.config["NAME"] = "Shop & Sons"
    app.config["BRAND_LOGO"] = logo_of(b"<svg/>", "image/svg+xml")
    news = browse(named.paul).get("/notifications").text
    assert "Shop &amp; Sons" in news, "the name of now, not that of when it was written"
    assert re.search(r'data-part="face" hidden>.*?data-part="site"><img class="brand__logo"', news, re.DOTALL)
    mails = [file.read_bytes() for file in (Path(app.config["INSTANCE"]) / "mail").glob("*.eml")]
    parts = [
        part.get_content()
        for mail in mails
        for part in message_from_bytes(mail, policy=default).walk()
        if part.get_content_maintype() == "text"
    ]
    assert any('class="system"' in part and "Shop &amp; Co" in part for part in parts)
    assert any(re.search(r"  Shop & Co\s+Your booking was moved", part) for part in parts)
    assert any("sent automatically" in part for part in parts)
