"""Write into a conversation as this installation itself: "Your booking was moved to Friday".

The sender is one reserved row of users, so that a message has a sender like any other, and UNIQUE(thread,
sender, key) keeps a retry from doubling it. Nobody can sign in as that row, and no list of people has it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import SYSTEM, SYSTEM_ID, User
from wellchat.changes.actions import record_change
from wellchat.config import setting
from wellchat.db import db, execute, insert, transaction
from wellchat.errors import CannotWrite, Invalid, NotFound
from wellchat.graphemes import cut
from wellchat.i18n import gettext
from wellchat.messaging import statements
from wellchat.messaging.messages import refuse_another
from wellchat.messaging.models import NONE, Message, Thread
from wellchat.messaging.telling import tell_of_message
from wellchat.subjects.models import Subject
from wellchat.task_queue import enqueue


def make_system_person(now: datetime) -> None:
    """Make the row in whose name the system writes, or give it the present name. Call in a transaction."""
    name = cut(setting("NAME"), 120)
    known = db.session.get(User, SYSTEM_ID)
    if known is None:
        made = insert(User).values(
            id=SYSTEM_ID, name=name, role=SYSTEM, created_at=now, open_to_clients=False
        )
        # Two first messages at once: the second waits here for the first.
        db.session.execute(made.on_conflict_do_nothing(index_elements=[User.id]))
    elif known.name != name:
        known.name = name


def send_system_message(
    *,
    thread_id: str,
    body: str,
    client_key: str,
    now: datetime,
    subject: tuple[str, str] | None = None,
    told: str | None = None,
) -> tuple[Message, bool]:
    """Write a message of the system into a thread. Return (the message, whether it is new).

    It is unread for both people, and nobody waits for an answer to it. `told` is models.BELL or NONE where
    they are not told in every way. Raises NotFound, CannotWrite where the thread is closed, Conflict if the
    key belongs to a different message, and Invalid for a subject of other people.
    """
    ids = {"thread": thread_id, "sender": SYSTEM_ID, "sent_as": client_key, "now": now}
    with transaction():
        make_system_person(now)
        taken = execute(statements.TAKE_NUMBER_FOR_SYSTEM, ids).one_or_none()
        if taken is None:
            return _sent_before(thread_id, client_key, body), False
        seq, client_id, professional_id, own_subject = taken
        about = _subject_of(client_id, professional_id, *subject) if subject else None
        content = {"number": seq, "text": body, "subject": about.id if about else None, "reply_to": None}
        if execute(statements.PUT_MESSAGE, ids | content).one_or_none() is None:
            # Another request with the same key committed while this one waited for the lock.
            execute(statements.GIVE_NUMBER_BACK, ids)
            return _sent_before(thread_id, client_key, body), False
        execute(statements.MARK_FROM_HOST, ids | {"number": seq, "by": None, "tell": told})
        kind = about.kind if about and own_subject is None else None
        execute(statements.MOVE_MEMBERSHIPS_FOR_SYSTEM, ids | {"number": seq, "about": kind})
        message = db.session.get_one(Message, (thread_id, seq), populate_existing=True)
        _tell(message, (client_id, professional_id), ids)
        tell_of_message("message.sent", message, None, now, place=seq)
    return message, True


def _tell(message: Message, people: tuple[str, str], ids: dict[str, Any]) -> None:
    for user_id in people:
        if message.told != NONE:
            execute(statements.PUT_PENDING_DELIVERY, ids | {"number": message.seq, "to": user_id})
        record_change(user_id=user_id, kind="message", thread_id=message.thread_id, message_seq=message.seq)
    enqueue("messaging.tell", thread_id=message.thread_id)


def _sent_before(thread_id: str, client_key: str, body: str) -> Message:
    """Return the message that was written with this key. Raises NotFound, CannotWrite, and Conflict."""
    query = select(Message).where(
        Message.thread_id == thread_id, Message.sender_id == SYSTEM_ID, Message.client_key == client_key
    )
    first = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if first is None:
        if db.session.get(Thread, thread_id) is None:
            raise NotFound
        raise CannotWrite
    refuse_another(first, body)
    return first


def _subject_of(client_id: str, professional_id: str, kind: str, external_id: str) -> Subject:
    query = select(Subject).where(Subject.kind == kind, Subject.external_id == external_id)
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise Invalid({"subject": gettext("There is no such subject for this thread.")})
    if found.professional_id != professional_id or found.client_id not in (None, client_id):
        raise Invalid({"subject": gettext("This subject does not belong to the two people of this thread.")})
    return found
