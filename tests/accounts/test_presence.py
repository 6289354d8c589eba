"""Presence: from opening pages and doing things, never from polling."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wellchat.accounts import presence as touching
from wellchat.accounts.models import Presence
from wellchat.accounts.presence import touch_presence
from wellchat.accounts.queries import presence
from wellchat.db import db
from wellchat.messaging import dispatch


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """No memory of earlier tests' people."""
    monkeypatch.setattr(touching, "_touched", {})


def seen(user):
    db.session.rollback()
    return db.session.get(Presence, user.id, populate_existing=True)


def test_opening_a_page_records_presence_and_the_thread(app, cast, talk, browse):
    cara = browse(cast.cara)
    cara.get(f"/threads/{talk.id}")
    assert seen(cast.cara).thread_id == talk.id
    cara.get("/settings")
    assert seen(cast.cara).thread_id is None


def test_opening_a_missing_thread_records_no_presence(app, cast, browse):
    browse(cast.cara).get("/threads/nothing")
    assert seen(cast.cara) is None


def test_an_action_records_presence_and_keeps_the_thread(app, cast, talk, api, browse):
    api(cast.cara).put(f"/api/threads/{talk.id}/typing")
    assert seen(cast.cara).thread_id is None, "a call tells nothing of a screen"
    browse(cast.cara).get(f"/threads/{talk.id}")
    api(cast.cara).patch("/api/preferences", json={"cadence": "daily"})
    assert seen(cast.cara).thread_id == talk.id


def test_a_person_who_reads_by_api_is_notified_of_the_next_message(app, talk, now, api):
    talk.exchange("c")
    api(talk.paul).put(f"/api/threads/{talk.id}/read", json={"seq": 1})
    talk.exchange("c")
    dispatch.sweep(now + timedelta(seconds=1))
    assert api(talk.paul).get("/api/notifications").json["notifications"][0]["count"] == 1


def test_reading_by_api_keeps_no_closed_page_before_their_eyes(app, talk, now, api):
    """A page that was closed minutes ago, and an app of theirs that marks what it shows as read."""
    talk.exchange("c")
    touch_presence(user_id=talk.paul.id, now=now - timedelta(minutes=5), thread_id=talk.id)
    api(talk.paul).put(f"/api/threads/{talk.id}/read", json={"seq": 1})
    talk.exchange("c")
    dispatch.sweep(now + timedelta(seconds=1))
    assert api(talk.paul).get("/api/notifications").json["notifications"][0]["count"] == 1


def test_reading_by_api_records_no_presence(app, cast, talk, api):
    cursor = api(cast.cara).get("/api/me").json["cursor"]
    api(cast.cara).get(f"/api/updates?since={cursor}")
    api(cast.cara).get("/api/threads")
    assert seen(cast.cara) is None


def test_a_refused_request_records_no_presence(app, cast, api):
    api(cast.cara).put("/api/threads/nothing/typing")
    assert seen(cast.cara) is None


def test_presence_is_written_seldom(app, cast, now):
    touch_presence(user_id=cast.cara.id, now=now)
    touch_presence(user_id=cast.cara.id, now=now + timedelta(seconds=19))
    assert seen(cast.cara).seen_at == now
    touch_presence(user_id=cast.cara.id, now=now + timedelta(seconds=19), thread_id="0123456789abc")
    assert seen(cast.cara).seen_at == now + timedelta(seconds=19), "another thread is news at once"
    touch_presence(user_id=cast.cara.id, now=now + timedelta(seconds=40), thread_id="0123456789abc")
    assert seen(cast.cara).seen_at == now + timedelta(seconds=40)


def test_presence_never_moves_back(app, cast, now, monkeypatch):
    touch_presence(user_id=cast.cara.id, now=now)
    monkeypatch.setattr(touching, "_touched", {})
    touch_presence(user_id=cast.cara.id, now=now - timedelta(minutes=5), thread_id="0123456789abc")
    assert (seen(cast.cara).seen_at, seen(cast.cara).thread_id) == (now, None)


@pytest.mark.each_database
def test_the_latest_of_simultaneous_presences_wins(app, cast, now, at_once):
    def touch(i):
        touching._touched.clear()
        touch_presence(user_id=cast.cara.id, now=now + timedelta(seconds=i))

    cast.cara.id  # noqa: B018  (loaded here, for the threads)
    at_once(12, touch)
    assert seen(cast.cara).seen_at == now + timedelta(seconds=11)


def test_presence_returns_those_who_acted_recently(app, cast, now):
    touch_presence(user_id=cast.cara.id, now=now)
    touch_presence(user_id=cast.paul.id, now=now - timedelta(seconds=121))
    ids = [cast.cara.id, cast.paul.id, cast.olga.id]
    assert presence(ids, now=now, away_after=120) == {cast.cara.id}


def test_a_page_is_shown_even_if_presence_cannot_be_written(app, cast, browse, monkeypatch):
    def fail(**_):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("wellchat.accounts.sessions.touch_presence", fail)
    assert browse(cast.cara).get("/settings").status_code == 200


@pytest.mark.each_database
def test_a_clock_that_was_ahead_for_a_moment_keeps_nobody_present(app, talk, now):
    """They would be told nothing until its time has come."""
    day = timedelta(days=1)
    touch_presence(user_id=talk.paul.id, now=now + day, thread_id=talk.id)
    assert touching.sweep(now) == {"presences_mended": 1}
    assert touching.sweep(now) == {"presences_mended": 0}
    assert seen(talk.paul).seen_at == now
    touch_presence(user_id=talk.paul.id, now=now + timedelta(seconds=1), thread_id=talk.id)
    assert seen(talk.paul).seen_at == now + timedelta(seconds=1)
