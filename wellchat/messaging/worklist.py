"""List threads, and say of those that wait for an answer why they matter.

A score is the sum of points that everybody can read: `priority.why` names each with its points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import gettext, ngettext
from wellchat.messaging import queries
from wellchat.messaging.forms import ListThreads
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.queries import Sort, ThreadView
from wellchat.messaging.serializers import Json, threads_json
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

MOST = 100  # threads that are sorted by their score: those that wait longest
QUESTION, FIRST, TODAY, MOST_DAYS = (2, 3, 4, 7)  # points
QUESTION_MARKS = "?？؟՞"


def list_threads(
    viewer: User, page: ListThreads, *, sort: Sort, before: str | None, now: datetime
) -> tuple[list[Json], str | None]:
    """Return (JSON of a page of the viewer's threads, token of the next page or None).

    Where only those are listed that wait, each has its `priority`. Sorted by it, there is one page.
    """
    by_score = sort == "priority"
    limit = MOST if by_score else page.limit
    wanted = page.filters() | {"sort": sort}
    views, following = queries.inbox(viewer, before=None if by_score else before, limit=limit, **wanted)
    threads = threads_json(views, viewer, now=now)
    if sort != "latest" and threads:
        _add_priorities(viewer, views, threads, now)
    if by_score:
        # A stable sort: of two with one score, who waits longer comes first.
        threads.sort(key=lambda thread: -thread["priority"]["score"])
        return threads, None
    return threads, following


def _add_priorities(
    viewer: User, views: Sequence[ThreadView], threads: Sequence[Json], now: datetime
) -> None:
    facts = _facts(viewer, [view.thread.id for view in views], now)
    for view, thread in zip(views, threads, strict=True):
        is_first, is_today = facts[view.thread.id]
        why = list(_why(view, thread, is_first, is_today, now))
        score = sum(each["points"] for each in why)
        thread["priority"] = {"score": score, "why": why}


def _why(
    view: ThreadView, thread: Json, is_first: bool, is_today: bool, now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield {"words", "points"} of each reason, the weightiest first."""
    if is_today:
        yield {"words": gettext("Booking today"), "points": TODAY}
    if is_first:
        yield {"words": gettext("First contact"), "points": FIRST}
    last = thread["last_message"] or {}
    if last.get("sender_id") == view.other.id and any(
        mark in (last["body"] or "") for mark in QUESTION_MARKS
    ):
        yield {"words": gettext("Asks something"), "points": QUESTION}
    since = view.mine.waiting_since
    days = min((now - since).days, MOST_DAYS) if since else 0
    if days > 0:
        words = ngettext("Waiting %(num)s day", "Waiting %(num)s days", (now - since).days if since else 0)
        yield {"words": words, "points": days}


def _facts(viewer: User, ids: Sequence[str], now: datetime) -> dict[str, tuple[bool, bool]]:
    """Return thread id -> (the viewer has never written there, the two have a booking today)."""
    there = ZoneInfo(viewer.time_zone)
    begins = now.astimezone(there).replace(hour=0, minute=0, second=0, microsecond=0)
    wrote = exists().where(Message.thread_id == Thread.id, Message.sender_id == viewer.id)
    today = exists().where(
        Subject.professional_id == Thread.professional_id,
        Subject.client_id == Thread.client_id,
        Subject.starts_at >= begins,
        Subject.starts_at < begins + timedelta(days=1),
        Subject.kind.in_([kind.name for kind in kinds().values() if kind.scope == "connection"]),
        Subject.hidden_at.is_(None),
    )
    rows = db.session.execute(select(Thread.id, ~wrote, today).where(Thread.id.in_(ids)))
    return {thread_id: (bool(is_first), bool(is_today)) for thread_id, is_first, is_today in rows}
