"""Find bookings and sessions by their title. They have no thread of their own that would carry it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, or_, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import format_date
from wellchat.places import SearchHit
from wellchat.search.names import MAX_NAMES, SHOWN_NAME, fitting
from wellchat.search.normalise import split_words
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject


def find_bookings(viewer: User, asked: str, limit: int) -> list[SearchHit]:
    """Return the viewer's bookings and sessions whose title matches, the latest first.

    A title with a typo is returned only if no title matches exactly.
    """
    if not any(split_words(asked)):
        return []
    other = case((Subject.client_id == viewer.id, Subject.professional_id), else_=Subject.client_id)
    at = func.coalesce(Subject.starts_at, Subject.created_at)
    query = (
        select(Subject.id, Subject.title, Subject.starts_at, SHOWN_NAME)
        .outerjoin(User, User.id == other)
        .where(or_(Subject.professional_id == viewer.id, Subject.client_id == viewer.id))
        .where(Subject.kind.in_(_kinds()), Subject.hidden_at.is_(None))
        .order_by(at.desc(), Subject.id.desc())
        .limit(MAX_NAMES)
    )
    zone = ZoneInfo(viewer.time_zone)
    titles = [(row, row[1]) for row in db.session.execute(query)]
    return [
        SearchHit(title, f"/subjects/{id_}", _excerpt(starts_at, zone, name or ""))
        for id_, title, starts_at, name in fitting(titles, asked, limit)
    ]


def _excerpt(starts_at: datetime | None, zone: ZoneInfo, name: str) -> str:
    day = format_date(starts_at.astimezone(zone).date(), "year") if starts_at else ""
    return " · ".join(part for part in (name, day) if part)


def _kinds() -> list[str]:
    return [kind.name for kind in kinds().values() if kind.scope == "connection"]
