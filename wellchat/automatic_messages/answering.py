"""Send what somebody set up: a welcome to a first contact or about a coupon, and an answer outside hours.

What has arrived is put down in the worker (`on_arrival`), and answered in a transaction of its own: messages
take the lock of the thread first, and whoever puts down holds the one of a membership already. Everything is
decided under the lock of the thread, so two workers at once send one answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from wellchat.accounts.models import User
from wellchat.automatic_messages.forms import BACK
from wellchat.automatic_messages.models import AutomaticAnswer, AutomaticMessages, CouponWelcome
from wellchat.automatic_messages.queries import back_words, hours_of, reading_zone, setup_of
from wellchat.claims import each_safely
from wellchat.db import db, insert, transaction
from wellchat.i18n import force_language
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import AUTOMATIC, BELL, Membership, Message, Thread
from wellchat.placeholders import fill_in, names_between
from wellchat.subjects.models import Subject
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

AWAY_EVERY = timedelta(hours=24)  # one answer outside hours in this time, in one thread
BATCH = 200  # threads of one sweep
RETRY_AFTER = timedelta(minutes=5)
TOO_LATE = timedelta(hours=12)  # after which a welcome surprises more than it helps
WELCOME = "automatic:welcome"  # client key: one in a thread, ever


def on_arrival(user_id: str, thread_id: str, seqs: Sequence[int], here: bool, now: datetime) -> None:
    """Put down that messages of a thread may be answered. It costs nothing where nothing is set up.

    A handler of messaging.messages_arrived_in_transaction.
    """
    user = db.session.get(User, user_id)
    if user is None or not user.is_professional or not user.answers_by_itself:
        return
    is_first = 1 in seqs
    # They are at their desk, in this very conversation; it comes again once they have left.
    if here and not is_first:
        return
    put = insert(AutomaticAnswer).values(
        thread_id=thread_id, seq=seqs[-1], due_at=now, is_first=is_first, here=here
    )
    more = put.excluded
    again = {
        "seq": more.seq,
        "due_at": now,
        "here": more.here,
        "is_first": or_(AutomaticAnswer.is_first, more.is_first),
    }
    db.session.execute(put.on_conflict_do_update(index_elements=["thread_id"], set_=again))
    enqueue("automatic_messages.answer", thread_id=thread_id)


def on_opened(thread_id: str, opener: User, subject: Subject | None, now: datetime) -> None:
    """Begin a new conversation about a coupon with its welcome, if a client opened it.

    A handler of messaging.thread_opened_in_transaction.
    """
    if subject is None or not opener.is_client:
        return
    welcome = db.session.get(CouponWelcome, subject.id)
    sender = db.session.get(User, subject.professional_id)
    if welcome is None or sender is None or not _may_send(sender, now):
        return
    _send(thread_id, sender, fill_in(welcome.body, names_between(sender, opener)).text, WELCOME, now)


def answer_threads(*, thread_ids: Sequence[str], now: datetime) -> int:
    """Send the answers that are due in these threads. Return how many were sent."""
    return sum(
        each_safely(
            thread_ids, lambda each: _answer(each, now), lambda each: _postpone(each, now), what="thread"
        )
    )


def sweep(now: datetime) -> dict[str, int]:
    """Send every answer that is due, also where the task got lost. Return {"answered": how many}."""
    due = (
        select(AutomaticAnswer.thread_id)
        .where(AutomaticAnswer.due_at <= now)
        .order_by(AutomaticAnswer.due_at)
    )
    ids = db.session.execute(due.limit(BATCH)).scalars().all()
    return {"answered": answer_threads(thread_ids=ids, now=now)}


def _postpone(thread_id: str, now: datetime) -> int:
    with transaction() as session:
        later = update(AutomaticAnswer).where(AutomaticAnswer.thread_id == thread_id)
        session.execute(later.values(due_at=now + RETRY_AFTER))
    return 0


def _answer(thread_id: str, now: datetime) -> int:
    with transaction() as session:
        # First of all, as every send does: from here on nobody else answers, nor writes.
        thread = session.get(Thread, thread_id, with_for_update=True, populate_existing=True)
        job = session.get(AutomaticAnswer, thread_id, populate_existing=True)
        if thread is None or job is None or job.due_at is None or job.due_at > now:
            return 0
        seq, away_at = job.seq, job.away_at
        sent = _decide(thread, job, now) if thread.closed_at is None else []
        settled = update(AutomaticAnswer).where(AutomaticAnswer.thread_id == thread_id)
        settled = settled.execution_options(synchronize_session=False)
        session.execute(settled.values(away_at=now if "away" in sent else away_at))
        # What has arrived since stays due.
        session.execute(settled.where(AutomaticAnswer.seq == seq).values(due_at=None, is_first=False))
    return len(sent)


def _decide(thread: Thread, job: AutomaticAnswer, now: datetime) -> list[str]:
    """Send what is to be sent in a locked thread. Return its names: welcome, away."""
    sender, reader = (db.session.get_one(User, id_) for id_ in (thread.professional_id, thread.client_id))
    setup = setup_of(sender)
    asked = _last_of(thread, job.seq)
    if setup is None or asked is None or not _may_send(sender, now) or not reader.is_active:
        return []
    by_hand = _last_by_hand(thread)
    names, sent = names_between(sender, reader), []
    if _wants_welcome(thread, job, setup, asked, by_hand, now):
        text = fill_in(setup.welcome or "", names).text
        if _send(thread.id, sender, text, WELCOME, now):
            sent.append("welcome")
    if setup.away and by_hand < asked.seq and _is_away(setup, sender, asked, job, now):
        text = fill_in(setup.away, names | {BACK: _back(setup, sender, reader, now)}).text
        if _send(thread.id, sender, text, f"automatic:away-{asked.seq}", now):
            sent.append("away")
    return sent


def _wants_welcome(
    thread: Thread,
    job: AutomaticAnswer,
    setup: AutomaticMessages,
    asked: Message,
    by_hand: int,
    now: datetime,
) -> bool:
    """Return whether a welcome is due: to a first contact that nobody has answered yet."""
    is_due = job.is_first and bool(setup.welcome) and by_hand == 0 and now - asked.created_at < TOO_LATE
    return is_due and _is_first_contact(thread)


def _back(setup: AutomaticMessages, sender: User, reader: User, now: datetime) -> str | None:
    """Return when the sender is back, in the language and zone of the reader; None if that is not known."""
    opens_at = hours_of(sender, setup).at(now).opens_at
    with force_language(reader.language):
        return back_words(opens_at, reading_zone(reader, sender)) if opens_at else None


def _may_send(sender: User, now: datetime) -> bool:
    return sender.is_active and not sender.waits and not sender.is_paused(now)


def _last_of(thread: Thread, seq: int) -> Message | None:
    """Return the last message that the client wrote themselves, up to `seq`; None if there is none."""
    query = select(Message).where(
        Message.thread_id == thread.id,
        Message.seq <= seq,
        Message.sender_id == thread.client_id,
        # What a program sent in their name is not answered by another program.
        Message.via.is_(None),
        Message.deleted_at.is_(None),
    )
    return db.session.execute(query.order_by(Message.seq.desc()).limit(1)).scalars().first()


def _last_by_hand(thread: Thread) -> int:
    """Return the number of the professional's last message that did not go out by itself; 0 without one."""
    query = select(func.max(Message.seq)).where(
        Message.thread_id == thread.id,
        Message.sender_id == thread.professional_id,
        Message.via.is_distinct_from(AUTOMATIC),
    )
    return db.session.execute(query).scalar_one() or 0


def _is_first_contact(thread: Thread) -> bool:
    """Return whether the two have never written in another thread."""
    other = select(Thread.id).where(
        Thread.connection_id == thread.connection_id, Thread.id != thread.id, Thread.last_seq > 0
    )
    return db.session.execute(other.limit(1)).first() is None


def _is_away(
    setup: AutomaticMessages, sender: User, asked: Message, job: AutomaticAnswer, now: datetime
) -> bool:
    """Return whether an answer outside hours is due: they are closed and have not seen the message."""
    hours = hours_of(sender, setup)
    if job.here or not hours.are_set or hours.at(asked.created_at).is_open or hours.at(now).is_open:
        return False
    if job.away_at is not None and now - job.away_at < AWAY_EVERY:
        return False
    theirs = db.session.get(Membership, (asked.thread_id, sender.id), populate_existing=True)
    return theirs is not None and theirs.last_read_seq < asked.seq


def _send(thread_id: str, sender: User, body: str, client_key: str, now: datetime) -> bool:
    """Send a message; return False if it was sent before. Call under the lock of the thread."""
    same = (Message.thread_id == thread_id, Message.sender_id == sender.id, Message.client_key == client_key)
    if db.session.execute(select(Message.seq).where(*same)).first() is not None:
        return False
    # Told in the app alone: whoever has just written is here, or finds it on coming back.
    send_message(
        sender=sender,
        thread_id=thread_id,
        body=body,
        client_key=client_key,
        now=now,
        via=AUTOMATIC,
        told=BELL,
    )
    return True
