"""The weekly summary: what happened in a week, and who waits for whom. Only numbers and names; messages are in digests.

A kind of its own, which people may turn off. It is planned when something arrives, for the hour and weekday of the
person's digests; so nobody whose week was empty is ever looked at. Who has chosen weekly digests, or no emails, gets
none: for them it would be a second mail at the same moment, or one too many.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, func, select, tuple_

from wellchat.config import setting
from wellchat.db import db, insert, transaction
from wellchat.digests.actions import RETRY_AFTER, Outcome
from wellchat.digests.decide import (
    Recipient,
    load_recipient,
    load_recipients,
    present_until,
    quiet_for,
    refused,
)
from wellchat.digests.models import WeekSchedule
from wellchat.digests.render import avatar, day_of, thread_rows
from wellchat.digests.runs import BATCH
from wellchat.digests.times import next_at
from wellchat.i18n import N_, force_language
from wellchat.mail import actions as mail
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail
from wellchat.mail.smtp_pool import SmtpPool
from wellchat.mail.transport import MailConnection
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.queries import EffectivePreferences, preferences
from wellchat.notifications.unsubscribe import unsubscribe_path

log = logging.getLogger(__name__)

WEEK = timedelta(days=7)
WHY = N_("The weekly summary.")
EARLIER_WHY = N_("The summary of the week.")  # how rows of earlier versions say it
MAX_SHOWN = 20  # conversations; the others are counted


def not_wanted(prefs: EffectivePreferences) -> str:
    """Why this person gets no weekly summary, if so."""
    if prefs.cadence == "off":
        return N_("Emails are switched off in the preferences.")
    if not prefs.wants("week", "email"):
        return N_("The weekly summary is switched off in the preferences.")
    if prefs.cadence == "weekly":
        return N_("The weekly digest comes at this time.")
    return ""


def schedule_for_messages(user_id: str, _thread_id: str, _seqs: Sequence[int], now: datetime) -> None:
    """Schedule the weekly summary of somebody who was notified of new messages."""
    schedule(user_id=user_id, prefs=preferences(user_id), written=now)


def schedule(*, user_id: str, prefs: EffectivePreferences, written: datetime) -> None:
    """Something arrived for this person then: plan their next weekly summary, if none is planned."""
    if not_wanted(prefs):
        return
    with transaction() as session:
        planned = insert(WeekSchedule).values(user_id=user_id, due_at=_next(prefs, written))
        session.execute(planned.on_conflict_do_nothing())


def _next(prefs: EffectivePreferences, after: datetime) -> datetime:
    return next_at(after, time(prefs.digest_hour), ZoneInfo(prefs.time_zone), weekday=prefs.digest_weekday)


def reschedule(user_id: str, now: datetime) -> None:
    """Somebody changed what they want: what is planned moves to their new hour, or falls away.

    What is due, and only waits for them to go, stays: at the new hour it would be another week's.
    """
    recipient = load_recipient(user_id, now)
    with transaction() as session:
        gone = session.execute(
            delete(WeekSchedule).where(WeekSchedule.user_id == user_id).returning(WeekSchedule.due_at)
        )
        due_at = gone.scalar_one_or_none()
        if due_at is None or recipient is None:
            return
        if due_at <= now + timedelta(seconds=setting("AWAY_AFTER")):
            _set_due(user_id, due_at)
        else:
            schedule(user_id=user_id, prefs=recipient.prefs, written=now)


def send_due(*, now: datetime) -> Iterator[Outcome]:
    """Everybody whose weekly summary is due, each in a transaction of their own, over a few connections."""
    due = select(WeekSchedule.user_id).where(WeekSchedule.due_at <= now)
    due = due.order_by(WeekSchedule.due_at, WeekSchedule.user_id)
    with SmtpPool() as pool:
        of_a_round = due.limit(BATCH * len(pool))
        while not pool.unreachable and (user_ids := list(db.session.execute(of_a_round).scalars())):
            yield from pool.distribute(user_ids, lambda part, connection: _send_batch(part, now, connection))


def _send_batch(user_ids: Sequence[str], now: datetime, connection: MailConnection) -> list[Outcome]:
    outcomes = []
    for user_id in user_ids:
        if outcome := _send_safely(user_id, now, connection):
            outcomes.append(outcome)
        if connection.unreachable:
            break
    return outcomes


def _send_safely(user_id: str, now: datetime, connection: MailConnection) -> Outcome | None:
    try:
        return send_one(user_id=user_id, now=now, connection=connection)
    except Exception:
        log.exception("the weekly summary to %s could not be decided", user_id)
        with transaction():
            _set_due(user_id, now + RETRY_AFTER)
        return Outcome(user_id, "failed", "It could not be decided; it is tried again.")


def send_one(*, user_id: str, now: datetime, connection: MailConnection) -> Outcome | None:
    """Claim, decide, write down; then send. None: not due, or somebody else has them."""
    with transaction() as session:
        mine = WeekSchedule.user_id == user_id
        claimed = session.execute(delete(WeekSchedule).where(mine, WeekSchedule.due_at <= now))
        recipient = load_recipient(user_id, now) if claimed.rowcount else None  # type: ignore[attr-defined]
        if recipient is None:
            return None
        to: dict[str, Any] = {"user_id": user_id, "address": recipient.address, "name": "week", "now": now}
        if refusal := not_wanted(recipient.prefs):
            return Outcome(user_id, "skipped", refusal, mail.record_skip(**to, reason=refusal).id)
        until, why = held_until(recipient, now)
        if until is not None:
            _set_due(user_id, until)
            return Outcome(user_id, "waiting", why)
        if refusal := refused(recipient):
            return Outcome(user_id, "skipped", refusal, mail.record_skip(**to, reason=refusal).id)
        written = mail.create_claimed(**to, context={"name": recipient.name}, covers=[], reason=WHY)
    state = mail.send_claimed(mail=written, connection=connection, now=now)
    return Outcome(user_id, state or written.state, written.reason, written.id)


def _set_due(user_id: str, at: datetime) -> None:
    planned = insert(WeekSchedule).values(user_id=user_id, due_at=at)
    db.session.execute(planned.on_conflict_do_update(index_elements=["user_id"], set_={"due_at": at}))


def sweep(now: datetime) -> dict[str, int]:
    done = Counter(outcome.did for outcome in send_due(now=now))
    return {f"weeks_{did}": done[did] for did in ("sent", "skipped", "waiting", *sorted(done))}


class ThreadWeek(NamedTuple):
    """One conversation's week."""

    thread_id: str
    received: int
    sent: int
    last_seq: int
    last_sender: str
    last_at: datetime


def content(row: Mail, now: datetime) -> dict[str, Any]:
    """For templates/emails/week; decides once more. Raises NotWanted where nothing happened."""
    recipient = load_recipient(row.user_id or "", now)
    if recipient is None:
        raise NotWanted(N_("The account is gone."))
    if refusal := not_wanted(recipient.prefs):
        raise NotWanted(refusal)
    threads = threads_of_week(recipient.user_id, now)
    if not any(thread.received for thread in threads):
        raise NotWanted(N_("Nothing happened this week."))
    with force_language(recipient.prefs.language):
        return _in_their_language(recipient, threads, now)


def _in_their_language(recipient: Recipient, threads: list[ThreadWeek], now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(recipient.prefs.time_zone)
    which = and_(
        Membership.user_id == recipient.user_id, Membership.thread_id.in_([t.thread_id for t in threads])
    )
    row_of = thread_rows(which)
    shown = [
        {
            "other": avatar(row_of[recipient.user_id, thread.thread_id]),
            "received": thread.received,
            "sent": thread.sent,
            "waits": "you" if thread.last_sender != recipient.user_id else "they",
            "since": day_of(thread.last_at, zone),
            "path": f"/threads/{thread.thread_id}#{thread.last_seq}",
        }
        for thread in threads
    ]
    return {
        "name": recipient.name,
        "threads": shown[:MAX_SHOWN],
        "more": max(0, len(shown) - MAX_SHOWN),
        "received": sum(thread.received for thread in threads),
        "sent": sum(thread.sent for thread in threads),
        "on_you": sum(thread["waits"] == "you" for thread in shown),
        "began": day_of(now - WEEK, zone),
        "zone": recipient.prefs.time_zone,
        "language": recipient.prefs.language,
        "unsubscribe_path": unsubscribe_path(recipient.user_id, "week"),
    }


def threads_of_week(user_id: str, now: datetime) -> list[ThreadWeek]:
    """The person's conversations of the last seven days, but muted ones; first those where they are waited for."""
    query = (
        select(
            Message.thread_id,
            func.count().filter(Message.sender_id != user_id),
            func.count().filter(Message.sender_id == user_id),
            func.max(Message.seq),
        )
        .join(Membership, and_(Membership.thread_id == Message.thread_id, Membership.user_id == user_id))
        .where(
            Membership.updated_at > now - WEEK,
            func.coalesce(Membership.muted_until, now) <= now,
            Message.created_at > now - WEEK,
            Message.deleted_at.is_(None),
        )
        .group_by(Message.thread_id)
    )
    rows = db.session.execute(query).all()
    last_keys = [(thread_id, last_seq) for thread_id, _, _, last_seq in rows]
    last = {
        thread_id: (sender_id, at)
        for thread_id, sender_id, at in db.session.execute(
            select(Message.thread_id, Message.sender_id, Message.created_at).where(
                tuple_(Message.thread_id, Message.seq).in_(last_keys)
            )
        )
    }
    threads = [ThreadWeek(*row, *last[row[0]]) for row in rows]
    return sorted(threads, key=lambda thread: (thread.last_sender == user_id, thread.last_at))


class Forecast(NamedTuple):
    user_id: str
    address: str
    wait_until: datetime | None
    why: str  # why it waits, or is not sent


def preview_due(*, now: datetime) -> Iterator[Forecast]:
    """Everybody whose weekly summary is due, and what would come of it now; changes nothing. A page at a time."""
    last = ""
    while True:
        due = select(WeekSchedule.user_id).where(WeekSchedule.user_id > last, WeekSchedule.due_at <= now)
        user_ids = list(db.session.execute(due.order_by(WeekSchedule.user_id).limit(BATCH)).scalars())
        if not user_ids:
            return
        for user_id, recipient in sorted(load_recipients(user_ids, now).items()):
            yield Forecast(user_id, recipient.address, *_forecast(recipient, now))
        last = user_ids[-1]


def _forecast(recipient: Recipient, now: datetime) -> tuple[datetime | None, str]:
    if refusal := not_wanted(recipient.prefs):
        return None, refusal
    until, why = held_until(recipient, now)
    return until, why or refused(recipient)


def held_until(recipient: Recipient, now: datetime) -> tuple[datetime | None, str]:
    """Until when a mail that is due has to wait, and why."""
    if until := present_until(recipient.seen_at, now):
        return until, N_("The reader is here.")
    if until := quiet_for(recipient.prefs, now):
        return until, N_("Quiet hours.")
    return None, ""
