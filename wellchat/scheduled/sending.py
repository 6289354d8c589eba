"""Send what is due, once, as its author.

The claim, the message and the mark "sent" are one transaction: a worker that is killed leaves all three or
none. The message has a client key that is made of the row, so that even a row which is sent again by hand
makes no second message. What may not be sent is kept with the reason, and its author is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from wellchat import claims, clock_watch
from wellchat.accounts.models import User
from wellchat.claims import QUEUED, SENT, each_safely
from wellchat.db import db, transaction
from wellchat.errors import Busy, Conflict, Invalid, NotAllowed, NotFound, WellchatError
from wellchat.i18n import force_language, gettext
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Message, Thread
from wellchat.notifications.actions import notify
from wellchat.scheduled.actions import is_of_pair, lock_unsent
from wellchat.scheduled.models import REFUSED, ScheduledMessage
from wellchat.subjects.models import Subject

BATCH = 500  # messages of one sweep
LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=1)
TOO_LATE = timedelta(days=1)  # the worker was away; what was right then may be wrong now
KEPT = timedelta(days=30)  # of a row that was sent: a retry of the call that made it still finds it
KEY = "scheduled-{id}"


class _TooLate(WellchatError):
    """Its time was long ago."""


def sweep(now: datetime) -> dict[str, int]:
    """Send what is due. Return {"scheduled_sent": number, "scheduled_refused": number}."""
    if not clock_watch.may_act():
        return {"scheduled_sent": 0, "scheduled_refused": 0}
    return send_due(now)


def send_due(now: datetime) -> dict[str, int]:
    """Send what is due by `now`, in the order of its times."""
    query = select(ScheduledMessage.id).where(ScheduledMessage.due_at <= now)
    order = (ScheduledMessage.due_at, ScheduledMessage.send_at, ScheduledMessage.id)
    ids: Sequence[str] = db.session.execute(query.order_by(*order).limit(BATCH)).scalars().all()
    work = each_safely(
        ids, lambda each: _settle(each, now), lambda each: _postpone(each, now), what="scheduled message"
    )
    states = list(work)
    return {"scheduled_sent": states.count(SENT), "scheduled_refused": states.count(REFUSED)}


def _settle(row_id: str, now: datetime) -> str | None:
    """Send one, or keep it with the reason. Return its state; None if it was not due any more."""
    try:
        return _send_claimed(row_id, now)
    except Busy:
        raise
    except (NotAllowed, NotFound, Invalid, Conflict, _TooLate) as refusal:
        # The claim was rolled back with everything else.
        return _refuse(row_id, refusal.line, now)


def _send_claimed(row_id: str, now: datetime) -> str | None:
    with transaction():
        row = _claim(row_id, now)
        if row is None:
            return None
        author = db.session.get_one(User, row.author_id, populate_existing=True)
        # What a refusal says is read by the author.
        with force_language(author.language):
            if now - row.send_at > TOO_LATE:
                raise _TooLate(gettext("It was not sent in time. Send it now, or choose another time."))
            _send(row, author, now)
        return SENT


def _claim(row_id: str, now: datetime) -> ScheduledMessage | None:
    found = claims.claim(ScheduledMessage, row_id, now=now, lease=LEASE, returning=(ScheduledMessage,))
    return None if found is None else found[0]


def _send(row: ScheduledMessage, author: User, now: datetime) -> Message:
    """Send a locked row as its author, and mark it. Call in a transaction. Raises as `send_message` does."""
    if not author.is_active:
        raise NotAllowed(gettext("The account is disabled."))
    about = _subject_of(row)
    message, _ = send_message(
        sender=author,
        thread_id=row.thread_id,
        body=row.body,
        client_key=KEY.format(id=row.id),
        subject=(about.kind, about.external_id) if about else None,
        reply_to=row.reply_to,
        now=now,
    )
    row.state, row.due_at, row.settled_at, row.reason = SENT, None, now, None
    # The words are in the message now, which its author may delete.
    row.message_seq, row.body = message.seq, ""
    db.session.flush()
    return message


def _subject_of(row: ScheduledMessage) -> Subject | None:
    """Return what the message is about; None if that was taken away meanwhile: the words count more."""
    if row.subject_id is None:
        return None
    subject = db.session.get(Subject, row.subject_id, populate_existing=True)
    thread = db.session.get_one(Thread, row.thread_id)
    return subject if subject is not None and is_of_pair(subject, thread) else None


def _refuse(row_id: str, reason: str, now: datetime) -> str | None:
    with transaction():
        row = _claim(row_id, now)
        if row is None:
            return None
        row.state, row.due_at, row.settled_at, row.reason = REFUSED, None, now, reason
        author = db.session.get_one(User, row.author_id)
        with force_language(author.language):
            title = gettext("A message was not sent")
        notify(
            user_id=row.author_id,
            kind="scheduled",
            title=title,
            preview=reason,
            group_key=f"scheduled:{row.id}",
            payload={"url": f"/scheduled/{row.id}"},
            now=now,
        )
    return REFUSED


def _postpone(row_id: str, now: datetime) -> str | None:
    with transaction():
        claims.postpone(ScheduledMessage, row_id, until=now + RETRY_AFTER, states=(QUEUED,))
    return None


def send_now(*, viewer: User, scheduled_id: str, now: datetime) -> Message:
    """Send one at once, whatever its time. Return the message.

    Raises NotFound, Conflict if it was sent meanwhile, and what `send_message` raises; then it stays as it
    was.
    """
    with transaction():
        return _send(lock_unsent(viewer, scheduled_id), viewer, now)


def tidy(now: datetime) -> dict[str, int]:
    """Delete the rows of what was sent long ago."""
    old = (ScheduledMessage.state == SENT, ScheduledMessage.settled_at < now - KEPT)
    with transaction() as session:
        gone = session.execute(
            delete(ScheduledMessage).where(*old).execution_options(synchronize_session=False)
        )
    return {"scheduled_forgotten": gone.rowcount}  # type: ignore[attr-defined]
