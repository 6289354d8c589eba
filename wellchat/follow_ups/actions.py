"""Set, move and end reminders to oneself, and tell of those that are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from wellchat import claims, clock_watch
from wellchat.accounts.models import User
from wellchat.claims import each_safely
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.follow_ups.models import DONE, TOLD, WAITING, FollowUp
from wellchat.follow_ups.queries import count_open, reminder_of
from wellchat.follow_ups.render import headline
from wellchat.i18n import N_, force_language, gettext
from wellchat.mail.actions import queue_mail
from wellchat.messaging.queries import thread_for
from wellchat.notifications.actions import notify
from wellchat.notifications.queries import preferences

MAX_OPEN = 200  # of one person
BATCH = 500  # reminders of one sweep
LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=5)
KEPT = timedelta(days=30)  # of a reminder that is done
REASON = N_("You asked to be reminded.")


def remind(*, viewer: User, thread_id: str, note: str, remind_at: datetime, now: datetime) -> FollowUp:
    """Set a reminder of a conversation of the viewer's. Raises NotFound, and Invalid for the MAX_OPENth."""
    thread_for(viewer, thread_id)
    if count_open(viewer.id) >= MAX_OPEN:
        text = gettext("You have %(num)s reminders. End one first.", num=MAX_OPEN)
        raise Invalid({"note": text})
    with transaction() as session:
        one = FollowUp(user_id=viewer.id, thread_id=thread_id, note=note, remind_at=remind_at)
        one.due_at, one.created_at = remind_at, now
        session.add(one)
        session.flush()
    return one


def change_reminder(
    *,
    viewer: User,
    follow_up_id: str,
    note: str | None = None,
    remind_at: datetime | None = None,
    done: bool | None = None,
) -> FollowUp:
    """Change a reminder. With a new time it comes again, also where it had come. Raises NotFound."""
    with transaction():
        one = _locked(viewer, follow_up_id)
        if note is not None:
            one.note = note
        if remind_at is not None:
            one.remind_at = one.due_at = remind_at
            one.state = WAITING
        if done is True:
            one.state, one.due_at = DONE, None
        elif done is False and one.state == DONE:
            # A time that is over comes with the next sweep.
            one.state, one.due_at = WAITING, one.remind_at
    return one


def delete_reminder(*, viewer: User, follow_up_id: str) -> None:
    """Delete a reminder. Raises NotFound."""
    with transaction() as session:
        session.delete(_locked(viewer, follow_up_id))


def _locked(viewer: User, follow_up_id: str) -> FollowUp:
    query = select(FollowUp).where(FollowUp.id == follow_up_id, FollowUp.user_id == viewer.id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.execute(locked).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def sweep(now: datetime) -> dict[str, int]:
    """Tell people of their reminders that are due. Return {"reminded": number}."""
    if not clock_watch.may_act():
        return {"reminded": 0}
    query = select(FollowUp.id).where(FollowUp.due_at <= now).order_by(FollowUp.due_at).limit(BATCH)
    ids: Sequence[str] = db.session.execute(query).scalars().all()
    told = each_safely(
        ids, lambda each: _tell(each, now), lambda each: _postpone(each, now), what="reminder to oneself"
    )
    return {"reminded": sum(told)}


def _tell(follow_up_id: str, now: datetime) -> bool:
    """Tell of one, in one transaction with the claim. Return whether the person was told."""
    with transaction():
        claimed = claims.claim(
            FollowUp, follow_up_id, now=now, lease=LEASE, states=(WAITING,), returning=(FollowUp,)
        )
        if claimed is None:
            return False
        one, other = reminder_of(claimed[0].user_id, follow_up_id)
        reader = db.session.get_one(User, one.user_id, populate_existing=True)
        one.state, one.due_at = TOLD, None
        db.session.flush()
        if not reader.is_active:
            return False
        with force_language(reader.language):
            title = headline(other)
        notify(
            user_id=reader.id,
            kind="follow_up",
            title=title,
            preview=one.note,
            group_key=f"follow_up:{one.id}",
            payload={"url": f"/threads/{one.thread_id}"},
            now=now,
        )
        prefs = preferences(reader.id)
        if prefs.cadence != "off" and prefs.wants("follow_up", "email"):
            context = {"name": reader.name, "follow_up_id": one.id}
            queue_mail(
                user_id=reader.id,
                address=reader.email,
                name="follow_up",
                context=context,
                reason=REASON,
                now=now,
            )
    return True


def _postpone(follow_up_id: str, now: datetime) -> bool:
    with transaction():
        claims.postpone(FollowUp, follow_up_id, until=now + RETRY_AFTER, states=(WAITING,))
    return False


def tidy(now: datetime) -> dict[str, int]:
    """Delete reminders that were done long ago."""
    old = (FollowUp.state == DONE, FollowUp.remind_at < now - KEPT)
    with transaction() as session:
        gone = session.execute(delete(FollowUp).where(*old).execution_options(synchronize_session=False))
    return {"reminders_forgotten": gone.rowcount}  # type: ignore[attr-defined]
