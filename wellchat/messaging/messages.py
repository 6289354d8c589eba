"""Send, edit, delete and pin messages. Pages, JSON calls and replies by email all call these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, select

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.db import db, execute, transaction
from wellchat.errors import Conflict, Invalid, NotAllowed, NotFound
from wellchat.i18n import gettext
from wellchat.messaging import files, statements
from wellchat.messaging.closing import check_may_write
from wellchat.messaging.hooks import text_written_in_transaction
from wellchat.messaging.models import (
    EDIT_WITHIN,
    NONE,
    Membership,
    Message,
    MessageRevision,
    Reaction,
    Thread,
)
from wellchat.messaging.mutation import lock_message, lock_own_message, message_changed, text_changed
from wellchat.messaging.telling import tell_of_message
from wellchat.subjects.models import Subject
from wellchat.subjects.queries import visible_subject
from wellchat.task_queue import enqueue

MAX_PINS = 50  # of one thread


def send_message(
    *,
    sender: User,
    thread_id: str,
    body: str,
    client_key: str,
    now: datetime,
    subject: tuple[str, str] | None = None,
    reply_to: int | None = None,
    attachments: Sequence[str] = (),
    by_email: bool = False,
    via: str | None = None,
    told: str | None = None,
) -> tuple[Message, bool]:
    """Send a message. Return (the message, whether it is new).

    If the sender has used `client_key` in this thread before, return that message: a retry never makes a
    second one. `by_email` marks it for both people: it was proven less well than a sign-in. `via` is
    models.HOST if the platform sends it in the sender's name, and `told` says who is notified. Raises
    NotFound if the sender is not in the thread, CannotWrite if it is closed or the sender is paused, Conflict
    if the key belongs to a different message, Invalid for a subject or reply from elsewhere, or attachments
    that the sender may not send.
    """
    ids = {"thread": thread_id, "sender": sender.id, "sent_as": client_key, "now": now}
    if sender.waits:
        raise NotAllowed(gettext("The people who run this site have to confirm you first."))
    with transaction():
        # Checks access and the client key, and locks the thread until commit: now sends run one by one.
        taken = None if sender.is_paused(now) else execute(statements.TAKE_NUMBER, ids).one_or_none()
        if taken is None:
            return _sent_before(sender, ids, body, reply_to, attachments), False
        seq, client_id, professional_id, own_subject = taken
        if reply_to is not None and not 1 <= reply_to < seq:
            raise Invalid({"reply_to": gettext("There is no such message in this thread.")})
        about = _subject_of(sender, client_id, professional_id, *subject) if subject else None
        message = _new_message(ids, seq, body, about, reply_to)
        content = {"number": seq, "text": body, "subject": about.id if about else None, "reply_to": reply_to}
        if execute(statements.PUT_MESSAGE, ids | content).one_or_none() is None:
            # Another request with the same key committed while this one waited for the lock.
            execute(statements.GIVE_NUMBER_BACK, ids)
            return _sent_before(sender, ids, body, reply_to, attachments), False
        recipient_id = professional_id if sender.id == client_id else client_id
        if by_email:
            execute(statements.MARK_BY_EMAIL, ids | {"number": seq})
            message.by_email = True
        if via or told:
            execute(statements.MARK_FROM_HOST, ids | {"number": seq, "by": via, "tell": told})
            message.via, message.told = via, told
        if attachments:
            message.files = files.attach_files(message, reader_id=recipient_id, ids=attachments)
        text_written_in_transaction(message, (client_id, professional_id), now)
        # A thread about a subject keeps the kind of that subject, whatever its messages mention.
        kind = about.kind if about and own_subject is None else None
        execute(statements.MOVE_MEMBERSHIPS, ids | {"number": seq, "about": kind})
        _schedule_delivery(message, recipient_id, ids)
        tell_of_message("message.sent", message, recipient_id, now, place=seq)
    return message, True


def _new_message(
    ids: dict[str, Any], seq: int, body: str, about: Subject | None, reply_to: int | None
) -> Message:
    return Message(
        thread_id=ids["thread"],
        seq=seq,
        sender_id=ids["sender"],
        body=body,
        client_key=ids["sent_as"],
        subject=about,
        reply_to=reply_to,
        quoted=db.session.get(Message, (ids["thread"], reply_to)) if reply_to else None,
        created_at=ids["now"],
        revision=0,
    )


def _schedule_delivery(message: Message, recipient_id: str, ids: dict[str, Any]) -> None:
    """Put down that the recipient must be notified, and that the message is new for both people."""
    if message.told != NONE:
        execute(statements.PUT_PENDING_DELIVERY, ids | {"number": message.seq, "to": recipient_id})
    for user_id in (message.sender_id, recipient_id):
        record_change(user_id=user_id, kind="message", thread_id=message.thread_id, message_seq=message.seq)
    # Sent to the worker after commit. If it is lost, the sweep finds the pending delivery.
    enqueue("messaging.tell", thread_id=message.thread_id)


def _sent_before(
    sender: User, ids: dict[str, Any], body: str, reply_to: int | None, attachments: Sequence[str]
) -> Message:
    """Return the message that was sent with this key.

    Raises NotFound or CannotWrite if there is none, Conflict if it differs.
    """
    thread_id, client_key = ids["thread"], ids["sent_as"]
    first = db.session.execute(
        select(Message)
        .join(Membership, and_(Membership.thread_id == Message.thread_id, Membership.user_id == sender.id))
        .where(
            Message.thread_id == thread_id, Message.sender_id == sender.id, Message.client_key == client_key
        )
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if first is None:
        check_may_write(sender, thread_id, ids["now"])
        raise NotFound
    refuse_another(first, body, reply_to, attachments)
    return first


def refuse_another(
    first: Message, body: str, reply_to: int | None = None, attachments: Sequence[str] = ()
) -> None:
    """Raise Conflict if a retry has another content than the message that was sent with its key."""
    # An edited or deleted message is not compared, because the retry may repeat its original text.
    files_of_it = [file["id"] for file in first.files or ()]
    another = (first.body, first.reply_to, files_of_it) != (body, reply_to, list(attachments))
    if another and first.edited_at is None and first.deleted_at is None:
        raise Conflict(gettext("This client_key was already used for another message in this thread."))


def _subject_of(sender: User, client_id: str, professional_id: str, kind: str, external_id: str) -> Subject:
    """Return the subject that a message mentions.

    Raises Invalid if it does not belong to these two people.
    """
    try:
        subject = visible_subject(sender, kind, external_id)
    except NotFound:
        raise Invalid({"subject": gettext("There is no such subject for this thread.")}) from None
    if subject.professional_id != professional_id or subject.client_id not in (None, client_id):
        raise Invalid({"subject": gettext("This subject does not belong to the two people of this thread.")})
    return subject


def edit_message(*, viewer: User, thread_id: str, seq: int, body: str, now: datetime) -> Message:
    """Replace the text of a message that the viewer sent. Return the message.

    The earlier text is kept for audits. Raises NotFound if the viewer did not send it, CannotWrite if nobody
    writes there, Invalid if it is too old (EDIT_WITHIN) or deleted.
    """
    with transaction() as session:
        thread, message = lock_own_message(viewer, thread_id, seq, now)
        if message.deleted_at is not None or message.body is None:
            raise Invalid({"body": gettext("This message was deleted.")})
        if message.card is not None:
            raise Invalid({"body": gettext("This message asks something, so it stays as it was asked.")})
        if not message.may_be_edited(now):
            minutes = EDIT_WITHIN // timedelta(minutes=1)
            late = gettext("A message can be changed for %(num)s minutes after it was sent.", num=minutes)
            raise Invalid({"body": late})
        if message.body != body:
            session.add(MessageRevision(thread_id=thread_id, seq=seq, body=message.body, replaced_at=now))
            message.body, message.edited_at = body, now
            text_written_in_transaction(message, (thread.client_id, thread.professional_id), now)
            text_changed(thread, message, now)
            _tell_of_change("message.edited", thread, message, now)
    return message


def delete_message(*, viewer: User, thread_id: str, seq: int, now: datetime) -> Message:
    """Delete a message that the viewer sent.

    Return its tombstone, which has no text, files, reactions or pin. Deleting it twice is the same as once.
    A closed thread does not keep people from taking back their own words. Raises NotFound if the viewer did
    not send it.
    """
    with transaction():
        thread, message = lock_own_message(viewer, thread_id, seq)
        _bury(thread, message, now)
    return message


def remove_message(*, thread_id: str, seq: int, now: datetime, by: str | None = None) -> Message:
    """Delete somebody's message, because a moderator decided so, or the platform (`by` is models.HOST).

    Return its tombstone. Removing it twice is the same as once. Raises NotFound.
    """
    with transaction() as session:
        thread = session.get(Thread, thread_id, with_for_update=True, populate_existing=True)
        message = session.get(Message, (thread_id, seq), populate_existing=True)
        if thread is None or message is None:
            raise NotFound
        _bury(thread, message, now, by)
    return message


def _bury(thread: Thread, message: Message, now: datetime, by: str | None = None) -> None:
    """Turn a message of a locked thread into a tombstone."""
    thread_id, seq = message.thread_id, message.seq
    with transaction() as session:
        if message.deleted_at is None:
            session.add(
                MessageRevision(thread_id=thread_id, seq=seq, body=message.body or "", replaced_at=now)
            )
            files.withdraw_files(message, now=now)
            message.body, message.deleted_at, message.pinned_at = None, now, None
            message.removed_by, message.card = by, None
            if message.reactions:
                session.execute(delete(Reaction).where(Reaction.thread_id == thread_id, Reaction.seq == seq))
                message.reactions = None
            # The statements below read the messages in the database, so the tombstone must be there first.
            session.flush()
            execute(statements.RECOUNT_WAITING, {"thread": thread_id})
            text_changed(thread, message, now)
            _tell_of_change("message.deleted", thread, message, now)


def _tell_of_change(event_type: str, thread: Thread, message: Message, now: datetime) -> None:
    recipient_id = None if message.is_system else thread.other_id(message.sender_id)
    tell_of_message(event_type, message, recipient_id, now, place=thread.last_seq)


def pin(*, viewer: User, thread_id: str, seq: int, on: bool, now: datetime) -> Message:
    """Pin a message for both people of its thread, or unpin it. Return it. Pinning twice is the same as once.

    Raises NotFound, CannotWrite, and Invalid for a deleted message or if MAX_PINS messages are pinned.
    """
    with transaction():
        thread, message = lock_message(viewer, thread_id, seq, now)
        if on == (message.pinned_at is not None):
            return message
        if on and message.deleted_at is not None:
            raise Invalid({"pin": gettext("This message was deleted.")})
        # Counted under the lock of the thread, so two pins at once cannot pass the limit together.
        if on and _count_pins(thread_id) >= MAX_PINS:
            raise Invalid(
                {
                    "pin": gettext(
                        "This conversation already has %(num)s pinned messages. Unpin one first.",
                        num=MAX_PINS,
                    )
                }
            )
        message.pinned_at = now if on else None
        message_changed(thread, message)
    return message


def _count_pins(thread_id: str) -> int:
    pinned = select(func.count()).where(Message.thread_id == thread_id, Message.pinned_at.is_not(None))
    return db.session.execute(pinned).scalar_one()
