"""Export and erase what threads and messages have of a person.

An erased message becomes a tombstone: its number stays, its text goes, and with it the quotes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from wellchat.db import db
from wellchat.i18n import N_
from wellchat.messaging.models import Membership, Message, MessageRevision, PendingDelivery, Reaction, Thread
from wellchat.messaging.reactions import gathered, reactions_to
from wellchat.messaging.shown import hidden_in, shown_body
from wellchat.notifications.models import Notification
from wellchat.personal_data import Person, PersonalData, Rows, rows

BATCH = 500  # messages of one statement


def _export(person: Person) -> dict[str, Rows]:
    threads = _thread_ids(person)
    return {
        "threads": rows(Thread, Thread.id.in_(threads)),
        "memberships": rows(Membership, Membership.user_id == person.id),
        "messages": _Messages(person.id, rows(Message, Message.thread_id.in_(threads))),
        "message_revisions": rows(MessageRevision, _is_by(person, MessageRevision)),
        "reactions": rows(Reaction, Reaction.user_id == person.id),
    }


class _Text(NamedTuple):
    thread_id: str
    seq: int
    sender_id: str
    body: str | None


@dataclass(frozen=True)
class _Messages:
    """Messages without the client keys of others, which are for their programs, and as they are shown."""

    user_id: str
    found: Rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        left = iter(self.found)
        while some := list(islice(left, BATCH)):
            texts = [_Text(*(row[name] for name in _Text._fields)) for row in some]
            hidden = hidden_in(texts)
            for row, text in zip(some, texts, strict=True):
                body = shown_body(text, self.user_id, hidden)
                yield row if text.sender_id == self.user_id else row | {"client_key": None, "body": body}


def _erase(person: Person, now: datetime) -> None:
    execute = db.session.execute
    # Revisions and reactions are found by the messages they belong to, so they go first.
    execute(delete(MessageRevision).where(_is_by(person, MessageRevision)))
    execute(delete(Reaction).where(_is_by(person, Reaction)))
    _take_back_reactions(person)
    execute(
        update(Message)
        .where(Message.sender_id == person.id)
        .values(
            body=None,
            # a program of theirs chose it, and may have put anything into it
            client_key=literal("erased-") + cast(Message.seq, String),
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


def _take_back_reactions(person: Person) -> None:
    """Delete the person's reactions to messages of others."""
    given = select(Reaction.thread_id, Reaction.seq).where(Reaction.user_id == person.id).distinct()
    keys = db.session.execute(given).all()
    db.session.execute(delete(Reaction).where(Reaction.user_id == person.id))
    for thread_id, seq in keys:
        message = db.session.get_one(Message, (thread_id, seq), populate_existing=True)
        message.reactions = gathered(reactions_to(message))
        message.revision += 1
    db.session.flush()


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
    withheld={"outbox": N_("it says only which messages you are still to be told of")},
)
