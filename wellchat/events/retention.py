"""Delete events after 30 days, with their deliveries. Who comes with an older cursor is told so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from wellchat.db import db, transaction
from wellchat.events.models import HostEvent, HostEventState
from wellchat.events.numbering import locked_state
from wellchat.i18n import N_
from wellchat.retention import Held, Rule

DAYS = 30


def _last_old(before: datetime) -> int:
    """Return the number up to which every event is from before `before`."""
    first_kept = select(func.min(HostEvent.seq)).where(HostEvent.at >= before)
    head = select(HostEventState.seq).scalar_subquery()
    return int(db.session.execute(select(func.coalesce(first_kept.scalar_subquery() - 1, head))).scalar_one())


def _count(before: datetime, _held: Held) -> int:
    old = select(func.count()).select_from(HostEvent).where(HostEvent.seq <= _last_old(before))
    return int(db.session.execute(old).scalar_one())


def _remove(before: datetime, _held: Held, limit: int, _now: datetime) -> int:
    with transaction() as session:
        state = locked_state(wait=True)
        assert state is not None
        up_to = min(_last_old(before), state.floor_seq + limit)
        # With the rows, so that whoever reads sees both or neither.
        state.floor_seq = max(state.floor_seq, up_to)
        gone = session.execute(delete(HostEvent).where(HostEvent.seq <= up_to))
        return int(gone.rowcount)  # type: ignore[attr-defined]


RULES = (
    Rule("events", N_("News for the platform: who did what, without words"), lambda: DAYS, _count, _remove),
)
