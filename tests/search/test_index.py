"""The search index: kept by triggers and the worker, rebuilt, and filled by the migration."""

from __future__ import annotations

import json

import flask_migrate
import pytest
from sqlalchemy import select, text

from tests.cast import Talk, gather
from tests.databases import migrate
from wellchat import sweeps
from wellchat.db import db, is_postgresql
from wellchat.messaging.messages import edit_message, send_message
from wellchat.search import actions, tokens
from wellchat.search.models import SearchEntry
from wellchat.search.queries import Question, search


def count(table):
    return db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.mark.each_database
def test_the_sweep_indexes_messages_whose_task_was_lost(app, talk, now):
    talk.exchange("ccp")
    assert actions.waiting() == 3
    assert sweeps.run(now)["indexed"] == 3
    assert (actions.waiting(), count("search_entries")) == (0, 3)
    assert sweeps.run(now)["indexed"] == 0


@pytest.mark.each_database
def test_a_send_needs_no_extra_statement_for_the_index(app, talk, now, queries):
    """The queue is written by the message's own statement; no statement of ours names it."""
    wish = {"sender": talk.cara, "thread_id": talk.id, "body": "hi", "now": now}
    send_message(**wish, client_key="warm")
    with queries() as counted:
        send_message(**wish, client_key="counted")
    assert counted.count == 7
    assert actions.waiting() == 2


@pytest.mark.each_database
def test_new_messages_are_indexed_before_old_ones(app, talk):
    talk.exchange("cccc")
    while actions.index():
        pass
    assert actions.rebuild() == 4
    talk.says(talk.cara, "the newest of all")
    assert actions.index(only_new=True) == 1
    assert actions.index(only_new=True) == 0
    assert search(talk.paul, Question("newest"), now=talk.now).hits
    assert actions.waiting() == 4


@pytest.mark.each_database
def test_simultaneous_workers_index_each_message_once(app, talk, at_once):
    talk.exchange("cp" * 20)
    assert sum(at_once(4, lambda _: actions.index(limit=10))) >= 10
    while actions.index():
        pass
    assert (actions.waiting(), count("search_entries")) == (0, 40)


@pytest.mark.each_database
def test_an_edit_without_a_change_is_not_indexed_again(app, talk):
    message = talk.says(talk.cara, "the same")
    actions.index()
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=message.seq, body="the same", now=talk.now)
    assert (actions.waiting(), count("search_entries")) == (0, 1)


def test_search_index_prints_how_many_it_indexed(app, talk):
    talk.exchange("ccp")
    run = app.test_cli_runner().invoke
    assert json.loads(run(args=["search", "index", "--json"]).stdout) == {"indexed": 3}
    assert run(args=["search", "index"]).stdout == "indexed: 0\n"
    assert run(args=["search", "index", "--afresh"]).stdout == "indexed: 3\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_app(request, make_app, tmp_path):
    """An application on an empty database of its own."""
    if request.param == "postgresql":
        return make_app(DATABASE_URL=request.getfixturevalue("postgresql_url"))
    return make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'fresh.db'}")


def test_the_migration_queues_existing_messages(fresh_app, now):
    with fresh_app.app_context():
        migrate(fresh_app)
        talk = Talk(gather(now), now)
        talk.says(talk.cara, "a papaya of old")
        paul = talk.paul
        actions.index()
        db.session.remove()
        flask_migrate.downgrade(revision="0004")
        with db.engine.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM messages")).scalar_one() == 1
            # no trigger is left
            connection.execute(text("UPDATE messages SET body = 'a papaya, edited meanwhile'"))
        flask_migrate.upgrade()
        assert actions.waiting() == 1
        assert actions.index() == 1
        assert [one.message.body for one in search(paul, Question("papaya"), now=now).hits] == [
            "a papaya, edited meanwhile"
        ]
        db.session.remove()
        db.engine.dispose()


@pytest.mark.each_database
def test_a_search_uses_the_full_text_index(app, talk):
    """The plan names the full-text index and scans no table, even where a few rows would allow it."""
    from wellchat.search.queries import _statement

    if is_postgresql():
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    statement = _statement(talk.paul, Question("plum"), talk.now, None)
    compiled = statement.compile(db.engine)
    keyword = "EXPLAIN " if is_postgresql() else "EXPLAIN QUERY PLAN "
    cursor = db.session.connection().connection.cursor()
    values = compiled.construct_params()
    processed = {
        name: compiled._bind_processors.get(name, lambda value: value)(value)
        for name, value in values.items()
    }
    given = [processed[name] for name in compiled.positiontup] if compiled.positional else processed
    cursor.execute(keyword + str(compiled), given)
    seen = [str(row[-1]) for row in cursor.fetchall()]
    name = "search_entries_tokens" if is_postgresql() else "search_entries_fts VIRTUAL TABLE"
    assert sum(name in line for line in seen) == 5
    assert not [
        line
        for line in seen
        if line.startswith("SCAN search_entries ") or "Seq Scan on search_entries" in line
    ]


@pytest.mark.each_database
def test_a_new_version_indexes_every_message_again_in_steps(app, talk, now, monkeypatch):
    def old_tokens(body, **more):
        return [tokens.number(each) for each in (tokens.for_user(talk.cara.id), f"={body[:2]}")]

    talk.exchange("cccc")
    with monkeypatch.context() as before:
        before.setattr(tokens, "VERSION", tokens.VERSION - 1)
        before.setattr(tokens, "message_tokens", old_tokens)
        sweeps.run(now)
        assert not actions.queue_outdated()
    kept = {row.seq: row.tokens for row in db.session.execute(select(SearchEntry)).scalars()}
    talk.says(talk.cara, "of this version")
    assert actions.queue_outdated(limit=3)
    # What waits is done first; only then comes the next step.
    assert not actions.queue_outdated(limit=3)
    assert actions.waiting() == 4
    while actions.index():
        pass
    assert actions.queue_outdated(limit=3)
    assert sweeps.run(now)["indexed"] == 1
    assert sweeps.run(now)["indexed"] == 0
    assert not actions.queue_outdated()
    db.session.expire_all()
    entries = list(db.session.execute(select(SearchEntry)).scalars())
    assert len(entries) == 5
    assert all(entry.tokens != kept.get(entry.seq) for entry in entries)


@pytest.mark.each_database
def test_workers_at_once_queue_each_step_once(app, talk, now, at_once, monkeypatch):
    talk.exchange("c" * 30)
    sweeps.run(now)
    monkeypatch.setattr(tokens, "VERSION", tokens.VERSION + 1)
    at_once(4, lambda _: actions.queue_outdated(limit=10))
    assert actions.waiting() == 10
