"""Change a person's own state of a thread: archived, pinned, muted, snoozed, typing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.db import db, execute, table, transaction
from wellchat.errors import CannotWrite, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.closing import refuse_paused
from wellchat.messaging.models import Membership
from wellchat.messaging.queries import is_listed, people_of
from wellchat.messaging.statements import UNANSWERED_SINCE

MAX_SNOOZES = 500  # ended in one sweep; the next sweep continues
MuteFor = Literal["hour", "tomorrow", "week", "always"]
SnoozeFor = Literal["hour", "tomorrow", "monday", "week", "answer-1", "answer-3", "answer-7"]
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
MORNING = time(8)
WEEK_BEGINS = time(9)


def end_of(duration: MuteFor | SnoozeFor, *, now: datetime, zone: str) -> datetime:
    """Return when a mute or snooze ends, in UTC.

    "tomorrow", "week" and "answer-N" (N days) end at 8:00 in the time zone `zone` (an IANA name), "monday" at
    9:00; "always" ends in the year 9999.
    """
    if duration == "always":
        return FOREVER
    if duration == "hour":
        return now + timedelta(hours=1)
    there = ZoneInfo(zone)
    today = now.astimezone(there).date()
    if duration == "monday":
        monday = today + timedelta(days=7 - today.weekday())
        return datetime.combine(monday, WEEK_BEGINS, there).astimezone(UTC)
    days = {"tomorrow": 1, "week": 7}.get(duration) or int(duration.removeprefix("answer-"))
    return datetime.combine(today + timedelta(days=days), MORNING, there).astimezone(UTC)


def morning_of(day: date, *, now: datetime, zone: str) -> datetime:
    """Return 8:00 of a day to come in the time zone `zone`, in UTC. Raises Invalid for one that is over."""
    there = ZoneInfo(zone)
    if day <= now.astimezone(there).date():
        raise Invalid({"snooze_on": gettext("Choose a day to come.")})
    return datetime.combine(day, MORNING, there).astimezone(UTC)


def change_membership(*, viewer: User, thread_id: str, changes: dict[str, Any]) -> None:
    """Change the viewer's own state of a thread. Raises NotFound.

    `changes` has any of the keys archived, pinned, muted_until, snoozed_until, until_answer and needs_answer.
    A thread that needs no answer waits no more, until the other person writes again.
    """
    with transaction() as session:
        membership = session.get(
            Membership, (thread_id, viewer.id), with_for_update=True, populate_existing=True
        )
        if membership is None:
            raise NotFound
        # The row is locked above, because a send changes some of these columns too (it unarchives and ends
        # snoozes).
        needs_answer = changes.pop("needs_answer", None)
        for name, value in changes.items():
            setattr(membership, name, value)
        if needs_answer is not None:
            membership.settled_seq = 0 if needs_answer else membership.last_seq
            session.flush()
            execute(RECOUNT_OWN, {"ids": [thread_id], "whose": viewer.id})
        record_change(user_id=viewer.id, kind="thread", thread_id=thread_id)


# Of one person: to lock the other one's row, too, could deadlock with a send, which locks both in any order.
RECOUNT_OWN = (
    update(table(Membership))
    .where(Membership.thread_id.in_(bindparam("ids", expanding=True)))
    .where(Membership.user_id == bindparam("whose"))
    .values(waiting_since=UNANSWERED_SINCE)
)


def set_typing(*, viewer: User, thread_id: str, now: datetime) -> None:
    """Show the other person that the viewer is typing. Raises NotFound, and CannotWrite."""
    with transaction() as session:
        membership = session.get(
            Membership, (thread_id, viewer.id), with_for_update=True, populate_existing=True
        )
        if membership is None:
            raise NotFound
        refuse_paused(viewer, now)
        # Under the lock of the membership, which whoever closes the thread takes too.
        if membership.closed_as is not None:
            raise CannotWrite
        membership.typing_at = now
        for user_id in people_of(thread_id)[0]:
            if user_id != viewer.id:
                record_change(user_id=user_id, kind="typing", thread_id=thread_id)


def sweep_snoozes(now: datetime) -> dict[str, int]:
    """End the snoozes that are due. Return {"snoozes_ended": number}."""
    due = db.session.execute(
        select(Membership.thread_id, Membership.user_id)
        .where(Membership.snoozed_until.is_not(None), Membership.snoozed_until <= now)
        .order_by(Membership.snoozed_until)
        .limit(MAX_SNOOZES)
    ).all()
    return {
        "snoozes_ended": sum(
            end_snooze(thread_id=thread_id, user_id=user_id, now=now) for thread_id, user_id in due
        )
    }


def end_snooze(*, thread_id: str, user_id: str, now: datetime) -> bool:
    """End one snooze and list the thread as if it were new.

    Return False if it has ended or was prolonged already. Sending a message also ends the sender's own snooze
    (`statements.MOVE_MEMBERSHIPS`).
    """
    with transaction() as session:
        # The condition is part of the update, so two sweeps at once end each snooze once.
        woken = session.execute(
            update(Membership)
            .where(
                Membership.thread_id == thread_id,
                Membership.user_id == user_id,
                Membership.snoozed_until <= now,
            )
            .values(snoozed_until=None, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        if not woken.rowcount:  # type: ignore[attr-defined]
            return False
        record_change(user_id=user_id, kind="thread", thread_id=thread_id)
    return True


def only_thread(viewer: User) -> str | None:
    """Return the id of the viewer's one conversation, wherever it is; None if there are none or several."""
    found = db.session.execute(
        select(Membership.thread_id).where(Membership.user_id == viewer.id, is_listed()).limit(2)
    )
    ids = found.scalars().all()
    return ids[0] if len(ids) == 1 else None
