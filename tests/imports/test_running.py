"""A file of an earlier chat becomes conversations: in order, complete, and quietly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text, update

from tests.cast import Cast, Talk
from tests.imports.conftest import (
    START,
    Importer,
    OldChat,
    messages_in,
    report_of,
    stamp,
    thread_of,
    three_chats,
)
from wellchat.accounts.personal_data import erase_person
from wellchat.attachments.models import Attachment
from wellchat.db import db, transaction
from wellchat.errors import CannotWrite, Conflict
from wellchat.imports import messages as making
from wellchat.imports import running, staging, undoing
from wellchat.imports.models import Import, ImportedMessage
from wellchat.mail.models import Mail
from wellchat.messaging import dispatch
from wellchat.messaging.closing import check_may_write
from wellchat.messaging.models import HELD, Membership, Message, PendingDelivery, Thread
from wellchat.messaging.queries import thread_for
from wellchat.messaging.serializers import thread_json
from wellchat.messaging.threads import open_thread
from wellchat.messaging.unread import unread_counts
from wellchat.notifications.models import Notification
from wellchat.search import actions as index
from wellchat.search.models import SearchQueueEntry

SAME = "differing 0"


def of(client: str = "Cara Client") -> list[Message]:
    return list(messages_in(thread_of(client)))


@pytest.mark.each_database
def test_chats_of_a_pair_become_one_thread_in_the_order_of_their_times(
    old: OldChat, importer: Importer
) -> None:
    row = importer.runs(three_chats(old).write())
    assert (row.state, row.made, row.same, row.refused, row.threads) == ("done", 33, 0, 0, 2)
    thread = thread_of("Hannah Whitcombe")
    messages = messages_in(thread)
    assert [each.seq for each in messages] == list(range(1, 31))
    times = [each.created_at for each in messages]
    assert times == [START + timedelta(seconds=60, microseconds=number) for number in range(30)]
    assert [each.subject.external_id for each in messages if each.subject] == ["B-1", "B-2", "B-3"] * 10
    assert thread.updated_at == times[-1]
    assert thread.created_at == times[0]
    assert "3 chats became thread" in " ".join(report_of(row))
    assert importer.verifies(old.folder / "old.jsonl").line == (
        "chats 4 → threads 2 · messages 33 = 33 · files 0 = 0 · refused 0 · differing 0"
    )


@pytest.mark.each_database
def test_a_shuffled_file_gives_the_same(
    old: OldChat, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SLICE", 7)
    three_chats(old)

    def brought() -> list[tuple[Any, ...]]:
        columns = (Message.seq, Message.body, Message.created_at, Message.client_key, Message.revision)
        of_hannah = select(*columns).where(Message.thread_id == thread_of("Hannah Whitcombe").id)
        return [tuple(each) for each in db.session.execute(of_hannah.order_by(Message.seq))]

    row = importer.runs(old.write())
    first = brought()
    undoing.undo(import_id=row.id, now=importer.now, by_worker=False)
    importer.works(row)
    importer.runs(old.write("shuffled.jsonl", shuffled=5))
    assert brought() == first


@pytest.mark.each_database
def test_equal_times_are_ordered_by_first_times_then_ids_then_the_file(
    old: OldChat, importer: Importer, known: Cast
) -> None:
    for chat, first in (("z-early", 1), ("b", 2), ("a", 2)):
        old.chat(chat)
        old.says(chat, first, f"first of {chat}")
    for body in ("a one", "a two"):
        old.says("a", 10, body)
    for chat in ("b", "z-early"):
        old.says(chat, 10, f"{chat} one")
    importer.runs(old.write())
    assert [each.body for each in of()][3:] == ["z-early one", "a one", "a two", "b one"]


@pytest.mark.each_database
def test_nobody_is_told_and_nothing_is_unread(
    old: OldChat, importer: Importer, known: Cast, app: Any
) -> None:
    told: list[str] = []
    old.chat("one")
    for number in range(5):
        old.says("one", number, by=("c-1", "p-1")[number % 2])
    before = _last_changes(known)
    importer.opens(importer.runs(old.write()))
    for table in (PendingDelivery, Notification, Mail):
        assert db.session.execute(select(func.count()).select_from(table)).scalar() == 0
    for person in (known.cara, known.paul):
        assert unread_counts(person.id) == {"messages": 0, "notifications": 0}
    after = _last_changes(known)
    # One when it was brought in, one when it was opened.
    assert [after[each] - before[each] for each in before] == [2, 2]
    marks = select(Membership.last_read_seq, Membership.delivered_seq, Membership.mailed_seq)
    assert {tuple(each) for each in db.session.execute(marks)} == {(5, 5, 5)}
    assert set(db.session.execute(select(Membership.waiting_since)).scalars()) == {None}
    assert told == []


def _last_changes(known: Cast) -> dict[str, int]:
    query = text("SELECT user_id, last_seq FROM change_logs")
    logs: dict[str, int] = dict(db.session.execute(query).tuples().all())
    return {each.id: logs[each.id] for each in (known.cara, known.paul)}


@pytest.mark.each_database
def test_read_marks_of_the_file_count(old: OldChat, importer: Importer, known: Cast) -> None:
    old.chat("one")
    old.chat("two")
    ids = [old.says(("one", "two")[number % 2], number, by="p-1") for number in range(6)]
    old.adds("read", source="old", chat="one", user="c-1", up_to=ids[2])
    old.adds("read", source="old", chat="two", user="p-1", up_to=ids[1])
    importer.runs(old.write(), waiting=True)
    # The first unread message of Cara's is the last of chat one; Paul has read his own.
    assert unread_counts(known.cara.id)["messages"] == 2
    assert unread_counts(known.paul.id)["messages"] == 0
    waits = select(Membership.waiting_since).where(Membership.user_id == known.cara.id)
    assert db.session.execute(waits).scalar() == START


@pytest.mark.each_database
def test_nobody_writes_until_it_is_opened(old: OldChat, importer: Importer, known: Cast) -> None:
    old.chat("one")
    old.says("one", 1)
    row = importer.runs(old.write())
    thread = thread_of("Cara Client")
    assert open_thread(viewer=known.cara, with_id=known.paul.id, now=importer.now) == (thread.id, False)
    shown = thread_json(thread_for(known.cara, thread.id), known.cara, now=importer.now)
    assert shown["closed"] == "Your earlier messages are being brought over."
    assert (shown["can_write"], shown["other_read_seq"]) == (False, 1)
    talk = Talk(known, importer.now)
    with pytest.raises(CannotWrite, match="being brought over"):
        talk.says(known.cara, "Hello")
    with pytest.raises(CannotWrite):
        check_may_write(known.paul, thread.id, importer.now)
    importer.opens(row)
    assert talk.says(known.cara, "Hello").seq == 2


@pytest.mark.each_database
def test_what_else_keeps_a_thread_closed_does_so_after_the_import(
    old: OldChat, importer: Importer, known: Cast
) -> None:
    from wellchat.safety.between import set_ended_by_host

    old.chat("one")
    old.says("one", 1)
    row = importer.runs(old.write())
    thread = thread_of("Cara Client")

    def closed_as() -> set[Any]:
        return set(db.session.execute(select(Membership.closed_as)).scalars())

    for ended, shown in ((True, "closed"), (False, HELD), (True, "closed")):
        with transaction():
            set_ended_by_host(connection_id=thread.connection_id, ended=ended, now=importer.now)
        assert closed_as() == {shown}
    importer.opens(row)
    assert closed_as() == {"closed"}
    assert thread_of("Cara Client").closed_at is not None


@pytest.mark.each_database
def test_a_second_run_makes_the_difference_only(old: OldChat, importer: Importer, known: Cast) -> None:
    old.chat("one")
    first = old.says("one", 1)
    old.says("one", 2, by="p-1")
    row = importer.runs(old.write())
    again = importer.runs(old.write())
    assert (again.made, again.same, again.changed) == (0, 2, 0)
    # The old chat has lived on: one was edited, one deleted, one is new, and one was found behind.
    old.lines[1] |= {"body": "other words", "edited_at": stamp(30)}
    old.lines[2] |= {"deleted": True}
    old.says("one", 3)
    old.says("one", 1.5, "found later")
    newer = importer.runs(old.write("newer.jsonl"))
    assert (newer.made, newer.same, newer.changed, newer.refused) == (2, 0, 2, 0)
    assert [(each.body, each.deleted_at is not None) for each in of()] == [
        ("other words", False),
        (None, True),
        ("found later", False),
        ("words 3", False),
    ]
    assert of()[0].edited_at == START + timedelta(seconds=30)
    assert importer.verifies(old.folder / "newer.jsonl").line.endswith(SAME)
    assert first
    # Opened, it is a conversation like any other: the old chat changes nothing in it any more.
    importer.opens(newer)
    old.lines[1]["body"] = "third words"
    old.says("one", 9)
    late = importer.runs(old.write("late.jsonl"))
    assert (late.made, late.same, late.changed, late.refused) == (0, 3, 0, 2)
    assert thread_of("Cara Client").closed_at is None
    assert row.id != again.id


@pytest.mark.each_database
def test_deleted_edited_and_answered_messages_stay_so(old: OldChat, importer: Importer, known: Cast) -> None:
    old.chat("one")
    old.chat("two")
    asked = old.says("one", 1)
    old.says("two", 2, by="p-1", reply_to=asked)
    old.says("two", 3, by="p-1", reply_to="nothing", edited_at=stamp(4))
    old.says("one", 5, deleted=True)
    old.says("one", 6, "é" * 100_000)
    row = importer.runs(old.write())
    first, answer, lost, gone, long = of()
    assert (answer.reply_to, lost.reply_to) == (first.seq, None)
    assert lost.edited_at == START + timedelta(seconds=4)
    assert (gone.body, gone.deleted_at) == (None, START + timedelta(seconds=5))
    assert len(long.body or "") == 100_000
    assert any("replies to nothing, which is nothing before it" in each for each in report_of(row))
    assert importer.verifies(old.folder / "old.jsonl").line.endswith(SAME)


@pytest.mark.each_database
def test_a_live_conversation_is_left_alone_unless_it_is_appended_to(
    old: OldChat, importer: Importer, known: Cast
) -> None:
    talk = Talk(known, importer.now)
    talk.exchange("cp")
    old.chat("one")
    old.says("one", 1)
    old.says("one", 2, by="p-1")
    path = old.write()
    checked = importer.checks(path)
    assert (checked.state, checked.made, checked.refused) == ("checked", 0, 2)
    row = importer.runs(path)
    assert (row.made, row.refused) == (0, 2)
    assert talk.says(known.cara, "still open").seq == 3
    row = importer.runs(path, append=True)
    assert [each.seq for each in of()] == list(range(1, len(of()) + 1))
    assert [each.body for each in of()][-3:] == ["Earlier messages, brought over:", "words 1", "words 2"]
    assert [each.is_system for each in of()][-3:] == [True, False, False]
    assert of()[-1].created_at == START + timedelta(seconds=2)
    # Behind the present: the inbox keeps its place.
    assert thread_of("Cara Client").updated_at == importer.now
    with pytest.raises(CannotWrite):
        talk.says(known.cara, "closed for a while")
    # Of what was written before, Paul hears; of what was brought over, nobody.
    dispatch.sweep(importer.now)
    heard = select(Notification.user_id, Notification.last_seq).order_by(Notification.last_seq)
    assert [tuple(each) for each in db.session.execute(heard)] == [(known.cara.id, 2), (known.paul.id, 3)]
    assert importer.verifies(path).line.endswith(SAME)
    importer.opens(row)
    talk.says(known.cara, "open again")


@pytest.mark.each_database
def test_an_undo_leaves_every_table_as_it_was(
    old: OldChat, importer: Importer, known: Cast, tables: Callable[[], Any]
) -> None:
    talk = Talk(known, importer.now)
    talk.exchange("cpc")
    (old.folder / "plan.txt").write_text("a plan")
    old.chat("one")
    for number in range(4):
        old.says("one", number)
    old.says("one", 9, files=[{"path": "plan.txt", "name": "plan.txt"}])
    old.chat("fresh", client="c-2")
    old.says("fresh", 1, by="c-2")
    before = tables()
    row = importer.runs(old.write(), folder=old.folder, append=True)
    assert row.made == 6
    assert tables() != before
    undoing.undo(import_id=row.id, now=importer.now, by_worker=False)
    assert importer.works(row).state == "undone"
    left = {name: rows for name, rows in tables().items() if rows != before[name]}
    # The connection stays, and the row of the system; the worker ends the file.
    assert set(left) == {"connections", "attachments", "users"}
    from wellchat.attachments import processing

    processing.sweep(importer.now)
    assert tables()["attachments"] == []
    talk.says(known.cara, "and on it goes")


@pytest.mark.each_database
def test_an_undo_is_refused_once_somebody_has_written(old: OldChat, importer: Importer, known: Cast) -> None:
    old.chat("one")
    old.says("one", 1)
    row = importer.opens(importer.runs(old.write()))
    Talk(known, importer.now).says(known.paul, "Welcome")
    with pytest.raises(Conflict, match="Somebody has written since"):
        undoing.undo(import_id=row.id, now=importer.now)
    assert thread_of("Cara Client").closed_at is None
    assert len(of()) == 2


@pytest.mark.each_database
def test_files_go_through_the_checks_of_uploads(old: OldChat, importer: Importer, known: Cast) -> None:
    (old.folder / "in").mkdir()
    (old.folder / "in" / "plan.txt").write_text("a plan")
    (old.folder / "in" / "page.html").write_text("<html><script>alert(1)</script></html>")
    files = [{"path": f"in/{name}", "name": name} for name in ("plan.txt", "page.html", "gone.pdf")]
    old.chat("one")
    old.says("one", 1, "see these", files=files)
    old.says("one", 2, body="", by="p-1", files=files[:1])
    old.lines[-1]["body"] = ""
    path = old.write()
    checked = importer.checks(path)
    assert checked.made == 2
    row = importer.runs(path, folder=old.folder)
    told, silent = of()
    assert [file["name"] for file in told.files or ()] == ["plan.txt"]
    assert told.body == (
        "see these\nThis file could not be brought over: page.html\n"
        "This file could not be brought over: gone.pdf"
    )
    assert (silent.body, len(silent.files or ())) == ("", 1)
    kept = db.session.execute(select(Attachment).order_by(Attachment.message_seq)).scalars().all()
    assert [(each.owner_id, each.reader_id) for each in kept] == [
        (known.cara.id, known.paul.id),
        (known.paul.id, known.cara.id),
    ]
    assert any("page.html" in each for each in report_of(row))
    outcome = importer.verifies(path, old.folder)
    assert outcome.line == ("chats 1 → threads 1 · messages 2 = 2 · files 2 = 2 · refused 2 · differing 0")


@pytest.mark.each_database
def test_the_words_are_found_once_the_worker_has_filled_the_index(
    old: OldChat, importer: Importer, known: Cast, api: Callable[..., Any]
) -> None:
    old.chat("one")
    old.says("one", 1, "the colour of the balayage")
    importer.runs(old.write())
    # Behind what people write now.
    assert set(db.session.execute(select(SearchQueueEntry.old)).scalars()) == {True}
    index.sweep(importer.now)
    found = api(known.cara).get("/api/search?q=balayage").json
    assert "balayage" in str(found)


@pytest.mark.each_database
def test_the_statements_do_not_grow_with_the_messages(old: OldChat, importer: Importer, known: Cast) -> None:
    def statements(count: int, chat: str, start: int) -> int:
        old.lines.clear()
        old.chat(chat)
        for number in range(count):
            old.says(chat, start + number, by=("c-1", "p-1")[number % 2])
        row = importer.stages(old.write())
        running.run(import_id=row.id, now=importer.now, by_worker=False)
        counted = [0]

        def listen(*_: Any, **__: Any) -> None:
            counted[0] += 1

        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            assert importer.works(row).made == count
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return counted[0]

    few, many = statements(10, "few", 0), statements(making.SLICE, "many", 1_000)
    assert many - few <= 3
    assert many < 130, "of the whole run"


@pytest.mark.each_database
def test_a_word_that_was_changed_in_the_database_is_named(
    old: OldChat, importer: Importer, known: Cast
) -> None:
    old.chat("one")
    ids = [old.says("one", number) for number in range(6)]
    path = old.write()
    importer.runs(path)
    with transaction() as session:
        session.execute(update(Message).where(Message.seq == 3).values(body="another word"))
    outcome = importer.verifies(path)
    assert not outcome.is_same
    assert outcome.line.endswith("messages 6 = 6 · files 0 = 0 · refused 0 · differing 1")
    assert f"old/one/{ids[2]}: it is another one here (number 3)" in outcome.named[0]
    with transaction() as session:
        session.execute(update(Message).where(Message.seq == 3).values(body="words 3"))
        session.execute(text("DELETE FROM imported_messages WHERE seq = 2"))
        session.execute(text("UPDATE imported_messages SET seq = 2 WHERE seq = 6"))
    named = "\n".join(importer.verifies(path).named)
    assert f"old/one/{ids[1]}: it is missing" in named
    assert f"old/one/{ids[5]}: it is" in named


@pytest.mark.each_database
def test_erasing_a_person_takes_the_staged_lines_about_them(
    old: OldChat, importer: Importer, known: Cast
) -> None:

    old.chat("one")
    old.says("one", 1)
    old.chat("other", client="c-2")
    old.says("other", 1, by="c-2")
    importer.stages(old.write())
    erase_person(user_id=known.cara.id, now=importer.now)
    left = db.session.execute(text("SELECT sender FROM import_lines WHERE kind = 'message'")).scalars().all()
    assert left == ["c-2"]


@pytest.mark.each_database
def test_who_is_erased_while_an_import_runs_leaves_no_word(
    old: OldChat, importer: Importer, known: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_chats(old)
    row = importer.stages(old.write())
    running.run(import_id=row.id, now=importer.now, by_worker=False)
    judge = making.judge

    def and_erase(*given: Any) -> Any:
        found = judge(*given)
        erase_person(user_id=known.cara.id, now=importer.now)
        return found

    monkeypatch.setattr(making, "judge", and_erase)
    row = importer.works(row)
    assert (row.state, row.refused) == ("done", 15)
    db.session.rollback()
    theirs = select(func.count()).select_from(Message).where(Message.sender_id == known.cara.id)
    assert db.session.execute(theirs).scalar() == 0
    notes = [note.text for note in staging.report(row.id) if note.kind == "refused"]
    assert set(notes) == {"c-1 was erased"}


@pytest.mark.each_database
def test_of_two_that_begin_at_once_one_waits(
    old: OldChat, importer: Importer, known: Cast, at_once: Any
) -> None:
    old.chat("one")
    ids = [importer.stages(old.write()).id for _ in range(4)]

    def begin(number: int) -> str:
        try:
            return running.run(import_id=ids[number], now=importer.now).state
        except Conflict as error:
            return error.detail

    answers = at_once(4, begin)
    assert sorted(answers)[-1] == "running"
    assert set(answers) == {"running", "Another import runs. Wait for its end."}
    assert answers.count("running") == 1


def test_another_import_waits(old: OldChat, importer: Importer, known: Cast) -> None:
    old.chat("one")
    row, other = importer.stages(old.write()), importer.stages(old.write())
    running.run(import_id=row.id, now=importer.now)
    with pytest.raises(Conflict, match="Another import runs"):
        running.run(import_id=other.id, now=importer.now)
    running.sweep(importer.now)
    assert db.session.get_one(Import, row.id, populate_existing=True).state == "done"
    assert db.session.execute(select(func.count()).select_from(ImportedMessage)).scalar() == 0
    assert db.session.execute(select(func.count()).select_from(Thread)).scalar() == 1
