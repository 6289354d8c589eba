"""A run decides on many people before it claims each: whatever happens in between must count."""

from __future__ import annotations

import gc
import re
import threading
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

import pytest

from tests.databases import until_one_waits
from tests.mail.world import DELAY, NOON, World, text_of
from wellchat.accounts.models import User
from wellchat.db import db, is_postgresql, transaction
from wellchat.digests import actions, batches, decide, runs
from wellchat.digests.kinds import DIGEST
from wellchat.digests.recipients import load_recipient
from wellchat.digests.render import MAX_SHOWN
from wellchat.mail import actions as mail
from wellchat.mail.refusals import save_refusal
from wellchat.messaging import dispatch, memberships, messages
from wellchat.messaging.models import Thread
from wellchat.notifications.preferences import save_preferences

DUE = NOON + DELAY


def mute(world: World, name: str) -> None:
    changes = {name: DUE + timedelta(days=1)}
    memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=changes)


def postponed_elsewhere(world: World) -> None:
    """Another host found that the reader has just come back."""
    world.seen(world.coach, DUE)
    assert actions.send_one(user_id=world.coach.id, now=DUE) is not None


def message_elsewhere(world: World) -> None:
    person = world.user("Jonas Weber")
    world.say(person, "In another thread", DUE, world.open_thread(person, world.coach))


def bounce(world: World) -> None:
    with transaction():
        save_refusal(world.coach.email, "550 5.1.1 no such user", DUE)


MEANWHILE: dict[str, Callable[[World], object]] = {
    "read": lambda w: w.read(w.coach, 1),
    "deleted": lambda w: messages.delete_message(viewer=w.client, thread_id=w.thread.id, seq=1, now=NOON),
    "edited": lambda w: messages.edit_message(
        viewer=w.client, thread_id=w.thread.id, seq=1, body="Other words", now=NOON
    ),
    "muted": lambda w: mute(w, "muted_until"),
    "snoozed": lambda w: mute(w, "snoozed_until"),
    "another message": lambda w: w.say(w.client, "And one more", DUE),
    "another thread": message_elsewhere,
    "another wish": lambda w: save_preferences(user=w.coach, now=DUE, cadence="off"),
    "another host": lambda w: runs.sweep(DUE),
    "put off": postponed_elsewhere,
    "refused": bounce,
    "claimed": lambda w: actions.send_one(user_id=w.coach.id, now=DUE),
}


@pytest.mark.each_database
@pytest.mark.parametrize("what", MEANWHILE)
def test_the_claim_fails_if_anything_has_changed_since_the_batch_was_built(world: World, what: str) -> None:
    world.say(world.client, "Hello")
    prepared = batches.build_batch([world.coach.id], DUE)[world.coach.id]
    MEANWHILE[what](world)
    before = (world.membership(world.coach).mailed_seq, len(world.mails()))
    with pytest.raises(batches.Changed):
        batches.claim(prepared, DUE)
    db.session.rollback()
    assert (world.membership(world.coach).mailed_seq, len(world.mails())) == before, "and nothing was done"


@pytest.mark.each_database
@pytest.mark.parametrize("what", [name for name in MEANWHILE if name != "claimed"])
def test_the_run_decides_again_if_anything_has_changed_since_the_batch_was_built(
    world: World, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(world.client, "first words")
    real = runs.build_batch
    happened: list[Any] = []

    def build_batch(*given: Any) -> Any:
        found = real(*given)
        db.session.rollback()
        if not happened:
            happened.append(what)
            MEANWHILE[what](world)
        return found

    monkeypatch.setattr(runs, "build_batch", build_batch)
    runs.sweep(DUE)
    runs.sweep(DUE + timedelta(days=2))
    said = [m.get_body(("plain",)).get_content() for m in world.server.messages]
    never = ("read", "deleted", "edited", "muted", "another wish", "refused")
    assert sum("first words" in text for text in said) == (what not in never), said
    if what == "edited":
        assert "Other words" in said[0]
    if what == "another thread":
        assert sum("In another thread" in text for text in said) == 1, "nobody forgotten"


@pytest.mark.each_database
def test_a_digest_sent_by_another_run_during_the_batch_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch, background_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The batch reads one snapshot: what it decided on is still so when it reads the messages."""
    world.say(world.client, "Hello")
    real = batches.contents

    def contents(decisions: Any) -> Any:
        monkeypatch.undo()
        assert background_in(world.app, lambda: runs.sweep(DUE)).result(10)["digests_sent"] == 1
        return real(decisions)

    monkeypatch.setattr(batches, "contents", contents)
    assert runs.sweep(DUE)["digests_sent"] == 0
    assert len(world.mails()) == len(world.server.messages) == 1
    assert not caplog.records


def crowd(world: World, count: int, words: str = "Hello") -> list[User]:
    """Make so many people with one message each, written a second after the other."""
    people = [world.user(f"Reader {n}") for n in range(count)]
    for n, person in enumerate(people):
        thread = world.open_thread(person, world.coach)
        world.say(world.coach, words, NOON - timedelta(seconds=count - n), thread)
    return people


@pytest.mark.slow
def test_many_go_out_over_several_connections_each_once(world: World) -> None:
    people = crowd(world, 130)
    world.app.config["SMTP_CONNECTIONS"] = 3
    assert {o.did for o in runs.send_due(now=DUE)} == {"sent"}
    assert sorted(to for recipients in world.server.recipients for to in recipients) == sorted(
        str(p.email) for p in people
    )
    assert len(world.server.lines) == (3 if is_postgresql() else 1), "SQLite has one writer"


@pytest.mark.slow
def test_few_go_out_over_one_connection(world: World) -> None:
    crowd(world, 20)
    runs.sweep(DUE)
    assert (len(world.server.messages), len(world.server.lines)) == (20, 1)


@pytest.mark.slow
def test_statements_per_recipient_are_few_and_stay_the_same(world: World, queries: Callable[[], Any]) -> None:
    world.app.config["SMTP_CONNECTIONS"] = 1
    counts = []
    for size in (5, 40):
        crowd(world, size)
        with queries() as counted:
            assert runs.sweep(DUE)["digests_sent"] == size
        counts.append(counted.count)
    assert (counts[1] - counts[0]) / 35 == 4, "count as mailed, claim, write down, mark as sent"


def held_by_a_run() -> int:
    """Bytes that the code of a run has allocated and not given back.

    Threads that other tests have left in this process allocate too, in code of their own.
    """
    code = [tracemalloc.Filter(True, f"*/{name}/*") for name in ("wellchat", "sqlalchemy", "jinja2", "email")]
    found = tracemalloc.take_snapshot().filter_traces([*code, tracemalloc.Filter(False, "*/tests/*")])
    return sum(each.size for each in found.statistics("filename"))


@pytest.mark.slow
def test_a_run_holds_no_more_than_one_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BATCH", 10)
    crowd(world, 120, "Hello " * 1000)
    sizes = []
    run = runs.send_due(now=DUE)
    db.session.expunge_all()
    tracemalloc.start()
    for n, _ in enumerate(run, start=1):
        world.server.messages.clear()
        world.server.recipients.clear()
        if n % 10 == 0:
            re.purge()
            gc.collect()
            sizes.append(held_by_a_run())
    tracemalloc.stop()
    assert len(sizes) == 12
    growth = median(sizes[6:]) - median(
        sizes[:6]
    )  # while six batches of 60,000 characters passed; one look says little
    assert growth < 100_000, sizes


def test_two_runs_go_for_different_people(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else both would look at the same people all the way, and each prepare what the other has sent."""
    monkeypatch.setattr(runs, "BATCH", 4)
    people = [person.id for person in crowd(world, 60)]
    chosen = [runs._due(DIGEST, DUE, None, 4) for _ in range(20)]
    assert all(
        found == sorted(found, key=people.index) and set(found) <= set(people[:40]) for found in chosen
    )
    assert len({person for found in chosen for person in found}) > 20


def test_who_waits_longest_comes_first(world: World) -> None:
    people = crowd(world, 5)
    assert [o.user_id for o in runs.send_due(now=DUE)] == [person.id for person in people]


def test_the_thread_that_waits_longest_comes_first_in_the_mail(world: World) -> None:
    later, sooner = (world.user(name) for name in ("Late Larry", "Early Eve"))
    world.say(later, "I came second", NOON, world.open_thread(later, world.coach))
    world.say(sooner, "I came first", NOON - timedelta(minutes=5), world.open_thread(sooner, world.coach))
    runs.sweep(DUE)
    text = world.server.messages[0].get_body(("plain",)).get_content()
    assert text.index("I came first") < text.index("I came second")


def test_no_more_than_ten_a_day_about_one_conversation(world: World) -> None:
    for n in range(12):
        world.say(world.client, f"word {n}", NOON + n * DELAY)
        runs.sweep(NOON + (n + 1) * DELAY)
    assert len(world.server.messages) == 10
    person = world.user("Jonas Weber")
    late = NOON + 13 * DELAY
    world.say(person, "From somebody else", late, world.open_thread(person, world.coach))
    assert runs.sweep(late + DELAY)["digests_sent"] == 1, "other conversations are not held up"
    assert "From somebody else" in world.server.messages[-1].as_string()
    assert runs.sweep(DUE + timedelta(days=1))["digests_sent"] == 1
    assert "2 new messages wait" in text_of(world.server.messages[-1]), "what was held is merged"


def test_a_server_that_cannot_be_reached_ends_the_run(world: World) -> None:
    crowd(world, 4)
    url, world.app.config["SMTP_URL"] = world.app.config["SMTP_URL"], "smtp://127.0.0.1:1"
    done = runs.sweep(DUE)
    assert (done["digests_sent"], done["digests_queued"]) == (0, 1), "the others are not even begun"
    world.app.config["SMTP_URL"] = url
    runs.sweep(DUE + timedelta(minutes=10))
    mail.sweep(DUE + timedelta(minutes=10))
    assert len(world.server.messages) == 4


@pytest.mark.slow
def test_thousands_of_messages_make_a_mail_that_can_be_read(world: World) -> None:
    threads: list[Thread] = []
    for n in range(12):
        person = world.user(f"Client {n}")
        threads.append(world.open_thread(person, world.coach))
        for m in range(20):
            messages.send_message(
                sender=person, thread_id=threads[-1].id, body=f"<{n}.{m}>", client_key=f"{n}.{m}", now=NOON
            )
    actions.schedule(user_id=world.coach.id, at=NOON)
    assert runs.sweep(DUE)["digests_sent"] == 1
    text = world.server.messages[0].get_body(("plain",)).get_content()
    assert text.count("<") == 12 * 12
    assert "20 unread messages; 8 earlier messages are in the conversation" in text
    assert "<0.19>" in text
    assert sum(c["last_seq"] - c["first_seq"] + 1 for c in world.mails()[0].covers) == 240


def test_deciding_takes_no_statement(world: World, queries: Callable[[], Any]) -> None:
    world.say(world.client, "Hello")
    recipient = load_recipient(world.coach.id, DUE)
    assert recipient is not None
    with queries() as counted:
        assert decide.decide(recipient, DUE).threads
    assert counted.count == 0


@pytest.mark.each_database
@pytest.mark.parametrize("follows", ["of the reader's own", "of the sender's, and taken back"])
def test_an_unread_message_before_many_others_is_in_the_mail(world: World, follows: str) -> None:
    """A mail shows the end of a thread. Here nothing of the end is waiting."""
    world.say(world.client, "words that wait")
    writer = world.coach if follows == "of the reader's own" else world.client
    for n in range(MAX_SHOWN + 5):
        key = {"thread_id": world.thread.id, "client_key": f"n{n}", "now": NOON}
        message, _ = messages.send_message(sender=writer, body="no word of it", **key)
        if writer is world.client:
            messages.delete_message(viewer=writer, thread_id=world.thread.id, seq=message.seq, now=NOON)
    outcome = next(each for each in runs.send_due(now=DUE) if each.user_id == world.coach.id)
    assert outcome.did == "sent"
    text = world.server.messages[0].get_body(("plain",)).get_content()
    assert "words that wait" in text
    assert "no word of it" not in text


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_message_that_comes_during_the_claim_makes_no_deadlock(
    world: World, background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread had nothing unread when the run locked the memberships. The dispatcher of the new message
    holds its membership, and waits for the row of the schedule.
    """
    jonas = world.user("Jonas Weber")
    other = world.open_thread(jonas, world.coach)
    world.say(world.client, "first words")
    real, claimed, sent = actions.load_recipient, threading.Event(), threading.Event()

    def load_recipient(*given: Any) -> Any:
        claimed.set()
        assert sent.wait(10)
        until_one_waits()  # the teller has come to the plan that is held here
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(actions, "load_recipient", load_recipient)
        run = background(lambda: actions.send_one(user_id=world.coach.id, now=DUE))
        assert claimed.wait(10)
        messages.send_message(sender=jonas, thread_id=other.id, body="other words", client_key="j", now=DUE)
        dispatcher = background(lambda: dispatch.notify_recipients(thread_ids=[other.id], now=DUE))
        sent.set()
        assert run.result(20).did == "queued"
        assert dispatcher.result(20) == 1
    runs.sweep(DUE + DELAY)
    covers = [cover["thread_id"] for each in world.mails(world.coach) for cover in each.covers]
    assert sorted(covers) == sorted([world.thread.id, other.id]), "each in one mail"
