"""Many hosts, crashes and bad recipients: each message is in one mail, and nobody is forgotten."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from tests.mail.world import DELAY, NOON, World, text_of
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.digests import runs
from wellchat.digests.kinds import DIGEST
from wellchat.digests.recipients import Recipient, load_recipient
from wellchat.errors import Invalid
from wellchat.mail import actions as mail
from wellchat.messaging import memberships, receipts
from wellchat.messaging.models import Thread
from wellchat.notifications.preferences import save_preferences

MINUTE = timedelta(minutes=1)
DUE = NOON + DELAY


@pytest.mark.each_database
def test_eight_hosts_send_one_digest(world: World) -> None:
    world.say(world.client, "Hello")
    world.together(*[lambda: runs.sweep(DUE)] * 8)
    mail.sweep(DUE)
    assert len(world.server.messages) == 1
    assert world.states() == ["sent"]


@pytest.mark.slow
@pytest.mark.each_database
def test_many_sweeps_at_once_mail_each_message_once(world: World) -> None:
    """More messages keep coming meanwhile. Each is in exactly one mail."""
    threads = [world.open_thread(world.user(f"Client {n}"), world.coach) for n in range(6)]
    people = [db.session.get_one(User, t.client_id) for t in threads]

    def write(n: int) -> None:
        for round_ in range(4):
            world.say(
                db.session.get_one(User, people[n].id), f"<{n}.{round_}>", NOON + round_ * MINUTE, threads[n]
            )

    world.together(*[lambda n=n: write(n) for n in range(6)], *[lambda: runs.sweep(DUE)] * 3)
    runs.sweep(DUE + timedelta(hours=2))
    mail.sweep(DUE + timedelta(hours=2))
    said = "".join(text_of(m) for m in world.server.messages)
    assert [said.count(f"<{n}.{r}>") for n in range(6) for r in range(4)] == [1] * 24
    covered = [
        (c["thread_id"], seq)
        for m in world.mails()
        for c in m.covers
        for seq in range(c["first_seq"], c["last_seq"] + 1)
    ]
    assert len(covered) == len(set(covered)) == 24


@pytest.mark.slow
@pytest.mark.each_database
def test_writing_reading_muting_and_sweeping_at_once_never_collide(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """No deadlock, no error, no message in two mails."""
    threads = [world.open_thread(world.user(f"Client {n}"), world.coach) for n in range(4)]
    places = [(thread.id, thread.client_id) for thread in threads]
    coach_id = world.coach.id

    def write(thread_id: str, client_id: str) -> None:
        thread = db.session.get_one(Thread, thread_id)
        for n in range(8):
            world.say(db.session.get_one(User, client_id), f"word {n}", NOON, thread)

    def read(thread_id: str) -> None:
        coach = db.session.get_one(User, coach_id)
        for seq in range(1, 8, 2):
            with suppress(Invalid):  # not written yet
                receipts.mark_read(viewer=coach, thread_id=thread_id, seq=seq, now=NOON)
            memberships.change_membership(
                viewer=coach, thread_id=thread_id, changes={"archived": bool(seq % 4)}
            )

    def change_mind() -> None:
        coach = db.session.get_one(User, coach_id)
        for n in range(6):
            save_preferences(user=coach, now=NOON, cadence=("soon", "hourly")[n % 2])

    def sweep() -> None:
        for n in range(6):
            runs.sweep(DUE + n * MINUTE)

    writers = [lambda place=place: write(*place) for place in places]
    readers = [lambda place=place: read(place[0]) for place in places]
    answers = world.together(*writers, *readers, change_mind, sweep, sweep, sweep)
    assert answers == [None] * len(answers)
    runs.sweep(DUE + timedelta(days=2))
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    covered = [
        (c["thread_id"], seq)
        for m in world.mails()
        for c in m.covers
        for seq in range(c["first_seq"], c["last_seq"] + 1)
    ]
    assert len(covered) == len(set(covered))
    left = load_recipient(coach_id, DUE + timedelta(days=2))
    assert left is not None
    assert left.waiting == (), "nobody forgotten"


@pytest.mark.each_database
@pytest.mark.parametrize("step", ["decide", "create_claimed", "before commit"])
def test_killed_at_any_step_nobody_is_forgotten_and_nobody_told_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    world.say(world.client, "Hello")
    with monkeypatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        match step:
            case "decide":
                patch.setattr(DIGEST, "decide", die)
            case "create_claimed":
                patch.setattr(mail, "create_claimed", die)
            case "before commit":
                real = mail.create_claimed
                patch.setattr(mail, "create_claimed", lambda **a: (real(**a), die()))
        runs.sweep(DUE)
    db.session.remove()
    for minutes in range(1, 30, 5):
        runs.sweep(DUE + minutes * MINUTE)
        mail.sweep(DUE + minutes * MINUTE)
    assert len(world.server.messages) == 1
    assert world.states() == ["sent"]


def test_a_message_of_unknown_fate_is_not_mailed_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    world.say(world.client, "first words")
    with monkeypatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        patch.setattr("wellchat.mail.transport.SmtpConnection.send", die)
        runs.sweep(DUE)
    mail.sweep(DUE + timedelta(hours=1))
    world.say(world.client, "second words", DUE)
    runs.sweep(DUE + timedelta(hours=2))
    assert sorted(world.states()) == ["sent", "unknown"]
    [message] = world.server.messages
    assert "first words" not in message.as_string()


def test_one_bad_recipient_harms_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = world.user("Bad Luck", "professional")
    thread = world.open_thread(world.client, bad)
    world.say(world.client, "to the bad one", NOON - MINUTE, thread)
    world.say(world.client, "to the good one")
    real = DIGEST.decide

    def stumble(recipient: Recipient, now: datetime) -> object:
        if recipient.user_id == bad.id:
            raise ValueError("rotten")
        return real(recipient, now)

    with monkeypatch.context() as patch:
        patch.setattr(DIGEST, "decide", stumble)  # with all the others, and then alone
        done = runs.sweep(DUE)
        assert (done["digests_sent"], done["digests_failed"]) == (1, 1)
        assert runs.sweep(DUE)["digests_sent"] == 0, "not tried again at once"
    assert runs.sweep(DUE + 6 * MINUTE)["digests_sent"] == 1
