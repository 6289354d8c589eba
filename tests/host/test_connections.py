"""The host connects people and ends that, and puts what they talk about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cast import Talk
from tests.host.conftest import HostServer, user
from wellchat.db import db
from wellchat.errors import CannotWrite, Conflict
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.safety.between import end_connection, reopen_connection
from wellchat.subjects.queries import subjects_between

PAIR = {"client": "c", "professional": "p"}
BOOKING = {"title": "Cut", **PAIR, "starts_at": "2027-01-01T10:00:00Z"}


@pytest.fixture
def named(talk: Talk, now: datetime) -> Talk:
    """The talk of two people whom the host knows as c and p."""
    link(user_id=talk.cara.id, source=HOST, external_id="c", now=now)
    link(user_id=talk.paul.id, source=HOST, external_id="p", now=now)
    return talk


def writes(talk: Talk) -> bool:
    db.session.rollback()
    try:
        talk.says(talk.cara, "Hello")
        talk.says(talk.paul, "Hello")
    except CannotWrite:
        return False
    return True


@pytest.mark.each_database
def test_the_host_closes_writing_on_both_sides_and_opens_it_again(host: HostServer, named: Talk) -> None:
    ended = host.put("/connections", {**PAIR, "ended": True})
    assert (ended.status_code, ended.json["changed"]) == (200, ["ended"])
    assert (ended.json["connection"]["open"], ended.json["connection"]["ended"]) == (False, True)
    assert not writes(named)
    assert host.put("/connections", {**PAIR, "ended": True}).json["changed"] == []
    assert host.put("/connections", PAIR).json["changed"] == [], "what is absent is kept"
    assert not writes(named)
    opened = host.put("/connections", {**PAIR, "ended": False})
    assert (opened.json["changed"], opened.json["connection"]["open"]) == (["ended"], True)
    assert writes(named)


@pytest.mark.each_database
def test_what_one_of_the_two_has_ended_is_theirs(host: HostServer, named: Talk, now: datetime) -> None:
    end_connection(viewer=named.cara, thread_id=named.id, now=now)
    host.put("/connections", {**PAIR, "ended": True})
    reopen_connection(viewer=named.cara, thread_id=named.id, now=now)
    assert not writes(named), "the host has ended it, too"
    with pytest.raises(Conflict):
        end_connection(viewer=named.cara, thread_id=named.id, now=now)
    host.put("/connections", {**PAIR, "ended": False})
    assert writes(named)
    end_connection(viewer=named.paul, thread_id=named.id, now=now)
    answer = host.put("/connections", {**PAIR, "ended": False})
    assert (answer.json["connection"]["open"], answer.json["connection"]["ended"]) == (False, False)
    assert not writes(named)


@pytest.mark.each_database
def test_a_new_pair_is_made_once(host: HostServer, at_once: Any) -> None:
    host.puts("c-9")
    host.puts("p-9", role="professional")
    pair = {"client": "c-9", "professional": "p-9", "trade": "hair"}
    answers = at_once(6, lambda number: host.put("/connections", pair))
    assert {each.status_code for each in answers} <= {200, 201}
    assert len({each.json["connection"]["id"] for each in answers}) == 1
    again = host.put("/connections", {**pair, "trade": None})
    assert (again.json["changed"], again.json["connection"]["trade"]) == (["trade"], None)
    wrong = host.put("/connections", {"client": "p-9", "professional": "c-9"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid")
    nobody = host.put("/connections", {"client": "nobody", "professional": "p-9"})
    assert (nobody.status_code, list(nobody.json["errors"])) == (422, ["client"])


@pytest.mark.each_database
def test_a_booking_is_put_changed_and_cleared(
    host: HostServer, named: Talk, everything: Callable[[], Any]
) -> None:
    made = host.put("/subjects/booking/b%2F1", {**BOOKING, "amount_minor": 4200, "currency": "EUR"})
    assert made.status_code == 201, made.json
    shown = made.json["subject"]
    assert (shown["external_id"], shown["client"], shown["professional"]) == ("b/1", "c", "p")
    before = everything()
    same = host.put("/subjects/booking/b%2F1", {**BOOKING, "amount_minor": 4200, "currency": "EUR"})
    assert (same.status_code, same.json["changed"]) == (200, [])
    assert everything() == before
    moved = host.put("/subjects/booking/b%2F1", {"starts_at": "2027-01-02T10:00:00+01:00", "currency": None})
    assert set(moved.json["changed"]) == {"starts_at", "currency"}
    assert (moved.json["subject"]["starts_at"], moved.json["subject"]["title"]) == (
        "2027-01-02T09:00:00.000Z",
        "Cut",
    )
    cancelled = host.put("/subjects/booking/b%2F1", {"cancelled_at": "2027-01-01T10:00:00Z"})
    assert cancelled.json["subject"]["status"] == "cancelled"


@pytest.mark.each_database
def test_a_late_booking_does_not_undo_a_newer_one(host: HostServer, named: Talk, now: datetime) -> None:
    host.put("/subjects/booking/b-1", {**BOOKING, "as_of": now.isoformat()})
    late = {"title": "Older", "as_of": (now - timedelta(seconds=1)).isoformat()}
    stale = host.put("/subjects/booking/b-1", late)
    assert (stale.json["stale"], stale.json["changed"], stale.json["subject"]["title"]) == (True, [], "Cut")


@pytest.mark.each_database
def test_people_of_a_conversation_are_not_exchanged(host: HostServer, named: Talk) -> None:
    lead = {"title": "Bathroom", **PAIR}
    made = host.put("/subjects/lead/l-1", lead)
    assert made.status_code == 201
    assert made.json["thread"]
    host.puts("c-2")
    refused = host.put("/subjects/lead/l-1", {**lead, "client": "c-2"})
    assert (refused.status_code, refused.json["code"]) == (409, "subject_in_use")


@pytest.mark.each_database
def test_a_deleted_booking_is_in_no_list_and_tells_nobody(host: HostServer, named: Talk, api: Any) -> None:
    host.put("/subjects/booking/b-1", BOOKING)
    assert host.delete("/subjects/booking/b-1").status_code == 204
    assert host.delete("/subjects/booking/b-1").status_code == 204
    assert subjects_between(named.cara.id, named.paul.id) == []
    back = host.put("/subjects/booking/b-1", {"title": "Cut again"})
    assert set(back.json["changed"]) == {"title", "deleted"}
    db.session.rollback()
    assert len(subjects_between(named.cara.id, named.paul.id)) == 1
    for path in ("/subjects/booking/nothing", "/subjects/nothing/b-1"):
        assert (host.delete(path).status_code, host.delete(path).json["code"]) == (404, "not_found")
    missing = host.put("/subjects/booking/new", {})
    assert (missing.status_code, set(missing.json["errors"])) == (422, {"title", "professional"})


@pytest.mark.each_database
def test_counts_are_those_of_the_person_and_reading_them_changes_nothing(
    host: HostServer, named: Talk, everything: Callable[[], Any]
) -> None:
    named.says(named.paul, "One")
    named.says(named.paul, "Two")
    host.get("/me")
    before = everything()
    assert host.get("/counts?user=c").json == {"messages": 2, "notifications": 0}
    assert host.get("/counts?user=nobody").status_code == 404
    assert host.get("/counts").status_code == 422
    assert host.get(user("c")).status_code == 200
    assert everything() == before


def test_puts_take_the_same_statements_whatever_is_there(host: HostServer, named: Talk, queries: Any) -> None:
    def statements() -> int:
        with queries() as counted:
            host.put("/subjects/booking/b-1", BOOKING)
            host.put("/connections", PAIR)
            host.puts("c", name="Cara Client")
        return int(counted.count)

    statements()
    few = statements()
    named.exchange("cpcpcpcp")
    for number in range(8):
        host.put(f"/subjects/booking/x-{number}", BOOKING)
        host.puts(f"z-{number}")
    assert statements() == few
