"""The middleware never answers from an outdated cache, with a Valkey that works, lies, forgets or fails."""

from __future__ import annotations

import contextvars
import importlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import EnvironBuilder

from tests.cast import Talk, gather
from tests.databases import migrated
from tests.fixtures import Program
from tests.services import wait_for
from wellchat import clock
from wellchat.accounts.actions import create_token, revoke_token
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.models import User
from wellchat.accounts.queries import tokens_of
from wellchat.changes.queries import heads
from wellchat.db import db, transaction
from wellchat.longpoll import middleware, wakeups
from wellchat.longpoll.wakeups import connect, poll_notifier
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership, PendingDelivery
from wellchat.web import limiter


class World:
    """An application with a Valkey, Paul's program at the head of his log, and a count of statements."""

    def __init__(self, app, url):
        self.app, self.url = app, url
        self.cast = gather(clock.now())
        self.talk = Talk(self.cast, clock.now())
        self.program = Program(app, create_token(user_id=self.cast.paul.id, now=clock.now()))
        self.cursor = self.program.get("/api/me").json["cursor"]
        self.statements = 0
        event.listen(db.engine, "before_cursor_execute", self._count)
        self.poll()
        wait_for(lambda: poll_notifier().is_subscribed, what="the subscription")

    def _count(self, *_):
        if threading.current_thread().name != "poll-notifier":  # which reads the database on a timer
            self.statements += 1

    def poll(self, **query):
        answer = self.program.get("/api/updates", query_string={"since": self.cursor, **query})
        if answer.status_code == 200:
            self.cursor = answer.json["cursor"]
        return answer

    def poll_fast(self, times):
        """Return the statuses of so many polls, past the test client, which would take minutes."""
        query, found = {"since": self.cursor}, []
        sent = EnvironBuilder("/api/updates", query_string=query, headers=self.program.headers).get_environ()
        for _ in range(times):
            answer = contextvars.Context().run(
                self.app.wsgi_app, dict(sent), lambda status, *_: found.append(int(status[:3]))
            )
            list(answer)
        return found

    def count(self, times=1):
        """Return the statements that so many polls make; each must find nothing new."""
        before = self.statements
        for _ in range(times):
            assert self.poll().status_code == 204
        return self.statements - before


def delivered_seq(world):
    """Return the number of the last message that has arrived at a device of Paul's."""
    db.session.rollback()
    paul = Membership.user_id == world.cast.paul.id
    return db.session.scalar(select(Membership.delivered_seq).where(paul))


@pytest.fixture
def world(make_app, valkey_url):
    app = migrated(make_app(REDIS_URL=valkey_url))
    with app.app_context():
        yield World(app, valkey_url)
        poll_notifier().close()
        db.session.remove()
        db.engine.dispose()


def test_an_idle_poll_asks_the_database_nothing(world):
    world.count()
    assert world.count(20) == 0


def test_a_change_ends_a_cached_poll_at_once(world):
    world.count(5)
    world.talk.says(world.cast.cara, "hello")
    assert [m["body"] for m in world.poll().json["messages"]] == ["hello"]
    assert world.poll().status_code == 204


def test_a_change_in_another_process_ends_a_cached_poll(world):
    """This process learns of it from Valkey alone."""
    world.count(5)
    client = connect(world.url, timeout=1)
    seq = heads([world.cast.paul.id])[world.cast.paul.id].seq
    client.publish(wakeups.CHANNEL, f"{world.cast.paul.id}:{seq + 1}")
    # Once the cached poll is no longer valid, the database is asked.
    wait_for(lambda: world.count() > 0, what="the wake-up")
    assert world.poll().status_code == 204, "the log itself has not moved"


def test_a_lost_wakeup_is_found_by_the_refresh(world, monkeypatch):
    """A process may die between its commit and its publish, so the heads are read again on a timer."""
    world.count(5)
    monkeypatch.setattr(wakeups.PollNotifier, "notify", lambda *_: None)
    world.talk.says(world.cast.cara, "silently")
    assert world.poll().status_code == 204  # this process cannot know yet
    monkeypatch.undo()
    poll_notifier().refresh()  # as it does every REFRESH_EVERY seconds
    assert [m["body"] for m in world.poll().json["messages"]] == ["silently"]


def test_a_wakeup_between_reading_and_caching_is_not_lost(world, monkeypatch):
    """The cached head is created before the database is read, so a wakeup in between raises it."""
    call = importlib.import_module("wellchat.updates.api")
    true_check = call.check_cursor
    fired: list[Any] = []

    def check_then_send(user_id, cursor):
        found = true_check(user_id, cursor)
        if not fired:
            fired.append(True)
            db.session.rollback()
            world.talk.says(world.cast.cara, "in between")
        return found

    monkeypatch.setattr(call, "check_cursor", check_then_send)
    # So that the application is asked, and not the cache.
    poll_notifier().invalidate([world.cast.paul.id])
    assert world.poll().status_code == 204
    assert fired
    assert [m["body"] for m in world.poll().json["messages"]] == ["in between"]


def test_losing_the_subscription_ends_cached_polls(world):
    world.count(5)
    poll_notifier().lose_subscription()
    assert world.count() > 0


def test_a_message_after_flushing_valkey_arrives(world):
    world.count(5)
    connect(world.url, timeout=1).flushall()
    world.talk.says(world.cast.cara, "after the flush")
    assert [m["body"] for m in world.poll().json["messages"]] == ["after the flush"]


def test_a_database_failure_before_the_wait_is_reported_by_the_application(world, monkeypatch):
    poll_notifier().closing.set()
    wait_for(lambda: not poll_notifier().is_subscribed, what="the end of the subscription")
    asked: list[Any] = []

    def gone(connection, _cursor, statement, *_):
        # The read of the middleware before the wait, not the one of the application.
        if "change_logs" in statement and asked and len(asked) < 2:
            asked.append(statement)
            raise OperationalError(statement, None, Exception("the server went away"))

    monkeypatch.setattr(middleware, "heads", lambda ids: asked.append("read") or heads(ids))
    event.listen(db.engine, "before_cursor_execute", gone)
    try:
        assert world.poll(wait=1).status_code == 204
    finally:
        event.remove(db.engine, "before_cursor_execute", gone)
    assert len(asked) == 2, "the database did fail"
    assert asked[0] == "read"


def test_nonsense_on_the_channel_is_ignored(world):
    world.count(5)
    client = connect(world.url, timeout=1)
    for payload in ("", ":", "a", "a:b", "a:-1", ": :", "é:٣", f"{world.cast.paul.id}:x"):
        client.publish(wakeups.CHANNEL, payload)
    threading.Event().wait(0.2)
    assert poll_notifier().is_subscribed
    assert world.poll().status_code == 204


@pytest.mark.parametrize("how", ["token", "everywhere"])
def test_revoked_access_ends_a_cached_poll(world, how):
    """The next request is refused, whatever was cached a moment ago."""
    world.count(5)
    paul = world.cast.paul
    if how == "token":
        revoke_token(user_id=paul.id, token_id=tokens_of(paul)[0].id)
    else:
        end_sessions(user_id=paul.id)
    assert world.poll().status_code == 401


def test_a_lost_revocation_is_found_by_the_refresh(world, monkeypatch):
    world.count(5)
    monkeypatch.setattr(wakeups.PollNotifier, "revoke", lambda *_: None)
    end_sessions(user_id=world.cast.paul.id)
    poll_notifier().refresh()  # as it does every REFRESH_EVERY seconds
    assert world.poll().status_code == 401


def test_deleting_a_user_ends_a_cached_poll(world):
    olga = Program(world.app, create_token(user_id=world.cast.olga.id, now=clock.now()))
    query = {"since": olga.get("/api/me").json["cursor"]}
    assert [olga.get("/api/updates", query_string=query).status_code for _ in range(3)] == [204] * 3
    with transaction() as session:
        session.execute(delete(User).where(User.id == world.cast.olga.id))
    poll_notifier().refresh()
    assert olga.get("/api/updates", query_string=query).status_code == 401


def test_access_revoked_during_the_lookup_is_not_cached(world, monkeypatch):
    """Access is checked, then revoked, then the poll is answered. That answer is not given again."""
    call = importlib.import_module("wellchat.updates.api")
    true_check = call.check_cursor
    ended: list[Any] = []

    def end_then_check(user_id, cursor):
        if not ended:
            ended.append(True)
            db.session.rollback()
            end_sessions(user_id=world.cast.paul.id)
        return true_check(user_id, cursor)

    monkeypatch.setattr(middleware, "MAX_AGE", 60.0)
    world.cursor = world.program.get("/api/me").json["cursor"]
    poll_notifier().invalidate([world.cast.paul.id])
    monkeypatch.setattr(call, "check_cursor", end_then_check)
    assert world.poll().status_code == 204
    assert world.poll().status_code == 401


def test_the_wait_is_not_part_of_the_cache_key(world):
    world.count()
    before = world.statements
    for wait in ("0", "0.01", "0.02"):
        assert world.poll(wait=wait).status_code == 204
    assert world.statements == before


def test_a_waiting_poll_ends_with_its_session(world, background_in):
    hanging = background_in(world.app, lambda: world.poll(wait=20).status_code)
    wait_for(lambda: poll_notifier().waiting == 1, what="the waiter")
    end_sessions(user_id=world.cast.paul.id)
    assert hanging.result(5) == 401


def test_a_waiting_poll_gets_news_at_once(world, background_in):
    hanging = background_in(world.app, lambda: world.poll(wait=20).json)
    wait_for(lambda: poll_notifier().waiting == 1, what="the waiter")
    world.talk.says(world.cast.cara, "wake up")
    assert [m["body"] for m in hanging.result(5)["messages"]] == ["wake up"]


def test_a_cached_poll_answers_the_same_request_only(world):
    """Another credential, another cursor or another parameter is another request."""
    world.count(5)
    stranger = Program(world.app, "not-a-token")
    assert stranger.get("/api/updates", query_string={"since": world.cursor}).status_code == 401
    other = Program(world.app, create_token(user_id=world.cast.cara.id, now=clock.now()))
    assert other.get("/api/updates", query_string={"since": world.cursor}).status_code == 410
    assert world.poll(limit="x").status_code == 422
    old = world.cursor
    world.talk.says(world.cast.cara, "news")
    world.poll()
    world.count(2)
    again = world.program.get("/api/updates", query_string={"since": old})
    assert [m["body"] for m in again.json["messages"]] == ["news"], "a lost answer is asked for again"


def test_an_active_poll_records_presence_and_is_then_answered_from_the_cache(world):
    """Until what they look at is another thing, here or in another window, or their presence grows old."""
    from wellchat.accounts import presence
    from wellchat.accounts.models import Presence

    paul, there, elsewhere = world.cast.paul, {"active": 1, "looking": world.talk.id}, {"active": 1}

    def asks(query):
        before = world.statements
        assert world.poll(**query).status_code == 204
        return world.statements > before

    def looked_at():
        db.session.rollback()
        return db.session.get(Presence, paul.id).thread_id

    assert db.session.get(Presence, paul.id) is None
    assert [asks(there) for _ in range(4)] == [True, False, False, False]
    assert looked_at() == world.talk.id
    assert [asks(elsewhere), looked_at()] == [True, None]
    assert [asks(there), looked_at()] == [True, world.talk.id]
    seen_at, thread_id = presence._touched[paul.id]
    presence._touched[paul.id] = (seen_at - presence.TOUCH_EVERY + timedelta(seconds=1e-6), thread_id)
    assert [asks(there) for _ in range(2)] == [True, False]


def test_the_poll_after_an_update_asks_nobody_unless_it_confirms_a_message(world):
    paul, cara = world.cast.paul, world.cast.cara
    world.count()
    world.talk.says(paul, "mine, sent by another device")
    assert world.poll().status_code == 200
    assert world.count(3) == 0
    world.talk.says(cara, "theirs")
    assert [m["body"] for m in world.poll().json["messages"]] == ["theirs"]
    before = delivered_seq(world)
    assert world.count() > 0
    assert (before, delivered_seq(world)) == (1, 2)
    assert world.count(3) == 0


def test_polls_ask_until_every_message_is_confirmed(world, monkeypatch):
    """One poll confirms a part of a long backlog, or none while nothing can be written."""
    monkeypatch.setattr("wellchat.messaging.receipts.ACK_BATCH", 2)
    world.count()
    for i in range(6):
        world.talk.says(world.cast.cara, f"{i}")
    assert world.poll().status_code == 200
    for _ in range(8):
        assert world.poll().status_code == 204
    assert delivered_seq(world) == 6
    assert world.count(3) == 0


def test_the_rest_of_a_page_is_never_answered_from_the_cache(world):
    world.count()
    for i in range(3):
        world.talk.says(world.cast.paul, f"{i}")
    assert [world.poll(limit=2).json["has_more"] for _ in range(2)] == [True, False]


def test_a_person_has_one_cached_poll_whatever_came_meanwhile(world):
    """With an entry for each cursor, fifty messages a second filled the cache in ten minutes."""
    entries = world.app.extensions["idle_poll_cache"]._entries
    for i in range(5):
        world.talk.says(world.cast.cara, f"{i}")
        assert world.poll().status_code == 200
        world.count(2)
    assert len(entries) == 1


def test_a_full_cache_lets_the_oldest_go(world, monkeypatch):
    monkeypatch.setattr(middleware, "MAX_ENTRIES", 2)
    entries = world.app.extensions["idle_poll_cache"]._entries
    for limit in (1, 2, 3):
        world.poll(limit=limit)
    assert [query for _, _, query in entries] == ["limit=2", "limit=3"]
    for each in entries.values():
        each.expires_at = 1.0
    world.poll(limit=4)
    assert [query for _, _, query in entries] == ["limit=4"], "outdated ones go"


@pytest.mark.parametrize("limits", [True, False])
def test_very_frequent_polls_reach_the_rate_limits_where_there_are_any(world, monkeypatch, limits):
    world.count()
    monkeypatch.setattr(middleware, "MAX_USES", 3)
    monkeypatch.setitem(world.app.config, "RATE_LIMITS", limits)
    assert (world.count(8) > 0) is limits


def test_idle_polls_count_towards_the_documented_rate(make_app, valkey_url):
    app = migrated(make_app(REDIS_URL=valkey_url, RATE_LIMITS=True))
    with app.app_context():
        try:
            world = World(app, valkey_url)
            found = world.poll_fast(1_600)
            refused = world.poll()
            # Another person is not concerned.
            other = Program(app, create_token(user_id=world.cast.cara.id, now=clock.now()))
            cursor = other.get("/api/me").json["cursor"]
            theirs = other.get("/api/updates", query_string={"since": cursor}).status_code
        finally:
            limiter.enabled = False  # it is one for all applications of this process
            poll_notifier().close()
            db.session.remove()
            db.engine.dispose()
    first = found.index(429)
    assert 1_200 <= first <= 1_200 + middleware.MAX_USES
    assert set(found[first:]) == {429}, "the cache answers nothing while the limit refuses"
    assert (refused.status_code, theirs) == (429, 204)
    assert int(refused.headers["Retry-After"]) > 0


def test_a_slow_poller_is_never_counted(world, monkeypatch):
    monkeypatch.setattr(middleware, "MAX_USES", 3)
    monkeypatch.setattr(middleware, "COUNT_FOR", 0.0)
    world.count()
    assert world.count(20) == 0


def test_a_user_who_was_away_gets_everything_on_return(world):
    world.count(3)
    for i in range(30):
        key = f"away-{i}"
        send_message(
            sender=world.cast.cara, thread_id=world.talk.id, body=f"{i}", client_key=key, now=clock.now()
        )
    seen, more = [], True
    while more:
        news = world.poll(limit=7).json
        seen += [m["seq"] for m in news["messages"]]
        more = news["has_more"]
    assert seen == list(range(1, 31))
    assert (
        db.session.query(PendingDelivery)
        .filter(PendingDelivery.due_at <= clock.now() + timedelta(seconds=1))
        .count()
        == 30
    )
