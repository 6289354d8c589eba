"""`GET /api/updates`: state instead of events, nothing lost, and repetition does no harm."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.services import wait_for
from wellchat.changes.actions import renew_epoch
from wellchat.db import db, transaction
from wellchat.longpoll import middleware
from wellchat.longpoll.waiters import Waiter
from wellchat.longpoll.wakeups import poll_notifier
from wellchat.messaging.memberships import set_typing
from wellchat.messaging.messages import delete_message, edit_message
from wellchat.messaging.receipts import mark_read


@pytest.fixture
def poll(api, talk):
    """Return poll(user, since, **query), which returns the response to a poll of that user."""

    def ask(user, since, **query):
        return api(user).get("/api/updates", query_string={"since": since, **query})

    return ask


@pytest.fixture
def start(api):
    """Return start(user), which returns a cursor at the head of the user's log."""
    return lambda user: api(user).get("/api/me").json["cursor"]


def test_nothing_new_is_204(poll, start, talk):
    answer = poll(talk.cara, start(talk.cara))
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["X-Poll-Interval"] == "3"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Type" not in answer.headers


def test_a_message_comes_with_its_thread_and_the_unread_counts(poll, start, talk):
    since = start(talk.paul)
    talk.says(talk.cara, "hello")
    news = poll(talk.paul, since).json
    assert [m["body"] for m in news["messages"]] == ["hello"]
    assert [(t["id"], t["unread"], t["last_seq"]) for t in news["threads"]] == [(talk.id, 1, 1)]
    assert news["unread"] == {"messages": 1, "notifications": 0}
    assert (news["has_more"], news["notifications"], news["typing"]) == (False, [], [])
    assert poll(talk.paul, news["cursor"]).status_code == 204


def test_the_same_cursor_again_returns_the_same_or_a_newer_state(poll, start, talk):
    """Trap 14: after a lost response, the client repeats the poll."""
    since = start(talk.paul)
    talk.says(talk.cara, "one")
    first = poll(talk.paul, since).json
    talk.says(talk.cara, "two")
    again = poll(talk.paul, since).json
    assert [m["body"] for m in first["messages"]] == ["one"]
    assert [m["body"] for m in again["messages"]] == ["one", "two"]


def test_edits_deletions_and_reads_are_in_updates(poll, start, talk, now):
    """Trap 8."""
    talk.exchange("ccp")
    since = start(talk.cara)
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="edited", now=now)
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=2, now=now)
    mark_read(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    news = poll(talk.cara, since).json
    assert [(m["seq"], m["body"], m["deleted"]) for m in news["messages"]] == [
        (1, "edited", False),
        (2, None, True),
    ]
    assert news["threads"][0]["other_read_seq"] == 2


def test_a_backlog_comes_in_pages_without_a_gap(poll, start, talk):
    """Trap 12."""
    since = start(talk.paul)
    talk.exchange("c" * 25)
    seen, more, pages = [], True, 0
    while more:
        news = poll(talk.paul, since, limit=10).json
        seen += [m["seq"] for m in news["messages"]]
        since, more, pages = news["cursor"], news["has_more"], pages + 1
    assert (seen, pages) == (list(range(1, 26)), 3)


def test_the_cursor_of_a_list_is_read_before_the_list(app, api, poll, talk, monkeypatch):
    """Trap 10: a message between cursor and list comes twice. The other order would lose it."""
    from wellchat.messaging import queries

    whole_inbox = queries.inbox

    def slow_inbox(*args, **kwargs):
        talk.says(talk.cara, "in between")
        return whole_inbox(*args, **kwargs)

    monkeypatch.setattr(queries, "inbox", slow_inbox)
    page = api(talk.paul).get("/api/threads").json
    assert page["threads"][0]["last_message"]["body"] == "in between"
    assert [m["body"] for m in poll(talk.paul, page["cursor"]).json["messages"]] == ["in between"]


def test_typing_is_in_updates_until_it_expires(poll, start, talk, now):
    since = start(talk.paul)
    from wellchat import clock

    set_typing(viewer=talk.cara, thread_id=talk.id, now=clock.now())
    assert poll(talk.paul, since).json["typing"] == [{"thread_id": talk.id, "user_id": talk.cara.id}]
    since = start(talk.paul)
    set_typing(viewer=talk.cara, thread_id=talk.id, now=now - timedelta(minutes=1))
    assert poll(talk.paul, since).json["typing"] == []


def test_a_cursor_that_cannot_be_followed_is_410_with_a_fresh_cursor(poll, start, talk):
    """Trap 11."""
    theirs = start(talk.paul)
    answer = poll(talk.cara, theirs)
    assert (answer.status_code, answer.json["reason"]) == (410, "foreign")
    assert (answer.content_type, answer.json["title"]) == ("application/problem+json", "Gone")
    assert poll(talk.cara, answer.json["cursor"]).status_code == 204
    mine = start(talk.cara)
    renew_epoch()
    assert poll(talk.cara, mine).json["reason"] == "restored"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"since": ""},
        {"since": "zzz"},
        {"since": "x" * 200},
        {"since": "\x00"},
        {"wait": "-1"},
        {"wait": "soon"},
        {"wait": "nan"},
        {"wait": "inf"},
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "x"},
    ],
)
def test_invalid_polls_are_422(api, start, talk, query):
    whole = query if "since" in query or not query else {"since": start(talk.cara), **query}
    answer = api(talk.cara).get("/api/updates", query_string=whole)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json["errors"]


def test_polling_alone_is_not_presence(app, poll, start, talk):
    """Trap 20."""
    from wellchat.accounts.models import Presence

    since = start(talk.cara)
    with transaction() as session:
        session.query(Presence).delete()
    poll(talk.cara, since)
    assert db.session.get(Presence, talk.cara.id) is None
    poll(talk.cara, since, active="1", looking=talk.id)
    assert db.session.get(Presence, talk.cara.id).thread_id == talk.id


def test_a_message_between_reading_and_waiting_ends_the_poll_at_once(
    app, api, start, talk, monkeypatch, background
):
    """Trap 9: the poll is held between reading the log and waiting, while the message is sent."""
    since, looked, sent = start(talk.paul), threading.Event(), threading.Event()
    true_heads = middleware.heads

    def look_then_pause(user_ids):
        found = true_heads(user_ids)
        looked.set()
        sent.wait(10)
        return found

    monkeypatch.setattr(middleware, "heads", look_then_pause)
    client = api(talk.paul)
    polling = background(lambda: client.get("/api/updates", query_string={"since": since, "wait": 20}))
    assert looked.wait(10)
    talk.says(talk.cara, "just now")
    sent.set()
    assert [m["body"] for m in polling.result(5).json["messages"]] == ["just now"]


@pytest.mark.each_database
def test_waiting_polls_hold_no_database_connection(app, api, start, talk, background):
    """Trap 15: more polls wait than the pool has connections, and sending still works."""
    most = db.engine.pool.size() + db.engine.pool.overflow() + 30
    since = start(talk.paul)
    app.config["MAX_WAITING_PER_PERSON"] = most
    clients = [api(talk.paul) for _ in range(most)]
    polls = [
        background(
            lambda c=client: c.get("/api/updates", query_string={"since": since, "wait": 20}).status_code
        )
        for client in clients
    ]
    while poll_notifier().waiting < most:
        threading.Event().wait(0.01)
    wait_for(lambda: db.engine.pool.checkedout() <= 1, what="the return of every connection")
    talk.says(talk.cara, "wake up")
    assert {polling.result(15) for polling in polls} == {200}


def test_a_person_has_ten_places_and_a_further_poll_ends_the_oldest(app, api, start, talk, background):
    since, room = start(talk.paul), app.config["MAX_WAITING_PER_PERSON"]

    def wait():
        return api(talk.paul).get("/api/updates", query_string={"since": since, "wait": 20}).status_code

    polls = []
    for count in range(1, room + 3):
        polls.append(background(wait))
        wait_for(lambda count=count: poll_notifier().waiting == min(count, room), what="its place")
        if count > room:
            assert polls[count - room - 1].result(5) == 204
    other = background(
        lambda: api(talk.cara).get("/api/updates", query_string={"since": start(talk.cara), "wait": 1})
    )
    assert other.result(5).status_code == 204
    talk.says(talk.cara, "news")
    assert [poll.result(5) for poll in polls] == [204] * 2 + [200] * room


def test_polls_beyond_the_limit_are_answered_at_once_with_a_longer_interval(
    app, api, start, talk, background
):
    """Trap 16: the server falls back to short polls before it runs out of room."""
    app.config["MAX_WAITING"] = 1
    since, client, theirs = start(talk.cara), api(talk.paul), start(talk.paul)
    hanging = background(lambda: client.get("/api/updates", query_string={"since": theirs, "wait": 20}))
    while poll_notifier().waiting < 1:
        threading.Event().wait(0.01)
    answer = api(talk.cara).get("/api/updates", query_string={"since": since, "wait": 20})
    assert (answer.status_code, answer.headers["X-Poll-Interval"]) == (204, "15")
    talk.says(talk.cara, "let go")
    assert hanging.result(5).status_code == 200


def test_polls_wait_for_less_time_when_many_are_waiting(app, poll, start, talk):
    app.config.update(MAX_WAITING=4, MAX_WAIT=25)
    since, found, room = start(talk.paul), [], []
    for _ in range(5):
        found.append(
            (app.extensions["idle_poll_cache"].max_wait(), poll(talk.paul, since).headers["X-Poll-Interval"])
        )
        room.append(Waiter(talk.cara.id, 0))
        poll_notifier().add_waiter(room[-1])
    for waiter in room:
        poll_notifier().remove_waiter(waiter)
    assert found == [(25, "3"), (25, "3"), (25, "3"), (15, "9"), (pytest.approx(5), "15")]


def test_an_update_takes_a_fixed_number_of_queries(app, api, start, talk, queries):
    since, program = start(talk.paul), api(talk.paul)

    def count():
        with queries() as counted:
            assert program.get("/api/updates", query_string={"since": since}).status_code == 200
        return counted.count

    talk.exchange("c")
    count()  # the first one also confirms what came before
    few = count()
    talk.exchange("c" * 30)
    assert count() == few <= 10
