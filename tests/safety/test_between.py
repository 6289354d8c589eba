"""Blocks and ended connections: nobody writes, and neither can be told from the other."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.cast import Talk
from tests.outsiders import plain
from wellchat.accounts.personal_data import export_person
from wellchat.changes.models import Change
from wellchat.db import db, transaction
from wellchat.errors import CannotWrite, Conflict, NotFound
from wellchat.messaging import dispatch, memberships, messages, receipts
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership, Message, PendingDelivery, Thread
from wellchat.messaging.queries import inbox, thread_for, typing_to
from wellchat.messaging.reactions import react
from wellchat.messaging.serializers import thread_json
from wellchat.messaging.threads import open_thread
from wellchat.messaging.unread import unread_counts
from wellchat.notifications.models import Notification
from wellchat.oversight.quality import figures
from wellchat.safety import between
from wellchat.safety.models import Block
from wellchat.subjects.actions import put_subject

CLOSED = "You cannot write here any more."


def block(who, talk, now):
    between.block(viewer=who, thread_id=talk.id, now=now)


def end(who, talk, now):
    between.end_connection(viewer=who, thread_id=talk.id, now=now)


def moderate(who, talk, now):
    between.end_as_moderator(moderator=who, thread_id=talk.id, now=now)


def shown(viewer, talk, now):
    return thread_json(thread_for(viewer, talk.id), viewer, now=now)


@pytest.mark.each_database
@pytest.mark.parametrize("close", [block, end])
def test_nobody_writes_after_it_and_both_read(app, cast, talk, now, close):
    talk.exchange("cp")
    close(cast.paul, talk, now)
    for who in (cast.cara, cast.paul):
        with pytest.raises(CannotWrite):
            talk.says(who, "More")
        assert thread_for(who, talk.id).thread.last_seq == 2
    assert shown(cast.cara, talk, now)["can_write"] is False
    assert shown(cast.cara, talk, now)["closed"] == CLOSED
    assert shown(cast.cara, talk, now)["closed_by_me"] is None
    assert shown(cast.paul, talk, now)["closed_by_me"] == ("blocked" if close is block else "ended")


@pytest.mark.each_database
def test_who_did_it_undoes_it_and_nobody_else(app, cast, talk, now, logged):
    talk.exchange("cp")
    end(cast.paul, talk, now)
    with pytest.raises(Conflict):
        between.reopen_connection(viewer=cast.cara, thread_id=talk.id, now=now)
    between.reopen_connection(viewer=cast.paul, thread_id=talk.id, now=now)
    talk.says(cast.cara, "Back")
    block(cast.paul, talk, now)
    between.unblock(viewer=cast.cara, thread_id=talk.id, now=now)  # there is no block of hers
    with pytest.raises(CannotWrite):
        talk.says(cast.cara, "No")
    between.unblock(viewer=cast.paul, thread_id=talk.id, now=now)
    assert shown(cast.cara, talk, now)["can_write"] is True
    talk.says(cast.paul, "Yes")
    assert logged() == ["block.made", "block.undone", "connection.ended", "connection.reopened"]


def test_a_connection_with_two_reasons_opens_when_both_are_gone(app, cast, talk, now):
    block(cast.paul, talk, now)
    block(cast.cara, talk, now)
    between.unblock(viewer=cast.paul, thread_id=talk.id, now=now)
    assert shown(cast.paul, talk, now)["closed"] == CLOSED
    assert shown(cast.cara, talk, now)["closed_by_me"] == "blocked"
    between.unblock(viewer=cast.cara, thread_id=talk.id, now=now)
    talk.says(cast.paul, "Hello again")


def test_a_block_twice_is_one_block(app, cast, talk, now, logged):
    block(cast.paul, talk, now)
    block(cast.paul, talk, now)
    assert db.session.scalar(select(func.count()).select_from(Block)) == 1
    assert logged() == ["block.made"]


def test_a_stranger_cannot_close_anything(app, cast, talk, now):
    for act in (between.block, between.unblock, between.end_connection, between.reopen_connection):
        with pytest.raises(NotFound):
            act(viewer=cast.olga, thread_id=talk.id, now=now)
    talk.says(cast.cara, "Still here")


def test_a_block_goes_to_the_archive_of_who_made_it_only(app, cast, talk, now):
    talk.exchange("cp")
    block(cast.paul, talk, now)
    assert inbox(cast.paul)[0] == []
    assert [view.thread.id for view in inbox(cast.paul, archived=True)[0]] == [talk.id]
    assert [view.thread.id for view in inbox(cast.cara)[0]] == [talk.id]


@pytest.mark.each_database
def test_what_was_queued_is_dropped_and_nobody_is_notified(app, cast, talk, now):
    talk.says(cast.cara, "Unread")
    talk.says(cast.paul, "Unread, too")
    block(cast.paul, talk, now)
    assert db.session.scalar(select(func.count()).select_from(PendingDelivery)) == 0
    assert dispatch.sweep(now) == {"told": 0}
    assert db.session.scalar(select(func.count()).select_from(Notification)) == 0
    mailed = select(Membership.mailed_seq, Membership.last_seq).where(Membership.thread_id == talk.id)
    assert all(mailed_seq == last_seq for mailed_seq, last_seq in db.session.execute(mailed))


def test_signs_of_life_stop_both_ways(app, cast, talk, now, change):
    talk.exchange("cp")
    receipts.mark_read(viewer=cast.paul, thread_id=talk.id, seq=1, now=now)
    memberships.set_typing(viewer=cast.cara, thread_id=talk.id, now=now)
    block(cast.paul, talk, now)
    assert not typing_to(cast.paul.id, [talk.id], since=now.replace(year=2000))
    db.session.rollback()
    log = select(func.count()).select_from(Change)
    before = db.session.scalar(log.where(Change.user_id == cast.paul.id))
    receipts.mark_read(viewer=cast.cara, thread_id=talk.id, seq=2, now=now)
    for door in (
        lambda: memberships.set_typing(viewer=cast.cara, thread_id=talk.id, now=now),
        lambda: react(viewer=cast.cara, thread_id=talk.id, seq=2, emoji="👍", on=True, now=now),
        lambda: messages.pin(viewer=cast.cara, thread_id=talk.id, seq=2, on=True, now=now),
        lambda: messages.edit_message(viewer=cast.cara, thread_id=talk.id, seq=1, body="New", now=now),
    ):
        with pytest.raises(CannotWrite):
            door()
    db.session.rollback()
    assert db.session.scalar(log.where(Change.user_id == cast.paul.id)) == before
    seen = shown(cast.paul, talk, now)
    assert seen["other_read_seq"] == 1
    assert (seen["other"]["presence"], seen["other"]["seen_at"]) == ("away", None)
    assert shown(cast.cara, talk, now)["unread"] == 0  # her own mark moved
    between.unblock(viewer=cast.paul, thread_id=talk.id, now=now)
    assert shown(cast.paul, talk, now)["other_read_seq"] == 2


def test_ones_own_message_can_still_be_taken_back(app, cast, talk, now):
    talk.exchange("cp")
    block(cast.paul, talk, now)
    messages.delete_message(viewer=cast.cara, thread_id=talk.id, seq=1, now=now)
    assert db.session.get(Message, (talk.id, 1), populate_existing=True).body is None


def test_a_retry_of_what_arrived_before_is_answered_with_it(app, cast, talk, now):
    given = {"sender": cast.cara, "thread_id": talk.id, "body": "Hello", "client_key": "k", "now": now}
    first, _ = send_message(**given)
    block(cast.paul, talk, now)
    again, new = send_message(**given)
    assert (again.seq, new) == (first.seq, False)


@pytest.mark.parametrize("kind", ["coupon", "lead", "booking"])
def test_no_new_thread_is_opened_around_it(app, cast, talk, now, kind):
    put_subject(
        kind=kind,
        external_id="x",
        title="A title",
        professional_id=cast.paul.id,
        client_id=cast.cara.id,
        starts_at=now if kind == "booking" else None,
        now=now,
    )
    threads = db.session.scalar(select(func.count()).select_from(Thread))
    block(cast.paul, talk, now)
    put_subject(
        kind="lead",
        external_id="later",
        title="A lead",
        professional_id=cast.paul.id,
        client_id=cast.cara.id,
        status="claimed",
        now=now,
    )
    if kind == "coupon":
        with pytest.raises(CannotWrite):
            open_thread(viewer=cast.cara, subject=("coupon", "x"), now=now)
    else:
        opened, made = open_thread(viewer=cast.cara, subject=(kind, "x"), now=now)
        assert not made
        assert thread_for(cast.cara, opened).mine.closed_as == "closed"
    assert db.session.scalar(select(func.count()).select_from(Thread)) == threads


def test_who_has_no_thread_yet_is_not_offered_once_it_is_closed(app, browse, cast, talk, now):
    page = browse(cast.cara).get("/new").text
    assert "Paul Professional" in page
    block(cast.paul, talk, now)
    page = browse(cast.cara).get("/new").text
    assert f'href="/threads/{talk.id}"' in page  # to read


@pytest.mark.each_database
def test_a_send_that_waits_for_a_block_finds_it(app, cast, talk, now, background):
    """The block has its locks and is not committed; the send comes, waits, and must not get through."""
    talk.exchange("c")
    cara, paul = cast.cara, cast.paul
    blocked, go_on = threading.Event(), threading.Event()

    def blocking():
        with transaction():
            block(paul, talk, now)
            blocked.set()
            assert go_on.wait(20)

    def sending():
        assert blocked.wait(20)
        return talk.says(cara, "Late")

    block_made, sent = background(blocking), background(sending)
    assert blocked.wait(20)
    with pytest.raises(TimeoutError):
        sent.result(timeout=0.3)  # it waits
    go_on.set()
    block_made.result(20)
    with pytest.raises(CannotWrite):
        sent.result(20)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


@pytest.mark.each_database
def test_a_block_that_waits_for_a_send_drops_what_it_has_queued(app, cast, talk, now, background):
    cara, paul = cast.cara, cast.paul
    sent, go_on = threading.Event(), threading.Event()

    def sending():
        with transaction():
            talk.says(cara, "Just in time")
            sent.set()
            assert go_on.wait(20)

    def blocking():
        assert sent.wait(20)
        block(paul, talk, now)

    first, second = background(sending), background(blocking)
    assert sent.wait(20)
    go_on.set()
    first.result(20)
    second.result(20)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1
    assert db.session.scalar(select(func.count()).select_from(PendingDelivery)) == 0


@pytest.mark.each_database
def test_twelve_sends_and_a_block_at_once_leave_nothing_behind_it(app, cast, talk, now, background):
    cara, paul = cast.cara, cast.paul
    barrier = threading.Barrier(9)

    def sending(i):
        barrier.wait(20)
        for n in range(5):
            key = f"race-{i}-{n}"
            send_message(sender=cara, thread_id=talk.id, body="Hi", client_key=key, now=now)

    def blocking():
        barrier.wait(20)
        block(paul, talk, now)
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(Message))

    futures = [background(lambda i=i: sending(i)) for i in range(8)]
    after = background(blocking).result(60)
    for future in futures:
        assert isinstance(future.exception(60), CannotWrite | None)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Message)) == after
    assert db.session.scalar(select(func.count()).select_from(PendingDelivery)) == 0


@pytest.mark.each_database
def test_a_thread_that_is_opened_while_a_block_is_made_is_not_opened(app, cast, now, background):
    talk = Talk(cast, now)
    put_subject(
        kind="coupon",
        external_id="x",
        title="Ten",
        professional_id=cast.paul.id,
        client_id=cast.cara.id,
        now=now,
    )
    cara, paul = cast.cara, cast.paul
    blocked, go_on = threading.Event(), threading.Event()

    def blocking():
        with transaction():
            block(paul, talk, now)
            blocked.set()
            assert go_on.wait(20)

    def opening():
        assert blocked.wait(20)
        return open_thread(viewer=cara, subject=("coupon", "x"), now=now)

    block_made, opened = background(blocking), background(opening)
    assert blocked.wait(20)
    with pytest.raises(TimeoutError):
        opened.result(timeout=0.3)
    go_on.set()
    block_made.result(20)
    with pytest.raises(CannotWrite):
        opened.result(20)


def answers_at_every_door(api, browse, cast, talk):
    """What Cara is answered at each door, without the numbers of her change log."""
    program, page, thread = api(cast.cara), browse(cast.cara), f"/threads/{talk.id}"
    answers = [
        program.post(f"/api{thread}/messages", json={"body": "Hi", "client_key": "new"}),
        program.patch(f"/api{thread}/messages/1", json={"body": "Hi"}),
        program.put(f"/api{thread}/messages/2/reactions/👍"),
        program.put(f"/api{thread}/messages/2/pin"),
        program.put(f"/api{thread}/typing"),
        program.put(f"/api{thread}/read", json={"seq": 2}),
        program.put(f"/api{thread}/end"),
        program.delete(f"/api{thread}/end"),
        program.get(f"/api{thread}"),
        program.get("/api/threads"),
        program.get(f"/api{thread}/messages"),
        program.get("/api/notifications"),
        program.post("/api/threads", json={"with": cast.paul.id}),
        program.post("/api/threads", json={"subject": {"kind": "coupon", "external_id": "x"}}),
        page.get(thread),
        page.post(f"{thread}/messages", data={"body": "My words", "client_key": "new"}),
        page.post(f"{thread}/messages/1", data={"body": "Hi"}),
        page.post(f"{thread}/messages/2/reactions", data={"add": "👍"}),
        page.post(f"{thread}/messages/2/pin", data={"pinned": "1"}),
        page.post("/threads", data={"with": cast.paul.id}),
        page.post("/threads", data={"kind": "coupon", "external_id": "x"}),
        page.get("/new"),
        page.get("/"),
        page.get(f"/people/{cast.paul.id}"),
        page.get(f"{thread}/messages/2"),
    ]
    return [_without_numbers(answer) for answer in answers]


def _without_numbers(answer):
    lines, headers = plain(answer, {})
    text = re.sub(r'(cursor"?[:=] ?"?)[\w.=-]+', r"\1", "\n".join(lines))
    text = re.sub(r'name="client_key" value="\w+"', "", text)
    text = re.sub(r'nonce="[^"]*"', "", text)
    headers = [(k, v) for k, v in headers if k not in ("Content-Security-Policy", "ETag", "X-Request-ID")]
    return answer.status_code, text, headers


@pytest.mark.each_database
def test_a_block_is_answered_like_an_end_at_every_door(app, api, browse, cast, talk, now):
    put_subject(kind="coupon", external_id="x", title="Ten", professional_id=cast.paul.id, now=now)
    talk.exchange("cp")
    block(cast.paul, talk, now)
    blocked = answers_at_every_door(api, browse, cast, talk)
    between.unblock(viewer=cast.paul, thread_id=talk.id, now=now)
    end(cast.paul, talk, now)
    ended = answers_at_every_door(api, browse, cast, talk)
    for number, (one, other) in enumerate(zip(blocked, ended, strict=True)):
        assert one == other, number
    refused = [status for status, *_ in blocked[:5]]
    assert refused == [403] * 5
    assert "My words" in blocked[15][1]  # what was typed is kept
    assert db.session.scalar(select(func.count()).select_from(Message)) == 2


def test_pages_ask_first_and_lead_back(app, browse, cast, talk, now):
    page = browse(cast.paul)
    asked = page.get(f"/threads/{talk.id}/block").text
    assert "They are not told that you blocked them" in asked
    assert "Bookings stay as they are" in asked
    done = page.post(f"/threads/{talk.id}/block")
    assert (done.status_code, done.location) == (303, f"/threads/{talk.id}")
    closed = page.get(f"/threads/{talk.id}").text
    assert "You blocked Cara Client." in closed
    assert page.post(f"/threads/{talk.id}/unblock").status_code == 303
    assert f'action="/threads/{talk.id}/end"' in page.get(f"/threads/{talk.id}/end").text
    assert page.post(f"/threads/{talk.id}/end").status_code == 303
    assert "You ended this connection." in page.get(f"/threads/{talk.id}").text
    assert page.post(f"/threads/{talk.id}/reopen").status_code == 303
    talk.says(cast.cara, "Hello")


def test_an_update_closes_the_composer_of_an_open_page(app, api, cast, talk, now):
    program = api(cast.cara)
    cursor = program.get("/api/me").json["cursor"]
    block(cast.paul, talk, now)
    (thread,) = program.get(f"/api/updates?since={cursor}").json["threads"]
    assert (thread["can_write"], thread["closed"]) == (False, CLOSED)


def test_json_calls_block_and_end(app, api, cast, talk, now):
    program = api(cast.paul)
    assert program.put(f"/api/threads/{talk.id}/block").json["thread"]["closed_by_me"] == "blocked"
    assert program.delete(f"/api/threads/{talk.id}/block").json["thread"]["can_write"] is True
    assert program.put(f"/api/threads/{talk.id}/end").json["thread"]["closed_by_me"] == "ended"
    assert program.delete(f"/api/threads/{talk.id}/end").json["thread"]["can_write"] is True


def test_closing_takes_as_many_statements_however_many_threads_there_are(app, cast, talk, now, queries):
    def closed(how_many):
        for number in range(how_many):
            put_subject(
                kind="lead",
                external_id=f"lead-{how_many}-{number}",
                title="A lead",
                professional_id=cast.paul.id,
                client_id=cast.cara.id,
                status="claimed",
                now=now,
            )
            open_thread(viewer=cast.cara, subject=("lead", f"lead-{how_many}-{number}"), now=now)
        with queries() as counted:
            end(cast.paul, talk, now)
        between.reopen_connection(viewer=cast.paul, thread_id=talk.id, now=now)
        return counted.count

    assert closed(1) == closed(6)


@pytest.mark.parametrize("close", [block, end, moderate])
def test_a_copy_of_one_s_data_does_not_say_how_it_was_closed(app, cast, talk, now, close):
    talk.exchange("cp")
    close(cast.paul if close is not moderate else cast.ada, talk, now)
    (connection,) = export_person(cast.cara.id)["connections"]
    assert (connection["ended_at"], connection["ended_by"]) == (None, None)
    assert connection["closed_at"] is not None
    (own,) = export_person(cast.paul.id)["connections"]
    assert own["ended_by"] == (cast.paul.id if close is end else None)


@pytest.mark.each_database
@pytest.mark.parametrize("close", [block, end])
def test_where_nobody_writes_nothing_waits_for_an_answer(app, cast, talk, now, close):
    talk.exchange("pc")
    assert [view.thread.id for view in inbox(cast.paul, waiting=True)[0]] == [talk.id]
    close(cast.cara, talk, now)
    assert inbox(cast.paul, waiting=True)[0] == []
    assert shown(cast.paul, talk, now)["waiting_since"] is None
    assert figures(now + timedelta(days=2))["waiting"] == {1: 0, 3: 0, 7: 0}
    (between.unblock if close is block else between.reopen_connection)(
        viewer=cast.cara, thread_id=talk.id, now=now
    )
    assert [view.thread.id for view in inbox(cast.paul, waiting=True)[0]] == [talk.id]


@pytest.mark.each_database
def test_a_blocked_person_s_unread_words_are_counted_no_more(app, cast, talk, now):
    talk.exchange("ccc")
    receipts.mark_read(viewer=cast.paul, thread_id=talk.id, seq=1, now=now)
    receipts.mark_unread(viewer=cast.paul, thread_id=talk.id, seq=1)
    assert unread_counts(cast.paul.id)["messages"] == 3
    block(cast.paul, talk, now)
    assert unread_counts(cast.paul.id)["messages"] == 0
    between.unblock(viewer=cast.paul, thread_id=talk.id, now=now)
    assert unread_counts(cast.paul.id)["messages"] == 3
    end(cast.paul, talk, now)
    assert unread_counts(cast.paul.id)["messages"] == 3
