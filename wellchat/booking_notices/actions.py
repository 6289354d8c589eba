"""Plan notices when the host platform changes a booking or session, and send those that are due."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, update

from wellchat.accounts.models import User
from wellchat.booking_notices.models import BOOKED, CANCELLED, DAY_BEFORE, HOUR_BEFORE, MOVED, Announcement
from wellchat.booking_notices.render import KIND_OF_NOTICE, REASONS, headline, is_urgent, line
from wellchat.claims import each_safely
from wellchat.clock import iso
from wellchat.db import db, execute, insert, is_postgresql, table, transaction
from wellchat.i18n import force_language
from wellchat.mail.actions import queue_mail
from wellchat.notifications import actions as notifications
from wellchat.notifications.queries import preferences
from wellchat.subjects.actions import SubjectSnapshot
from wellchat.subjects.models import Subject
from wellchat.task_queue import enqueue

REMINDERS = {DAY_BEFORE: timedelta(days=1), HOUR_BEFORE: timedelta(hours=1)}
BATCH = 500  # people of one sweep
RETRY_AFTER = timedelta(minutes=5)


def plan_notices(subject: Subject, previous: SubjectSnapshot | None, notify: bool, now: datetime) -> None:
    """Plan notices for both people of a booking, in the transaction that put it.

    `previous` is how the booking was before. Nothing is planned for what has begun, so that history imported
    by a host platform notifies nobody. With `notify` false, reminders that were planned still move along with
    the booking.
    """
    if subject.declared.scope != "connection":
        return
    # Planned reminders are deleted in any case; they come back with the new time, if there were any.
    reminds = (previous is not None and _forget_reminders(subject)) or notify
    if subject.client_id is None or subject.starts_at is None or subject.starts_at <= now:
        return
    due: dict[tuple[str, str], datetime] = {}
    for user_id in (subject.client_id, subject.professional_id):
        if notify and (what := _notice_for(subject, previous, user_id)):
            due[user_id, what] = now
        for what, before in REMINDERS.items():
            if reminds and not subject.is_cancelled and subject.starts_at - before > now:
                due[user_id, what] = subject.starts_at - before
    _schedule(subject.id, due, previous.starts_at if previous else None)
    enqueue("appointments.announce", subject_id=subject.id)


def _forget_reminders(subject: Subject) -> bool:
    """Delete the reminders that are planned. Return whether there were any."""
    planned = delete(Announcement).where(
        Announcement.subject_id == subject.id, Announcement.what.in_(REMINDERS)
    )
    return bool(db.session.execute(planned.returning(Announcement.what)).scalars().all())


def _notice_for(subject: Subject, previous: SubjectSnapshot | None, user_id: str) -> str | None:
    """Return the notice about this change for one person: booked, cancelled or moved. None: neither."""
    if (
        previous is None
        or previous.is_cancelled
        or user_id not in (previous.client_id, previous.professional_id)
    ):
        return None if subject.is_cancelled else BOOKED
    if subject.is_cancelled:
        return CANCELLED
    return MOVED if previous.starts_at != subject.starts_at else None


def _schedule(subject_id: str, due: Mapping[tuple[str, str], datetime], before_at: datetime | None) -> None:
    """Plan notices, by person and what they are about, in one statement."""
    rows = [
        {
            "subject_id": subject_id,
            "user_id": user_id,
            "what": what,
            "due_at": due_at,
            "before_at": before_at if what == MOVED else None,
        }
        for (user_id, what), due_at in due.items()
    ]
    if rows:
        execute(_new_notices(is_postgresql()), rows)


@cache
def _new_notices(_on_postgresql: bool) -> Any:
    """Return the statement, built once for each database: a host puts bookings by the thousand."""
    new = insert(table(Announcement))
    key = [Announcement.subject_id, Announcement.user_id, Announcement.what]
    # Of several moves before anybody was told, the first one names what people know.
    before_at = func.coalesce(Announcement.before_at, new.excluded.before_at)
    values = {"due_at": new.excluded.due_at, "before_at": before_at}
    return new.on_conflict_do_update(index_elements=key, set_=values)


def announce(*, subject_ids: Sequence[str], now: datetime) -> int:
    """Notify the people of these subjects of what is due. Return how many were notified."""
    return _announce_each(_due(now).where(Announcement.subject_id.in_(subject_ids)), now)


def sweep(now: datetime) -> dict[str, int]:
    """Notify everybody of what is due: reminders, and changes whose task message was lost."""
    return {"announced": _announce_each(_due(now).limit(BATCH), now)}


def _due(now: datetime) -> Select[str, str]:
    of_person = select(Announcement.subject_id, Announcement.user_id).where(Announcement.due_at <= now)
    return of_person.group_by(Announcement.subject_id, Announcement.user_id).order_by(
        func.min(Announcement.due_at)
    )


def _announce_each(due: Select[str, str], now: datetime) -> int:
    rows = db.session.execute(due).all()
    return sum(
        each_safely(
            rows, lambda row: _announce_to(*row, now), lambda row: _postpone(*row, now), what="booking notice"
        )
    )


def _announce_to(subject_id: str, user_id: str, now: datetime) -> bool:
    """Notify one person, in one transaction. Return whether they were notified."""
    with transaction() as session:
        theirs = delete(Announcement).where(_is_due(subject_id, user_id, now))
        # The delete is the claim. If notifying fails, it is rolled back with everything else.
        taken = session.execute(theirs.returning(Announcement.what, Announcement.before_at)).all()
        return _notify(subject_id, user_id, dict(taken), now)


def _postpone(subject_id: str, user_id: str, now: datetime) -> bool:
    with transaction() as session:
        theirs = update(Announcement).where(_is_due(subject_id, user_id, now))
        session.execute(theirs.values(due_at=now + RETRY_AFTER))
    return False


def _is_due(subject_id: str, user_id: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        Announcement.subject_id == subject_id, Announcement.user_id == user_id, Announcement.due_at <= now
    )


def _notify(subject_id: str, user_id: str, planned: Mapping[str, datetime | None], now: datetime) -> bool:
    """Decide again by the booking as it is now, and send at most one notice. Return whether it was sent.

    `planned`: what -> when it would have begun, for what was moved.
    """
    session = db.session()
    subject = session.get(Subject, subject_id, populate_existing=True)
    reader = session.get(User, user_id)
    if subject is None or reader is None or subject.hidden_at is not None:
        return False
    if subject.starts_at is None or subject.starts_at <= now:
        return False
    if user_id not in (subject.client_id, subject.professional_id):
        return False
    what = _current_notice(planned, is_cancelled=subject.is_cancelled)
    if what is None:
        return False
    other_id = subject.professional_id if user_id == subject.client_id else subject.client_id
    other = session.get_one(User, other_id)
    # Kept as text in the notification, so it must be in the reader's language now.
    with force_language(reader.language):
        title, preview = headline(what, subject), line(what, subject, other, reader.time_zone)
    prefs, before_at = preferences(user_id), planned[what]
    # A push for what is off by the end of quiet hours would come too late, as the mail would.
    urgent = is_urgent(what, subject, before_at, prefs, now)
    notification_id = notifications.notify(
        user_id=user_id,
        kind=KIND_OF_NOTICE[what],
        actor_id=other.id,
        title=title,
        preview=preview,
        group_key=f"appointment:{subject.id}",
        payload={"url": f"/subjects/{subject.id}", **({"urgent": True} if urgent else {})},
        now=now,
    )
    # Not part of the digest: a notice about a booking is a mail of its own, sent at once.
    by_mail = prefs.cadence != "off" and prefs.wants(KIND_OF_NOTICE[what], "email")
    if by_mail:
        queue_mail(
            user_id=user_id,
            address=reader.email,
            name="appointment",
            context={
                "name": reader.name,
                "subject_id": subject.id,
                "what": what,
                "before_at": iso(before_at),
            },
            reason=REASONS[what],
            now=now,
        )
    return notification_id is not None or by_mail


def _current_notice(planned: Container[str], *, is_cancelled: bool) -> str | None:
    """Return the one notice that covers all planned ones. None: it came and went before anybody heard."""
    if is_cancelled:
        return CANCELLED if CANCELLED in planned and BOOKED not in planned else None
    return next((what for what in (BOOKED, MOVED, HOUR_BEFORE, DAY_BEFORE) if what in planned), None)
