"""Messages that go out by themselves: each once, marked, quiet, and in answer to people alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from wellchat.accounts.models import User
from wellchat.accounts.presence import touch_presence
from wellchat.automatic_messages import actions, answering
from wellchat.automatic_messages.forms import Texts
from wellchat.automatic_messages.models import AutomaticAnswer
from wellchat.db import db, transaction
from wellchat.messaging import dispatch
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.models import AUTOMATIC, BELL, HOST, Membership, Message
from wellchat.messaging.queries import thread_for
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.serializers import message_json, thread_json
from wellchat.messaging.threads import open_thread
from wellchat.notifications.models import Notification
from wellchat.safety import between
from wellchat.subjects.actions import put_subject

NIGHT = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)  # a Tuesday
HOURS = [[["09:00", "17:00"]]] * 5 + [[], []]
NO_HOURS: list[list[list[str]]] = [[] for _ in range(7)]


@pytest.fixture
def now():
    return NIGHT


@pytest.fixture
def paul(cast, now):
    """Paul, who has set up a welcome, hours and an answer outside of them."""

    def set_up(welcome="", away="", hours=HOURS, days_off=()):
        texts = Texts(welcome=welcome, away=away)
        actions.set_up(viewer=cast.paul, texts=texts, hours=hours, days_off=list(days_off), now=now)
        return cast.paul

    return set_up


def arrive(at):
    """What the worker does: told first, answered then."""
    dispatch.sweep(at)
    return answering.sweep(at)["answered"]


def said(thread_id):
    db.session.expire_all()
    query = select(Message).where(Message.thread_id == thread_id).order_by(Message.seq)
    return db.session.execute(query).scalars().all()


def by_itself(thread_id):
    return [message.body for message in said(thread_id) if message.via == AUTOMATIC]


def test_an_answer_outside_hours_says_when_in_the_reader_s_words(app, talk, paul, now, change):
    paul(away="Dear {first_name}, I am back on {back}. {my_name}")
    change(talk.cara, time_zone="America/New_York", zone_known=True, locale="de")
    talk.says(talk.cara, "Are you there?")
    assert arrive(now) == 1
    assert by_itself(talk.id) == ["Dear Cara, I am back on Dienstag, 1. Dezember 04:00. Paul Professional"]


def test_it_is_marked_quiet_and_no_answer_of_a_person(app, talk, paul, now):
    paul(away="Away.")
    talk.says(talk.cara, "Are you there?")
    arrive(now)
    dispatch.sweep(now)
    message = said(talk.id)[-1]
    assert (message.via, message.told) == (AUTOMATIC, BELL)
    assert message_json(message, talk.cara.id)["via"] == "automatic"
    # Who waited goes on waiting, and has read nothing by it.
    theirs = thread_json(thread_for(talk.paul, talk.id), talk.paul, now=now)
    assert (theirs["waiting_since"], theirs["unread"], theirs["last_read_seq"]) == (
        "2026-12-01T02:00:00.000Z",
        1,
        0,
    )
    hers = db.session.get(Membership, (talk.id, talk.cara.id), populate_existing=True)
    assert hers.waiting_since is None
    bell = (
        db.session.execute(select(Notification).where(Notification.user_id == talk.cara.id)).scalars().all()
    )
    assert [each.preview for each in bell] == ["Away."]
    # A deletion counts anew who waits, and finds the same.
    first = talk.says(talk.cara, "And?")
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=first.seq, now=now)
    his = db.session.get(Membership, (talk.id, talk.paul.id), populate_existing=True)
    assert his.waiting_since == now


def test_once_in_a_day_of_a_thread(app, talk, paul, now):
    paul(away="Away.", hours=[[["09:00", "17:00"]], *NO_HOURS[1:]])
    for hours_later, expected in ((0, 1), (1, 1), (23, 1), (25, 2), (26, 2)):
        at = now + timedelta(hours=hours_later)
        talk.says(talk.cara, "Hello?", now=at)
        arrive(at)
        assert len(by_itself(talk.id)) == expected, hours_later


@pytest.mark.each_database
def test_eight_workers_send_one_answer_and_one_welcome(app, talk, paul, now, at_once):
    paul(welcome="Welcome, {first_name}!", away="Away.")
    talk.says(talk.cara, "Are you there?")
    dispatch.sweep(now)
    thread_id = talk.id
    sent = at_once(8, lambda _: answering.answer_threads(thread_ids=[thread_id], now=now))
    assert sum(sent) == 2
    assert by_itself(thread_id) == ["Welcome, Cara!", "Away."]
    assert [message.seq for message in said(thread_id)] == [1, 2, 3]


@pytest.mark.each_database
def test_answers_and_people_who_write_meanwhile_wait_for_each_other(app, talk, paul, now, at_once):
    """Telling, answering and sending take their locks in one order: nothing fails, nothing is lost."""
    paul(away="Away.")
    talk.says(talk.cara, "Are you there?")
    dispatch.sweep(now)
    thread_id, cara_id = talk.id, talk.cara.id

    def act(i):
        if i % 3 == 0:
            return answering.answer_threads(thread_ids=[thread_id], now=now)
        if i % 3 == 1:
            return dispatch.notify_recipients(thread_ids=[thread_id], now=now)
        cara = db.session.get(User, cara_id)
        return send_message(sender=cara, thread_id=thread_id, body=f"{i}", client_key=f"{i}", now=now)[1]

    at_once(12, act)
    arrive(now)
    assert by_itself(thread_id) == ["Away."]
    assert len(said(thread_id)) == 6
    assert db.session.execute(select(AutomaticAnswer.due_at)).scalars().all() == [None]


@pytest.mark.each_database
def test_what_comes_while_another_is_answered_stays_due(app, talk, paul, now, monkeypatch):
    paul(away="Away.")
    talk.says(talk.cara, "Hello?")
    dispatch.sweep(now)
    real = answering._decide

    def meanwhile(thread, job, at):
        newer = update(AutomaticAnswer).values(seq=AutomaticAnswer.seq + 1, due_at=at)
        db.session.execute(newer.execution_options(synchronize_session=False))
        return real(thread, job, at)

    monkeypatch.setattr(answering, "_decide", meanwhile)
    assert answering.sweep(now) == {"answered": 1}
    assert db.session.execute(select(AutomaticAnswer.due_at)).scalar_one() == now


def no_answer_to_a_program(talk, now):
    what = {"thread_id": talk.id, "body": "Automatic", "now": now}
    send_message(sender=talk.cara, client_key="a", via=HOST, **what)
    send_message(sender=talk.cara, client_key="b", via=AUTOMATIC, told=BELL, **what)


def taken_back(talk, now):
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=talk.says(talk.cara, "Oops").seq, now=now)


def answered(talk, now):
    talk.says(talk.cara, "Hello?")
    talk.says(talk.paul, "Yes?")


def read_at_once(talk, now):
    mark_read(viewer=talk.paul, thread_id=talk.id, seq=talk.says(talk.cara, "Hello?").seq, now=now)


def looked_at(talk, now):
    talk.says(talk.cara, "Hello?")
    touch_presence(user_id=talk.paul.id, thread_id=talk.id, now=now)


def blocked(talk, now):
    talk.says(talk.cara, "Hello?")
    between.block(viewer=talk.paul, thread_id=talk.id, now=now)


def from_paul(talk, now):
    talk.says(talk.paul, "Hello?")


@pytest.mark.parametrize(
    "act",
    [no_answer_to_a_program, taken_back, answered, read_at_once, looked_at, blocked, from_paul],
    ids=lambda act: act.__name__,
)
def test_no_answer_to(app, talk, paul, now, act):
    paul(away="Away.")
    act(talk, now)
    arrive(now)
    assert "Away." not in by_itself(talk.id)


@pytest.mark.parametrize("fields", [{"disabled_at": NIGHT}, {"paused_until": NIGHT + timedelta(days=1)}])
@pytest.mark.parametrize("who", ["cara", "paul"])
def test_nobody_who_is_disabled_or_stopped_is_part_of_it(app, talk, paul, now, fields, who):
    paul(away="Away.", welcome="Welcome!")
    talk.says(talk.cara, "Hello?")
    dispatch.sweep(now)
    with transaction() as session:
        session.execute(update(User).where(User.id == getattr(talk, who).id).values(**fields))
    db.session.expire_all()
    answering.sweep(now)
    assert by_itself(talk.id) == ([] if who == "paul" or "disabled_at" in fields else ["Welcome!", "Away."])


@pytest.mark.parametrize(
    ("sent", "seen"), [("2026-12-01T10:00", "2026-12-01T10:00"), ("2026-12-01T07:59", "2026-12-01T09:01")]
)
def test_nothing_goes_out_while_they_are_open(app, talk, paul, sent, seen):
    """Also not for what came before, when the worker was away until then."""
    paul(away="Away.")
    sent, seen = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (sent, seen))
    talk.says(talk.cara, "Hello?", now=sent)
    arrive(seen)
    assert by_itself(talk.id) == []


def test_who_looked_on_and_left_is_away(app, talk, paul, now):
    paul(away="Away.", welcome="Welcome!")
    touch_presence(user_id=talk.paul.id, thread_id=talk.id, now=now)
    talk.says(talk.cara, "Hello?")
    arrive(now)
    assert by_itself(talk.id) == ["Welcome!"]
    paul(away="Away.", welcome="Another welcome!")
    arrive(now + timedelta(minutes=10))
    assert by_itself(talk.id) == ["Welcome!", "Away."]


def test_a_welcome_is_for_a_first_contact_and_never_comes_twice(app, talk, paul, cast, now):
    paul(welcome="Welcome, {name}!", hours=NO_HOURS)
    first = talk.says(talk.cara, "Hello")
    arrive(now)
    assert by_itself(talk.id) == ["Welcome, Cara Client!"]
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=first.seq, now=now)
    talk.says(talk.cara, "Hello again")
    arrive(now)
    assert len(by_itself(talk.id)) == 1
    # The two know each other by now, so a conversation about something begins without.
    put_subject(kind="coupon", external_id="c", title="10 %", professional_id=talk.paul.id, now=now)
    about, _ = open_thread(viewer=talk.cara, subject=("coupon", "c"), now=now)
    send_message(sender=talk.cara, thread_id=about, body="About it", client_key="k", now=now)
    arrive(now)
    assert by_itself(about) == []


def test_a_professional_who_writes_first_or_answered_already_welcomes_nobody(app, talk, paul, cast, now):
    paul(welcome="Welcome!", hours=NO_HOURS)
    talk.exchange("pc")
    arrive(now)
    other, _ = open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)
    send_message(sender=cast.olga, thread_id=other, body="Hi", client_key="o", now=now)
    dispatch.sweep(now)
    send_message(sender=cast.paul, thread_id=other, body="Hi Olga", client_key="p", now=now)
    answering.sweep(now)
    assert by_itself(talk.id) == by_itself(other) == []


@pytest.mark.each_database
def test_a_coupon_s_conversation_begins_with_its_welcome_once(app, cast, now, at_once):
    coupon = put_subject(kind="coupon", external_id="c", title="10 %", professional_id=cast.paul.id, now=now)
    actions.set_coupon_welcome(
        viewer=cast.paul, subject_id=coupon.id, body="Hello {first_name}, about the coupon?", now=now
    )
    olga_id = cast.olga.id

    def opening(_):
        return open_thread(viewer=db.session.get(User, olga_id), subject=("coupon", "c"), now=now)

    opened = at_once(8, opening)
    (thread_id,) = {thread for thread, _ in opened}
    assert by_itself(thread_id) == ["Hello Olga, about the coupon?"]
    view = thread_json(thread_for(cast.olga, thread_id), cast.olga, now=now)
    assert (view["unread"], view["waiting_since"]) == (1, None)
    # It is no first contact any more, and the two are one welcome.
    assert thread_json(thread_for(cast.paul, thread_id), cast.paul, now=now)["unread"] == 0


def test_a_coupon_of_somebody_stopped_opens_without_its_welcome(app, cast, now, change):
    coupon = put_subject(kind="coupon", external_id="c", title="10 %", professional_id=cast.paul.id, now=now)
    actions.set_coupon_welcome(viewer=cast.paul, subject_id=coupon.id, body="Hello!", now=now)
    change(cast.paul, paused_until=now + timedelta(days=1))
    thread_id, is_new = open_thread(viewer=cast.olga, subject=("coupon", "c"), now=now)
    assert (is_new, said(thread_id)) == (True, [])


def test_one_thread_that_fails_holds_up_no_other(app, talk, other_talk, paul, now, monkeypatch):
    paul(away="Away.")
    for each in (talk, other_talk):
        each.says(each.cara, "Hello?")
    dispatch.sweep(now)
    real = answering.send_message

    def failing(**what):
        if what["thread_id"] == talk.id:
            raise RuntimeError("a bug")
        return real(**what)

    monkeypatch.setattr(answering, "send_message", failing)
    assert answering.sweep(now) == {"answered": 1}
    monkeypatch.undo()
    assert answering.sweep(now) == {"answered": 0}
    assert answering.sweep(now + answering.RETRY_AFTER) == {"answered": 1}


@pytest.mark.each_database
def test_unused_it_costs_no_statement(app, talk, now, queries, monkeypatch):
    """A send pays nothing, used or not; what is told pays only where something is set up."""
    counts = []
    for on in (True, False):
        if not on:
            hooks = {"messaging.messages_arrived_in_transaction", "messaging.thread_opened_in_transaction"}
            handlers = app.extensions["features"].handlers
            monkeypatch.setattr(
                type(app.extensions["features"]),
                "handlers",
                {name: found for name, found in handlers.items() if name not in hooks},
            )
        db.session.expunge_all()
        cara = db.session.get(User, talk.cara.id)
        with queries() as counted:
            send_message(sender=cara, thread_id=talk.id, body="Hi", client_key=f"k{on}", now=now)
        sent = counted.count
        db.session.remove()
        with queries() as counted:
            dispatch.sweep(now)
        counts.append((sent, counted.count))
    with_it, without = counts
    assert with_it[0] == without[0]
    assert with_it[1] - without[1] <= 1  # in the worker: the row of the person, by its key
