"""Gather the content of a weekly summary: numbers and names of the last seven days, as they are then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select, tuple_

from wellchat.accounts.models import SYSTEM_ID
from wellchat.db import db
from wellchat.digests.queries import thread_rows
from wellchat.digests.recipients import Recipient, load_recipient
from wellchat.digests.render import avatar, day_of, is_discreet
from wellchat.digests.week import not_wanted
from wellchat.i18n import N_, force_language, gettext
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.unsubscribe import unsubscribe_path

WEEK = timedelta(days=7)
MAX_SHOWN = 20  # conversations; the others are counted


class ThreadWeek(NamedTuple):
    """One conversation's week: counts of messages, and its last message."""

    thread_id: str
    received: int
    sent: int
    last_seq: int
    last_sender: str
    last_at: datetime


def content(row: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/week.

    Raises NotWanted if nothing happened, or they want none now.
    """
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
        "discreet": is_discreet(recipient.prefs, row_of.values()),
        "discreet_line": gettext("Your week"),
        "unsubscribe_path": unsubscribe_path(recipient.user_id, "week"),
    }


def threads_of_week(user_id: str, now: datetime) -> list[ThreadWeek]:
    """Return the person's conversations of the last seven days, without muted and closed ones.

    Those that wait for the person come first, the longest waiting of them before the others.
    """
    # updated_at narrows it to memberships that changed this week before their messages are read.
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
            Membership.closed_as.is_(None),
            Message.created_at > now - WEEK,
            Message.deleted_at.is_(None),
            # Nobody wrote those of the system, so nobody waits for an answer.
            Message.sender_id != SYSTEM_ID,
        )
        .group_by(Message.thread_id)
    )
    rows = db.session.execute(query).all()
    # Who wrote the last message of each thread: that decides who waits for whom.
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
