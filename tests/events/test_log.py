"""The log of events: written with the act, numbered after the commit, read by a cursor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import false, select, text

from tests.cast import Cast, Talk
from wellchat.accounts import standing
from wellchat.accounts.actions import create_user, update_profile
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import erase_person
from wellchat.changes.actions import note_restored
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.event_types import tell_host
from wellchat.events.models import HostEvent
from wellchat.events.numbering import number
from wellchat.events.queries import (
    EventCursor,
    EventPage,
    Refused,
    cursor_now,
    events_after,
    parse_event_cursor,
)
from wellchat.events.retention import RULES
from wellchat.feature import FeatureError, registry
from wellchat.features import all_features
from wellchat.host import keys
from wellchat.host.merge import merge_people
from wellchat.identities.actions import link
from wellchat.messaging.messages import delete_message, edit_message
from wellchat.messaging.models import Thread
from wellchat.messaging.receipts import mark_read
from wellchat.retention import Held
from wellchat.safety.between import block, unblock

DAY = timedelta(days=1)


def told(cursor: EventCursor, now: datetime, **more: Any) -> list[dict[str, Any]]:
    number(now)
    page = events_after(cursor, limit=500, **more)
    assert isinstance(page, EventPage)
    assert not page.has_more
    return page.events


@pytest.mark.each_database
def test_acts_are_told_in_order_with_ids_and_without_words(talk: Talk, cast: Cast, now: datetime) -> None:
    number(now)
    start = cursor_now()
    link(user_id=cast.cara.id, source="host", external_id="c-1", now=now)
    message = talk.says(cast.cara, "Zq7secret")
    edit_message(viewer=cast.cara, thread_id=talk.id, seq=message.seq, body="Zq7other", now=now)
    talk.says(cast.paul, "Zq7answer")
    delete_message(viewer=cast.cara, thread_id=talk.id, seq=message.seq, now=now)
    mark_read(viewer=cast.cara, thread_id=talk.id, seq=2, now=now)  # off by default
    block(viewer=cast.paul, thread_id=talk.id, now=now)
    unblock(viewer=cast.paul, thread_id=talk.id, now=now)
    update_profile(user_id=cast.cara.id, name="Carla", time_zone="UTC")
    update_profile(user_id=cast.cara.id, name="Carla", time_zone="Europe/Berlin")  # nobody's business
    standing.disable(user_id=cast.olga.id, now=now)
    erase_person(user_id=cast.rita.id, now=now)
    gone = create_user(name="Cara Twice", email="twice@example.com", role="client", now=now)
    merge_people(gone, cast.cara, now=now)
    events = told(start, now)
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(start.seq + 1, start.seq + len(events) + 1))
    by_thread = [(e["type"], e["data"]["seq"]) for e in events if e["type"].startswith("message.")]
    assert by_thread == [
        ("message.sent", 1), ("message.edited", 1), ("message.sent", 2), ("message.deleted", 1),
    ]  # fmt: skip
    sent = next(event for event in events if event["type"] == "message.sent")
    assert sent["data"] | {"external_ids": 0} == {
        "thread": talk.id, "seq": 1, "sender": cast.cara.id, "recipient": cast.paul.id, "subject": None,
        "reply_to": None, "files": 0, "revision": 0, "external_ids": 0,
    }  # fmt: skip
    assert sent["data"]["external_ids"] == {"sender": "c-1", "recipient": None}
    others = [(e["type"], e["data"].get("user")) for e in events if e["type"].startswith("user.")]
    assert ("user.updated", cast.cara.id) in others
    assert others.count(("user.updated", cast.cara.id)) == 1
    assert ("user.disabled", cast.olga.id) in others
    assert ("user.erased", cast.rita.id) in others
    of_gone = [kind for kind, user_id in others if user_id == gone.id]
    assert set(of_gone) - {"user.created"} == {"user.merged"}, "nobody was erased"
    merged = next(event for event in events if event["type"] == "user.merged")
    assert merged["data"]["into"] == cast.cara.id
    assert merged["data"]["external_ids"] == {"user": None, "into": "c-1"}
    ended = next(event for event in events if event["type"] == "connection.ended")
    assert (ended["data"]["by"], ended["data"]["client"]) == ("person", cast.cara.id)
    assert "connection.reopened" in [event["type"] for event in events]
    assert "Zq7" not in repr(events) + repr(db.session.execute(select(HostEvent.data)).all())


def test_reads_are_told_where_the_operator_asks_for_them(
    app: Flask, talk: Talk, cast: Cast, now: datetime
) -> None:
    talk.says(cast.cara, "Hello")
    start = EventCursor(cursor_now().epoch, 0)
    assert "thread.read" not in [event["type"] for event in told(start, now)]
    app.config["EVENTS"] = ("thread.read",)
    mark_read(viewer=cast.paul, thread_id=talk.id, seq=1, now=now)
    last = told(start, now)[-1]
    assert (last["type"], last["data"]["reader"], last["data"]["seq"]) == ("thread.read", cast.paul.id, 1)


@pytest.mark.each_database
def test_what_was_rolled_back_is_not_told(talk: Talk, cast: Cast, now: datetime) -> None:
    number(now)
    start = cursor_now()

    def fails() -> None:
        with transaction():
            talk.says(cast.cara, "Hello")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert told(start, now) == []
    with pytest.raises(FeatureError, match="no feature declares"), transaction():
        tell_host("salon.opened", {}, now)
    with pytest.raises(RuntimeError, match="outside"):
        tell_host("user.created", {}, now)


@pytest.mark.each_database
def test_a_clock_that_goes_back_an_hour_changes_no_order(talk: Talk, cast: Cast, now: datetime) -> None:
    """In one thread numbers follow the messages; across batches nothing comes before what was told."""
    number(now)
    start = cursor_now()
    for hours in (0, -1, -2, 3):
        talk.says(cast.cara, "x", now=now + timedelta(hours=hours))
    first = told(start, now)
    talk.says(cast.cara, "x", now=now - 5 * DAY)
    events = told(start, now)
    assert events[: len(first)] == first
    assert [event["data"]["seq"] for event in events] == [1, 2, 3, 4, 5]


@pytest.mark.each_database
def test_a_page_of_some_types_passes_the_others_by(talk: Talk, cast: Cast, now: datetime) -> None:
    number(now)
    start = cursor_now()
    talk.exchange("cpcpc")
    update_profile(user_id=cast.cara.id, name="Carla", time_zone="UTC")
    number(now)
    page = events_after(start, limit=2, types={"message.sent"})
    assert isinstance(page, EventPage)
    assert ([e["data"]["seq"] for e in page.events], page.has_more) == ([1, 2], True)
    rest = events_after(page.cursor, limit=500, types={"message.sent"})
    assert isinstance(rest, EventPage)
    assert [e["data"]["seq"] for e in rest.events] == [3, 4, 5]
    assert rest.cursor == cursor_now()
    assert parse_event_cursor(str(rest.cursor)) == rest.cursor
    for odd in ("", "x", "é", "YS5i", "YS4" + "5" * 40, "\0"):
        with pytest.raises(Invalid):
            parse_event_cursor(odd)


@pytest.mark.each_database
def test_a_cursor_that_cannot_be_followed_is_refused_with_the_reason(
    talk: Talk, cast: Cast, now: datetime
) -> None:
    talk.exchange("cpc")
    number(now)
    start, head = EventCursor(cursor_now().epoch, 0), cursor_now()
    talk.says(cast.cara, "x", now=now + 40 * DAY)
    number(now + 40 * DAY)
    [rule] = RULES
    nobody = Held(select(User.id).where(false()), select(Thread.id).where(false()))
    before = now + 5 * DAY
    old = rule.count(before, nobody)
    assert (old, rule.remove(before, nobody, 2, now), rule.remove(before, nobody, 500, now)) == (
        head.seq, 2, head.seq - 2,
    )  # fmt: skip
    assert rule.remove(before, nobody, 500, now) == 0
    refused = events_after(start, limit=500)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.cursor.seq) == ("expired", head.seq + 1)
    assert [event["data"]["seq"] for event in told(head, now)] == [4]
    ahead = events_after(EventCursor(start.epoch, head.seq + 2), limit=1)
    assert isinstance(ahead, Refused)
    assert ahead.reason == "ahead"
    note_restored()
    restored = events_after(head, limit=1)
    assert isinstance(restored, Refused)
    assert (restored.reason, restored.cursor) == ("restored", cursor_now())


@pytest.mark.each_database
def test_sixteen_who_number_at_once_give_each_number_once(
    talk: Talk, cast: Cast, now: datetime, at_once: Callable[..., list[Any]]
) -> None:
    talk.exchange("cp" * 20)
    at_once(16, lambda _: number(now))
    number(now)
    seqs = sorted(seq or 0 for seq in db.session.execute(select(HostEvent.seq)).scalars())
    assert seqs == list(range(1, len(seqs) + 1))
    assert db.session.execute(text("SELECT seq FROM host_event_state")).scalar_one() == len(seqs)


def test_each_type_stands_in_the_docs_with_what_it_holds(app: Any) -> None:
    page = Path("docs/integrate.md").read_text()
    declared = {name: each for feature in all_features() for name, each in feature.events.items()}
    assert set(registry().events) <= set(declared)
    for name, each in declared.items():
        [line] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert all(f"`{key}`" in line for key in each.data), name


@pytest.mark.each_database
def test_the_host_hears_that_its_key_ends(app: Flask, cast: Cast, now: datetime) -> None:
    key = keys.make_key(name="Shop", scopes=["events"], days=20, now=now).key
    before = cursor_now()
    keys.sweep(now)
    keys.sweep(now)
    endings = [event["data"] for event in told(before, now) if event["type"] == "key.ending"]
    assert [(data["key"], data["days"]) for data in endings] == [(key.id, 30)]
