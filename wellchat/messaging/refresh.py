"""Refresh threads and messages that show a subject or a person that changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.orm import aliased

from wellchat.changes.actions import record_change
from wellchat.db import db, execute, table, transaction
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.notifications import actions as notifications
from wellchat.subjects.actions import SubjectSnapshot, visible_fields
from wellchat.subjects.models import Subject

MAX_REFRESHED = 200  # of each: threads, messages, notifications; the latest ones

_message = aliased(Message)


def refresh_subject(
    subject: Subject, previous: SubjectSnapshot | None, _notify: bool, _now: datetime
) -> None:
    """Record changes for the threads and messages that show a subject, if it looks different from before.

    Runs in the transaction that put the subject. Only the latest threads and messages are looked at.
    """
    if previous is None or previous.shown == visible_fields(subject):
        return
    with transaction():
        # A message that mentions the subject is sent under the lock of its thread. So it is either committed
        # before this lock and found below, or it is sent after this commit and shows the new state.
        about, threads = _lock(subject, previous)
        for thread_id in about:
            for user_id in threads[thread_id]:
                record_change(user_id=user_id, kind="thread", thread_id=thread_id)
        for thread_id, seq in execute(
            TOUCH_MESSAGES_ABOUT, {"about": subject.id, "threads": list(threads)}
        ).all():
            for user_id in threads[thread_id]:
                record_change(user_id=user_id, kind="message", thread_id=thread_id, message_seq=seq)


_messages_about = (
    select(_message.thread_id, _message.seq)
    .where(
        _message.thread_id.in_(bindparam("threads", expanding=True)),
        _message.subject_id == bindparam("about"),
    )
    .order_by(_message.created_at.desc())
    .limit(MAX_REFRESHED)
)
TOUCH_MESSAGES_ABOUT = (
    update(table(Message))
    .where(tuple_(Message.thread_id, Message.seq).in_(_messages_about))
    .values(revision=Message.revision + 1)
    .returning(Message.thread_id, Message.seq)
)


def _lock(subject: Subject, previous: SubjectSnapshot) -> tuple[set[str], dict[str, tuple[str, str]]]:
    """Lock the threads that may show a subject, in ascending order of their ids.

    Return the ids of the threads about it, and for these and all threads in which it may be mentioned
    {thread id: (client id, professional id)}.
    """
    # Bounded to the latest ones: a busy professional has thousands of threads, and older ones show the new
    # state when they are loaded again.
    session = db.session()
    latest = select(Thread.id).order_by(Thread.updated_at.desc()).limit(MAX_REFRESHED)
    about = set(session.execute(latest.where(Thread.subject_id == subject.id)).scalars())
    theirs = (
        select(Thread.id)
        .join(Membership, Membership.thread_id == Thread.id)
        .where(Membership.user_id.in_({subject.professional_id, previous.professional_id}))
        .order_by(Membership.updated_at.desc())
        .limit(MAX_REFRESHED)
    )
    if subject.client_id and previous.client_id:  # only its client could mention it, before and after
        theirs = theirs.where(Thread.client_id.in_({subject.client_id, previous.client_id}))
    ids = about | set(session.execute(theirs).scalars())
    locked = session.execute(
        select(Thread.id, Thread.client_id, Thread.professional_id)
        .where(Thread.id.in_(ids))
        .order_by(Thread.id)
        .with_for_update()
    )
    return about, {
        thread_id: (client_id, professional_id) for thread_id, client_id, professional_id in locked
    }


def refresh_person(user_id: str) -> None:
    """Record changes for a person's latest threads and notifications: their name or picture changed."""
    with transaction() as session:
        threads = session.execute(
            select(Thread.id, Thread.client_id, Thread.professional_id)
            .join(Membership, Membership.thread_id == Thread.id)
            .where(Membership.user_id == user_id)
            .order_by(Membership.updated_at.desc())
            .limit(MAX_REFRESHED)
        ).all()
        for thread_id, *people in threads:
            for person_id in people:
                record_change(user_id=person_id, kind="thread", thread_id=thread_id)
        notifications.refresh_actor(user_id, [thread_id for thread_id, *_ in threads], limit=MAX_REFRESHED)
