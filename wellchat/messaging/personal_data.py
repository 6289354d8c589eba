"""Export and erase what threads and messages have of a person.

An erased message becomes a tombstone: its number stays, its text goes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update

from wellchat.db import db
from wellchat.messaging.models import Membership, Message, MessageRevision, PendingDelivery, Reaction, Thread
from wellchat.notifications.models import Notification
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    threads = _thread_ids(person)
    return {
        "threads": rows(Thread, Thread.id.in_(threads)),
        "memberships": rows(Membership, Membership.user_id == person.id),
        "messages": rows(Message, Message.thread_id.in_(threads)),
        "message_revisions": rows(MessageRevision, _is_by(person, MessageRevision)),
        "reactions": rows(Reaction, Reaction.user_id == person.id),
    }


def _erase(person: Person, now: datetime) -> None:
    execute = db.session.execute
    # Revisions and reactions are found by the messages they belong to, so they go first.
    execute(delete(MessageRevision).where(_is_by(person, MessageRevision)))
    execute(delete(Reaction).where(_is_by(person, Reaction)))
    execute(
        update(Message)
        .where(Message.sender_id == person.id)
        .values(
            body=None,
            files=None,
            reactions=None,
            pinned_at=None,
            deleted_at=func.coalesce(Message.deleted_at, now),
            revision=Message.revision + 1,
        )
        .execution_options(synchronize_session=False)
    )
    execute(delete(Notification).where(Notification.thread_id.in_(_thread_ids(person))))
    execute(delete(PendingDelivery).where(PendingDelivery.recipient_id == person.id))


def _thread_ids(person: Person) -> list[str]:
    theirs = or_(Thread.client_id == person.id, Thread.professional_id == person.id)
    return list(db.session.execute(select(Thread.id).where(theirs)).scalars())


def _is_by(person: Person, model: type[MessageRevision | Reaction]) -> ColumnElement[bool]:
    """Return the condition that a row belongs to a message of theirs."""
    same = and_(Message.thread_id == model.thread_id, Message.seq == model.seq)
    return exists().where(same, Message.sender_id == person.id)


personal_data = PersonalData(
    (
        "threads.client_id",
        "threads.professional_id",
        "memberships.user_id",
        "messages.sender_id",
        "reactions.user_id",
        "outbox.recipient_id",
    ),
    _export,
    _erase,
)
