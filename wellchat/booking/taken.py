"""Say what stands in a calendar, for the free times."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from wellchat.availability.free import Taken
from wellchat.booking.models import CANCELLED, HELD, LAPSED, TAKES_TIME, Booking
from wellchat.db import db, table


def taken_between(
    professional_id: str, since: datetime, until: datetime, now: datetime, without: str | None
) -> list[Taken]:
    """Return what begins in [since, until), in one statement. A handler of availability.taken_between.

    A hold counts until its last moment: at `held_until` itself its time is free.
    """
    of = table(Booking).c
    query = select(of.starts_at, of.blocks_from, of.blocks_until, of.state).where(
        of.professional_id == professional_id,
        of.starts_at >= since,
        of.starts_at < until,
        of.state.not_in((CANCELLED, LAPSED)),
        or_(of.state != HELD, of.held_until > now),
    )
    if without is not None:
        query = query.where(of.id != without)
    return [Taken(*row[:3], row.state in TAKES_TIME) for row in db.session.execute(query)]
