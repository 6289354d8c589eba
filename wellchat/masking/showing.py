"""Show what was hidden: to two people who have booked, and where a professional disputes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_, update

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.changes.actions import record_change
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.errors import NotAllowed
from wellchat.i18n import gettext
from wellchat.masking.models import BOOKED, DISPUTED, MessageMask
from wellchat.masking.reading import is_ending
from wellchat.masking.updates import KIND
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.mutation import lock_own_message
from wellchat.messaging.shown import shown_preview
from wellchat.notifications.actions import renew_previews
from wellchat.subjects.actions import SubjectSnapshot
from wellchat.subjects.models import Subject

PAIRS = 100  # of one call of `show_missed`


def on_subject_put(subject: Subject, previous: SubjectSnapshot | None, _notify: bool, now: datetime) -> None:
    """Show everything between two people when a subject of theirs comes into a state of MASK_ENDS."""
    if subject.client_id is None or not is_ending(subject.status):
        return
    if previous is not None:
        before = (previous.client_id, previous.professional_id, *previous.shown[1:2])
        if before == (subject.client_id, subject.professional_id, subject.status):
            return
    show_pair(subject.client_id, subject.professional_id, now)


def show_pair(client_id: str, professional_id: str, now: datetime) -> int:
    """Show what was hidden between two people. Return the number of messages."""
    with transaction() as session:
        # All of them, also those without a mask: a send that holds its thread may be writing one now. It
        # commits before this goes on, and the statements below see its rows.
        theirs = (Thread.client_id == client_id, Thread.professional_id == professional_id)
        locked = select(Thread).where(*theirs).order_by(Thread.id).with_for_update()
        threads = {thread.id: thread for thread in session.execute(locked).scalars()}
        for thread_id in threads:
            for user_id in (client_id, professional_id):
                # An open page says above the field that something is hidden: no more.
                record_change(user_id=user_id, kind=KIND, ref_id=thread_id)
        return _show(threads, MessageMask.thread_id.in_(list(threads)), BOOKED, now)


def dispute(*, viewer: User, thread_id: str, seq: int, now: datetime) -> Message:
    """Show what was hidden in a message of a professional, who says that it is no contact data. Return it.

    Disputing it twice is the same as once. Raises NotFound for a message that the viewer did not send, and
    NotAllowed for a client.
    """
    with transaction():
        thread, message = lock_own_message(viewer, thread_id, seq)
        if viewer.id != thread.professional_id:
            raise NotAllowed(gettext("Only a professional can say that this is not contact data."))
        this = (MessageMask.thread_id == thread_id) & (MessageMask.seq == seq)
        if _show({thread.id: thread}, this, DISPUTED, now):
            record("mask.disputed", now=now, actor_id=viewer.id, about=("message", f"{thread_id}/{seq}"))
            db.session.refresh(message)
    return message


def show_missed(now: datetime) -> dict[str, int]:
    """Show what stayed hidden though the two have booked, such as while masking was off."""
    pairs = (
        select(Thread.client_id, Thread.professional_id)
        .join(MessageMask, MessageMask.thread_id == Thread.id)
        .join(
            Subject,
            (Subject.client_id == Thread.client_id) & (Subject.professional_id == Thread.professional_id),
        )
        .where(MessageMask.shown_at.is_(None), func.lower(Subject.status).in_(setting("MASK_ENDS")))
        .distinct()
        .limit(PAIRS)
    )
    return {"unmasked": sum(show_pair(*pair, now) for pair in db.session.execute(pairs).all())}


def _show(threads: dict[str, Thread], which: Any, because: str, now: datetime) -> int:
    """Show the masks of locked threads, and record the change of each message. Return how many messages.

    The number of statements does not grow with the messages.
    """
    session = db.session()
    shown = session.execute(
        update(MessageMask)
        .where(which, MessageMask.shown_at.is_(None))
        .values(shown_at=now, shown_because=because)
        .returning(MessageMask.thread_id, MessageMask.seq)
        .execution_options(synchronize_session=False)
    )
    keys = sorted({(thread_id, seq) for thread_id, seq in shown.all()})
    if not keys:
        return 0
    changed = [*_raise(tuple_(Message.thread_id, Message.seq).in_(keys))]
    quoting = tuple_(Message.thread_id, Message.reply_to).in_(keys)
    changed += _raise(quoting & tuple_(Message.thread_id, Message.seq).not_in(keys))
    for thread_id, seq in changed:
        for user_id in (threads[thread_id].client_id, threads[thread_id].professional_id):
            record_change(user_id=user_id, kind="message", thread_id=thread_id, message_seq=seq)
    _renew_notifications(threads, keys)
    return len(keys)


def _raise(which: Any) -> Sequence[Any]:
    """Raise the revision of messages. Return their keys."""
    raised = (
        update(Message)
        .where(which)
        .values(revision=Message.revision + 1)
        .returning(Message.thread_id, Message.seq)
        .execution_options(synchronize_session=False)
    )
    return db.session.execute(raised).all()


def _renew_notifications(threads: dict[str, Thread], keys: Sequence[tuple[str, int]]) -> None:
    """Write the whole text into the notifications that show it."""
    query = select(Message).where(tuple_(Message.thread_id, Message.seq).in_(keys))
    messages = db.session.execute(query.execution_options(populate_existing=True)).scalars()
    renew_previews(
        {
            # Shown by now, so nothing is hidden in them.
            (threads[each.thread_id].other_id(each.sender_id), each.thread_id, each.seq): shown_preview(
                each, None, {}
            )
            or ""
            for each in messages
            if each.deleted_at is None
        }
    )
