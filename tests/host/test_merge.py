"""The host makes one person of two that are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from tests.cast import Cast, Talk
from tests.host.conftest import HostServer, user
from wellchat.accounts.models import User
from wellchat.connections.actions import connect
from wellchat.connections.models import Connection
from wellchat.db import Base, db, transaction
from wellchat.host.answer_shapes import MergedUser
from wellchat.host.merge import MOVED
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.imports.models import Import, ImportThread
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.reactions import react
from wellchat.messaging.receipts import mark_read
from wellchat.safety.between import block
from wellchat.search.actions import index
from wellchat.search.queries import Question, search


@pytest.fixture
def two(host: HostServer, talk: Talk, cast: Cast, now: datetime) -> Talk:
    """Cara is c; Olga, who is the same person, is c-old. Both may talk with Paul, who is p."""
    for person, ref in ((talk.cara, "c"), (cast.olga, "c-old"), (talk.paul, "p")):
        link(user_id=person.id, source=HOST, external_id=ref, now=now)
    connect(client_id=cast.olga.id, professional_id=talk.paul.id, now=now)
    return talk


def opened(host: HostServer, ref: str) -> str:
    return str(host.put("/threads", {"between": [ref, "p"]}).json["thread"]["id"])


def say(sender: User, thread_id: str, body: str, at: datetime, **more: Any) -> int:
    found, _ = send_message(sender=sender, thread_id=thread_id, body=body, client_key=body, now=at, **more)
    return found.seq


@pytest.mark.each_database
def test_two_conversations_are_one_in_the_order_of_time(
    host: HostServer, two: Talk, cast: Cast, now: datetime, api: Any
) -> None:
    old = opened(host, "c-old")
    earlier = [now - timedelta(days=3) + timedelta(minutes=number) for number in range(4)]
    say(cast.olga, old, "Hello", earlier[0])
    say(two.paul, old, "Hello Olga", earlier[1], reply_to=1)
    react(viewer=cast.olga, thread_id=old, seq=2, emoji="👍", on=True, now=now)
    say(cast.olga, old, "Until Friday", earlier[2])
    mark_read(viewer=two.paul, thread_id=old, seq=3, now=now)
    # The same key: two programs of the same person.
    say(two.cara, two.id, "Hello", now)
    say(two.paul, two.id, "Again", now + timedelta(minutes=1), reply_to=1)
    block_of = host.put("/subjects/booking/b", {"title": "Cut", "client": "c-old", "professional": "p"})
    assert block_of.status_code == 201
    dry = host.post(user("c-old", "/merge?dry_run=1"), {"into": "c"})
    assert (dry.status_code, dry.json["threads"]) == (200, 1)
    assert host.get(user("c-old")).status_code == 200
    once = {"Idempotency-Key": "m-1"}
    done = host.post(user("c-old", "/merge"), {"into": "c"}, headers=once)
    assert done.status_code == 200, done.json
    MergedUser.model_validate(done.json)
    assert host.post(user("c-old", "/merge"), {"into": "c"}, headers=once).json == done.json
    gone = host.get(user("c-old"))
    assert (gone.status_code, gone.json["code"], gone.json["external_id"]) == (410, "moved", "c")
    assert host.get(user(f"id:{cast.olga.id}")).status_code == 404
    (thread,) = host.get("/threads?user=c").json["threads"]
    assert (thread["id"], thread["messages"], thread["open"]) == (old, 5, True)
    told = host.get(f"/threads/{old}/messages").json["messages"]
    assert [(each["seq"], each["from"], each["body"], each["reply_to"]) for each in told] == [
        (1, "c", "Hello", None), (2, "p", "Hello Olga", 1), (3, "c", "Until Friday", None),
        (4, "c", "Hello", None), (5, "p", "Again", 4),
    ]  # fmt: skip
    assert thread["unread"] == {"client": 2, "professional": 1}
    shown = api(two.cara).get(f"/api/threads/{old}/messages").json["messages"]
    assert shown[1]["reactions"] == [{"emoji": "👍", "user_ids": [two.cara.id]}]
    booking = host.put("/subjects/booking/b", {}).json["subject"]
    assert booking["client"] == "c"
    assert (
        host.post(f"/threads/{old}/messages", {"from": "c", "body": "On", "client_key": "x"}).status_code
        == 201
    )
    db.session.rollback()
    index()
    cara = db.session.get_one(User, two.cara.id)
    hits = search(cara, Question("hello"), now=now + timedelta(days=1)).hits
    assert sorted(hit.message.seq for hit in hits) == [1, 2, 4]
    left = db.session.execute(select(Thread.id, Thread.connection_id)).all()
    assert len(left) == 1
    assert db.session.execute(text("SELECT count(*) FROM memberships")).scalar() == 2


@pytest.mark.each_database
def test_what_ran_at_the_same_time_stays_two(
    host: HostServer, two: Talk, cast: Cast, now: datetime, everything: Callable[[], Any]
) -> None:
    old = opened(host, "c-old")
    say(cast.olga, old, "One", now)
    say(two.cara, two.id, "Two", now + timedelta(minutes=1))
    say(two.paul, old, "Three", now + timedelta(minutes=2))
    host.get("/me")
    before = everything()
    refused = host.post(user("c-old", "/merge"), {"into": "c"})
    assert (refused.status_code, refused.json["code"]) == (409, "both_live")
    for ref, into in (("c-old", "p"), ("c-old", "c-old"), ("c-old", "nobody"), ("nobody", "c")):
        assert host.post(user(ref, "/merge"), {"into": into}).status_code in (404, 409, 422)
    assert everything() == before


@pytest.mark.each_database
def test_of_two_merges_at_once_one_person_is_left(
    host: HostServer, two: Talk, cast: Cast, at_once: Any
) -> None:
    opened(host, "c-old")
    pairs = (("c-old", "c"), ("c", "c-old"))
    acts = [partial(host.post, user(ref, "/merge"), {"into": into}) for ref, into in pairs]
    answers = at_once(2, lambda number: acts[number]())
    assert sorted(each.status_code for each in answers) in ([200, 404], [200, 410])
    db.session.rollback()
    people = [db.session.get_one(User, each.id, populate_existing=True) for each in (two.cara, cast.olga)]
    (left,) = [each.id for each in people if not each.is_gone]
    assert set(db.session.execute(select(Thread.client_id)).scalars()) == {left}


@pytest.mark.each_database
@pytest.mark.parametrize("number", range(3))
def test_nothing_is_left_with_the_one_who_is_gone(
    host: HostServer, two: Talk, cast: Cast, at_once: Any, number: int
) -> None:
    """Erasing, and new conversations and bookings of the one who goes, at the same time."""
    acts = (
        partial(host.post, user("c-old", "/merge"), {"into": "c"}),
        partial(host.post, user("c-old", "/erase"), {"reason": "Asked for by phone", "now": True}),
        partial(host.put, "/threads", {"between": ["c-old", "p"]}),
        partial(host.put, "/subjects/booking/b", {"title": "Cut", "client": "c-old", "professional": "p"}),
    )
    chosen = acts if number else (acts[0], *acts[2:])
    with transaction() as session:
        session.execute(delete(Connection).where(Connection.client_id == cast.olga.id))
    answers = at_once(len(chosen), lambda each: chosen[each]())
    assert {each.status_code for each in answers} <= {200, 201, 202, 404, 409, 410, 422}
    if answers[0].status_code == 200:
        for name in ("connections", "threads"):
            left = text(f"SELECT count(*) FROM {name} WHERE client_id = :id")
            assert db.session.execute(left, {"id": cast.olga.id}).scalar() == 0, name


@pytest.mark.each_database
def test_what_only_one_of_them_had_goes_over(
    app: Flask, host: HostServer, two: Talk, cast: Cast, now: datetime
) -> None:
    """Another professional, a block, and an empty conversation beside a full one."""
    rita = cast.rita
    link(user_id=rita.id, source=HOST, external_id="r", now=now)
    opened(host, "c-old")
    say(two.cara, two.id, "Mine", now)
    with_rita = host.put("/threads", {"between": ["c-old", "r"]}).json["thread"]["id"]
    say(cast.olga, with_rita, "For Rita", now)
    block(viewer=rita, thread_id=with_rita, now=now)
    host.post(user("c-old", "/disable"), {"reason": "it is a double"})
    done = host.post(user("c-old", "/merge"), {"into": "c"})
    assert (done.status_code, done.json["threads"]) == (200, 2)
    found = {each["id"]: each for each in host.get("/threads?user=c").json["threads"]}
    assert set(found) == {two.id, with_rita}
    assert (found[two.id]["open"], found[with_rita]["open"]) == (True, False), "a block stays one"
    db.session.rollback()
    sender = db.session.execute(select(Message.sender_id).where(Message.thread_id == with_rita)).scalar_one()
    assert sender == two.cara.id
    members = select(Membership.user_id).where(Membership.thread_id == with_rita)
    assert set(db.session.execute(members).scalars()) == {two.cara.id, rita.id}


def test_what_goes_over_is_there() -> None:
    """The rest of what names a person is erased: tests/test_personal_data.py."""
    named = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "users"
    }
    assert set(MOVED) <= named


@pytest.mark.each_database
def test_nothing_is_merged_while_an_import_runs_into_it(
    host: HostServer, two: Talk, cast: Cast, now: datetime
) -> None:
    old = opened(host, "c-old")
    with transaction() as session:
        session.add(Import(id="i", name="old", state="running", made_at=now))
        session.flush()
        values = {"made": False, "live": False, "held": True, "lines": 1, "before_seq": 0, "last_seq": 0}
        session.add(ImportThread(import_id="i", thread_id=old, base_at=0, **values))
    refused = host.post(user("c-old", "/merge"), {"into": "c"})
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    with transaction() as session:
        session.execute(update(ImportThread).values(held=False))
    done = host.post(user("c-old", "/merge"), {"into": "c"})
    assert done.status_code == 200, done.json
