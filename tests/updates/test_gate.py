"""What the gate remembers is true or not used: with a real Valkey, and with one that lies, forgets or falls silent."""

from __future__ import annotations

import importlib
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, event
from sqlalchemy.exc import OperationalError

from tests.cast import Talk, gather
from tests.databases import CleanDatabase
from tests.fixtures import Program
from tests.services import wait_for
from wellchat import bell as bells
from wellchat import clock
from wellchat.accounts.actions import create_token, revoke_token
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.models import User
from wellchat.accounts.queries import tokens_of
from wellchat.bell import connect, the_bell
from wellchat.changes.queries import heads
from wellchat.db import db, transaction
from wellchat.messaging.actions import send_message
from wellchat.messaging.models import Outbox
from wellchat.updates import gate


class World:
    """An application that hears a Valkey, Paul's program at its head, and the statements it made."""

    def __init__(self, app, url):
        self.app, self.url = app, url
        self.cast = gather(clock.now())
        self.talk = Talk(self.cast, clock.now())
        self.program = Program(app, create_token(user_id=self.cast.paul.id, now=clock.now()))
        self.cursor = self.program.get("/api/me").json["cursor"]
        self.statements = 0
        event.listen(db.engine, "before_cursor_execute", self._count)
        self.poll()
        wait_for(lambda: the_bell()._hearing, what="the first sign of life")

    def _count(self, *_):
        if threading.current_thread().name != "bell":  # which asks by its own clock
            self.statements += 1

    def poll(self, **query):
        answer = self.program.get("/api/updates", query_string={"since": self.cursor, **query})
        if answer.status_code == 200:
            self.cursor = answer.json["cursor"]
        return answer

    def count(self, times=1):
        """Statements that idle polls make; each must be one of nothing new."""
        before = self.statements
        for _ in range(times):
            assert self.poll().status_code == 204
        return self.statements - before


@pytest.fixture
def world(make_app, valkey_url):
    app = make_app(REDIS_URL=valkey_url)
    CleanDatabase(app)
    with app.app_context():
        yield World(app, valkey_url)
        the_bell().close()
        db.session.remove()
        db.engine.dispose()


def test_an_idle_poll_asks_the_database_nothing(world):
    world.count()
    assert world.count(20) == 0


def test_news_is_heard_at_once_though_it_was_remembered_that_there_is_none(world):
    world.count(5)
    world.talk.says(world.cast.cara, "hello")
    assert [m["body"] for m in world.poll().json["messages"]] == ["hello"]
    assert world.poll().status_code == 204


def test_news_of_another_process_is_heard(world):
    """Only the ring on Valkey tells of it: the other application shares nothing with this one but the database."""
    world.count(5)
    heads = bells.the_bell()._heads
    rung = connect(world.url, timeout=1)
    seq = heads([world.cast.paul.id])[world.cast.paul.id].seq
    rung.publish(bells.CHANNEL, f"{world.cast.paul.id}:{seq + 1}")
    wait_for(lambda: world.count() > 0, what="the ring")  # the finding no longer holds, so the database is asked


def test_a_ring_that_was_never_made_is_found_by_the_clock(world, monkeypatch):
    """A process may die between its commit and its ring: the database is asked on a timer all the same."""
    world.count(5)
    monkeypatch.setattr(bells.Bell, "ring", lambda *_: None)
    world.talk.says(world.cast.cara, "silently")
    assert world.poll().status_code == 204  # nobody could know yet
    monkeypatch.undo()
    the_bell()._ask_the_database()  # as it does every TRUTH_EVERY seconds
    assert [m["body"] for m in world.poll().json["messages"]] == ["silently"]


def test_a_ring_between_the_read_and_the_remembering_is_not_lost(world, monkeypatch):
    """The standing is made before the database is read, so a ring in between raises it."""
    call = importlib.import_module("wellchat.updates.api")
    true_check, rung = call.check, []

    def check_then_send(user_id, cursor):
        found = true_check(user_id, cursor)
        if not rung:
            rung.append(True)
            db.session.rollback()
            world.talk.says(world.cast.cara, "in between")
        return found

    monkeypatch.setattr(call, "check", check_then_send)
    the_bell()._void([world.cast.paul.id])  # so that this poll is looked up, and not answered from before
    assert world.poll().status_code == 204
    assert rung
    assert [m["body"] for m in world.poll().json["messages"]] == ["in between"]


def test_a_bell_that_falls_silent_voids_what_is_remembered(world):
    world.count(5)
    the_bell()._hearing = False
    the_bell()._standings.clear()
    assert world.count() > 0


def test_flushing_valkey_changes_nothing(world):
    world.count(5)
    connect(world.url, timeout=1).flushall()
    world.talk.says(world.cast.cara, "after the flood")
    assert [m["body"] for m in world.poll().json["messages"]] == ["after the flood"]


def test_a_database_that_goes_away_before_the_wait_is_told_by_the_application(world, monkeypatch):
    the_bell().closing.set()
    wait_for(lambda: not the_bell()._hearing, what="the bell to fall silent")
    asked = []

    def gone(connection, _cursor, statement, *_):
        if "change_logs" in statement and asked and len(asked) < 2:  # the look before the wait, not the application's
            asked.append(statement)
            raise OperationalError(statement, None, Exception("the server went away"))

    monkeypatch.setattr(gate, "heads", lambda ids: asked.append("looked") or heads(ids))
    event.listen(db.engine, "before_cursor_execute", gone)
    try:
        assert world.poll(wait=1).status_code == 204
    finally:
        event.remove(db.engine, "before_cursor_execute", gone)
    assert len(asked) == 2, "it did go away"
    assert asked[0] == "looked"


def test_nonsense_on_the_channel_is_not_obeyed(world):
    world.count(5)
    client = connect(world.url, timeout=1)
    for words in ("", ":", "a", "a:b", "a:-1", ": :", "é:٣", f"{world.cast.paul.id}:x"):
        client.publish(bells.CHANNEL, words)
    threading.Event().wait(0.2)
    assert the_bell()._hearing
    assert world.poll().status_code == 204


@pytest.mark.parametrize("how", ["token", "everywhere"])
def test_who_was_shown_the_door_is_not_remembered(world, how):
    """Access ends with the next request, whatever was remembered a moment ago."""
    world.count(5)
    paul = world.cast.paul
    if how == "token":
        revoke_token(user_id=paul.id, token_id=tokens_of(paul)[0].id)
    else:
        end_sessions(user_id=paul.id)
    assert world.poll().status_code == 401


def test_an_end_of_access_that_nobody_rang_for_is_found_by_the_clock(world, monkeypatch):
    world.count(5)
    monkeypatch.setattr(bells.Bell, "expel", lambda *_: None)
    end_sessions(user_id=world.cast.paul.id)
    the_bell()._ask_the_database()  # as it does every TRUTH_EVERY seconds
    assert world.poll().status_code == 401


def test_somebody_who_is_gone_is_not_remembered(world):
    olga = Program(world.app, create_token(user_id=world.cast.olga.id, now=clock.now()))
    query = {"since": olga.get("/api/me").json["cursor"]}
    assert [olga.get("/api/updates", query_string=query).status_code for _ in range(3)] == [204] * 3
    with transaction() as session:
        session.execute(delete(User).where(User.id == world.cast.olga.id))
    the_bell()._ask_the_database()
    assert olga.get("/api/updates", query_string=query).status_code == 401


def test_access_that_ended_while_it_was_looked_up_is_not_remembered(world, monkeypatch):
    """Proven, then ended, then answered: that answer was right once, and is not given again."""
    call = importlib.import_module("wellchat.updates.api")
    true_check, ended = call.check, []

    def end_then_check(user_id, cursor):
        if not ended:
            ended.append(True)
            db.session.rollback()
            end_sessions(user_id=world.cast.paul.id)
        return true_check(user_id, cursor)

    monkeypatch.setattr(gate, "TRUST", 60.0)
    world.cursor = world.program.get("/api/me").json["cursor"]
    the_bell()._void([world.cast.paul.id])
    monkeypatch.setattr(call, "check", end_then_check)
    assert world.poll().status_code == 204
    assert world.poll().status_code == 401


def test_how_long_a_poll_would_wait_is_no_other_question(world):
    world.count()
    before = world.statements
    for wait in ("0", "0.01", "0.02"):
        assert world.poll(wait=wait).status_code == 204
    assert world.statements == before


def test_a_hanging_poll_ends_with_its_session(world, background_in):
    hanging = background_in(world.app, lambda: world.poll(wait=20).status_code)
    wait_for(lambda: the_bell().waiting == 1, what="the waiter")
    end_sessions(user_id=world.cast.paul.id)
    assert hanging.result(5) == 401


def test_a_hanging_poll_hears_news_at_once(world, background_in):
    hanging = background_in(world.app, lambda: world.poll(wait=20).json)
    wait_for(lambda: the_bell().waiting == 1, what="the waiter")
    world.talk.says(world.cast.cara, "wake up")
    assert [m["body"] for m in hanging.result(5)["messages"]] == ["wake up"]


def test_what_is_remembered_belongs_to_the_very_request(world):
    """Another credential, another cursor or another word in the query is another question."""
    world.count(5)
    stranger = Program(world.app, "not-a-token")
    assert stranger.get("/api/updates", query_string={"since": world.cursor}).status_code == 401
    other = Program(world.app, create_token(user_id=world.cast.cara.id, now=clock.now()))
    assert other.get("/api/updates", query_string={"since": world.cursor}).status_code == 410
    assert world.poll(limit="x").status_code == 422


def test_a_poll_of_somebody_active_is_noted_each_time(world):
    from wellchat.accounts.models import Presence

    before = db.session.get(Presence, world.cast.paul.id)
    assert before is None
    world.poll(active=1, looking=world.talk.id)
    db.session.rollback()
    assert db.session.get(Presence, world.cast.paul.id).thread_id == world.talk.id


def test_polls_without_measure_are_left_to_the_rate_limits(world, monkeypatch):
    world.count()
    monkeypatch.setattr(gate, "MOST_USES", 3)
    assert world.count(8) > 0


def test_who_went_away_gets_everything_on_return(world):
    world.count(3)
    for i in range(30):
        key = f"away-{i}"
        send_message(sender=world.cast.cara, thread_id=world.talk.id, body=f"{i}", client_key=key, now=clock.now())
    seen, more = [], True
    while more:
        news = world.poll(limit=7).json
        seen += [m["seq"] for m in news["messages"]]
        more = news["has_more"]
    assert seen == list(range(1, 31))
    assert db.session.query(Outbox).filter(Outbox.due_at <= clock.now() + timedelta(seconds=1)).count() == 30
