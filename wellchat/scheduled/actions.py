"""Put down, change and cancel messages that are sent later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from wellchat.accounts.models import User
from wellchat.claims import QUEUED, SENT
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotAllowed, NotFound
from wellchat.flags import check_on
from wellchat.i18n import gettext
from wellchat.messaging.closing import check_may_write
from wellchat.messaging.models import Thread
from wellchat.messaging.queries import thread_for
from wellchat.scheduled.models import SEND_LATER, ScheduledMessage
from wellchat.scheduled.queries import count_kept
from wellchat.subjects.models import Subject

MAX_KEPT = 100  # of one person: what waits, and what was refused


def schedule_message(
    *,
    author: User,
    thread_id: str,
    body: str,
    client_key: str,
    send_at: datetime,
    zone_of: str,
    now: datetime,
    reply_to: int | None = None,
    subject: Subject | None = None,
) -> tuple[ScheduledMessage, bool]:
    """Put down a message to be sent at `send_at`. Return (it, whether it is new).

    If the author has used `client_key` in this thread before, return that one. Raises NotFound if the author
    is not in the thread, CannotWrite or NotAllowed if they may not write there now, Conflict if the key
    belongs to another text, and Invalid for a reply or a subject from elsewhere, or if there are MAX_KEPT
    already.
    """
    view = thread_for(author, thread_id)
    with transaction() as session:
        # Everybody who puts something down for this thread waits here, so that a retry finds the first one.
        thread = session.get_one(Thread, thread_id, with_for_update=True, populate_existing=True)
        if (before := _with_key(author, thread_id, client_key)) is not None:
            if not before.is_sent and before.body != body:
                text = gettext("This client_key was already used for another message in this thread.")
                raise Conflict(text)
            return before, False
        # New ones only: what was put down before goes out, and can be changed.
        check_on(SEND_LATER, author)
        _check(author, thread, reply_to, subject, now)
        if count_kept(author) >= MAX_KEPT:
            text = gettext("You have %(num)s messages that wait to be sent. Cancel one first.", num=MAX_KEPT)
            raise Invalid({"body": text})
        one = ScheduledMessage(
            author_id=author.id, thread_id=view.thread.id, client_key=client_key, body=body
        )
        one.reply_to, one.subject_id = reply_to, subject.id if subject else None
        one.send_at = one.due_at = send_at
        one.zone_of, one.created_at = zone_of, now
        session.add(one)
        session.flush()
    return one, True


def _with_key(author: User, thread_id: str, client_key: str) -> ScheduledMessage | None:
    query = select(ScheduledMessage).where(
        ScheduledMessage.author_id == author.id,
        ScheduledMessage.thread_id == thread_id,
        ScheduledMessage.client_key == client_key,
    )
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def _check(
    author: User, thread: Thread, reply_to: int | None, subject: Subject | None, now: datetime
) -> None:
    """Refuse what a send would refuse now. The send itself asks all of it again."""
    if author.waits:
        raise NotAllowed(gettext("The people who run this site have to confirm you first."))
    check_may_write(author, thread.id, now)
    if reply_to is not None and not 1 <= reply_to <= thread.last_seq:
        raise Invalid({"reply_to": gettext("There is no such message in this thread.")})
    if subject is not None and not is_of_pair(subject, thread):
        raise Invalid({"subject": gettext("This subject does not belong to the two people of this thread.")})


def is_of_pair(subject: Subject, thread: Thread) -> bool:
    """Return whether a message of this thread may mention the subject."""
    theirs = subject.professional_id == thread.professional_id
    return theirs and subject.client_id in (None, thread.client_id) and subject.hidden_at is None


def change_scheduled(
    *,
    viewer: User,
    scheduled_id: str,
    now: datetime,
    body: str | None = None,
    send_at: datetime | None = None,
    zone_of: str | None = None,
) -> ScheduledMessage:
    """Change the text or the time, or both. With a new time a refused one waits again.

    Raises NotFound, Conflict if it was sent meanwhile, and CannotWrite or NotAllowed for a new time where the
    viewer may not write now.
    """
    with transaction():
        one = lock_unsent(viewer, scheduled_id)
        if body is not None:
            one.body = body
        if send_at is not None:
            thread = db.session.get_one(Thread, one.thread_id)
            _check(viewer, thread, None, None, now)
            one.send_at = one.due_at = send_at
            one.zone_of = zone_of or one.zone_of
            one.state, one.reason, one.settled_at = QUEUED, None, None
    return one


def cancel_scheduled(*, viewer: User, scheduled_id: str) -> None:
    """Cancel one; its words are gone. Raises NotFound, and Conflict if it was sent meanwhile."""
    with transaction() as session:
        one = lock_unsent(viewer, scheduled_id)
        session.execute(delete(ScheduledMessage).where(ScheduledMessage.id == one.id))


def lock_unsent(viewer: User, scheduled_id: str) -> ScheduledMessage:
    """Lock one of the viewer's before the worker does. Raises NotFound, and Conflict if it was sent."""
    query = select(ScheduledMessage).where(
        ScheduledMessage.id == scheduled_id, ScheduledMessage.author_id == viewer.id
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    one = db.session.execute(locked).scalar_one_or_none()
    if one is None:
        raise NotFound
    if one.state == SENT:
        raise Conflict(gettext("This message was sent already."))
    return one
