"""What a digest says: the messages of its threads, in order, as they are at the moment of sending."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.digests.decide import quiet_for, switched_off
from wellchat.mail.compose import NotNow, NotWanted
from wellchat.mail.models import Mail
from wellchat.mail.palette import oklch
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.notifications.queries import preferences
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.templating import hue, initials

MOST_SHOWN = 50  # messages of one thread; the earlier ones are counted
LONGEST = 2_000  # characters of one message


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """For templates/emails/digest. Decides once more: what was read, deleted or muted since is left out.

    Raises NotWanted where nothing is left, NotNow where quiet hours have begun meanwhile.
    """
    user = db.session.get(User, mail.user_id, populate_existing=True) if mail.user_id else None
    if user is None:
        raise NotWanted("The account is gone.")
    wishes = preferences(user.id)
    if refusal := switched_off(wishes):
        raise NotWanted(refusal)
    if until := quiet_for(wishes, now):
        raise NotNow(until)
    threads = _threads(user, mail.covers, now)
    return {
        "name": user.name,
        "threads": threads,
        "count": sum(thread["count"] for thread in threads),
        "zone": wishes.time_zone,
        "cadence": wishes.cadence,
        "unsubscribe_path": unsubscribe_path(user.id),
        "covers": [thread["covers"] for thread in threads],
    }


def _threads(user: User, covers: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    standing = _standing(user.id, [c["thread_id"] for c in covers])
    audible = [c for c in covers if c["thread_id"] in standing and not _silenced(standing[c["thread_id"]][1], now)]
    if not audible:
        raise NotWanted("The conversation was muted before this was sent.")
    messages = _messages(user.id, audible, standing)
    if not messages:
        raise NotWanted("Everything was read or deleted before this was sent.")
    zone = ZoneInfo(user.time_zone)
    return [_thread(user, standing[thread_id][0], list(found), zone) for thread_id, found in messages]


def _standing(user_id: str, thread_ids: list[str]) -> dict[str, tuple[Thread, Membership]]:
    query = (
        select(Thread, Membership)
        .join(Membership, and_(Membership.thread_id == Thread.id, Membership.user_id == user_id))
        .where(Thread.id.in_(thread_ids))
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
        .execution_options(populate_existing=True)
    )
    return {thread.id: (thread, membership) for thread, membership in db.session.execute(query).unique()}


def _silenced(membership: Membership, now: datetime) -> bool:
    return any(until is not None and until > now for until in (membership.muted_until, membership.snoozed_until))


def _messages(
    user_id: str, covers: list[dict[str, Any]], standing: dict[str, tuple[Thread, Membership]]
) -> list[tuple[str, list[Message]]]:
    """What is still unread of each thread, ascending; the thread that waits longest comes first."""
    stretches = [
        and_(
            Message.thread_id == c["thread_id"],
            Message.seq.between(max(c["first_seq"], standing[c["thread_id"]][1].last_read_seq + 1), c["last_seq"]),
        )
        for c in covers
    ]
    query = (
        select(Message)
        .where(or_(*stretches), Message.sender_id != user_id, Message.deleted_at.is_(None))
        .order_by(Message.thread_id, Message.seq)
        .options(joinedload(Message.subject))
        .execution_options(populate_existing=True)
    )
    found = db.session.execute(query).scalars()
    by_thread = [(thread_id, list(each)) for thread_id, each in groupby(found, key=lambda m: m.thread_id)]
    return sorted(by_thread, key=lambda pair: pair[1][0].created_at)


def _thread(user: User, thread: Thread, messages: list[Message], zone: ZoneInfo) -> dict[str, Any]:
    other = thread.professional if user.id == thread.client_id else thread.client
    shown = messages[-MOST_SHOWN:]
    return {
        "other": {
            "name": other.name,
            "label": other.label,
            "initials": initials(other.name),
            "face": {"back": oklch(0.885, 0.062, hue(other.id)), "ink": oklch(0.36, 0.095, hue(other.id))},
        },
        "about": f"Re: {thread.subject.title}" if thread.subject else None,
        "path": f"/threads/{thread.id}#{messages[0].seq}",
        "count": len(messages),
        "earlier": len(messages) - len(shown),
        "days": [
            {"day": day, "messages": [_message(message, zone) for message in of_day]}
            for day, of_day in groupby(shown, key=lambda message: _day(message.created_at, zone))
        ],
        "covers": {"thread_id": thread.id, "first_seq": messages[0].seq, "last_seq": messages[-1].seq},
    }


def _message(message: Message, zone: ZoneInfo) -> dict[str, Any]:
    body = message.body or ""
    cut = body if len(body) <= LONGEST else body[:LONGEST].rstrip() + " …"
    return {
        "lines": cut.splitlines(),
        "time": message.created_at.astimezone(zone).strftime("%H:%M"),
        "about": f"{message.subject.declared.label}: {message.subject.title}" if message.subject else None,
    }


def _day(moment: datetime, zone: ZoneInfo) -> str:
    """Thursday 12 November: a mail is read whenever, so nothing in it is "today"."""
    there = moment.astimezone(zone)
    return f"{there:%A} {there.day} {there:%B}"
