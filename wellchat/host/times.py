"""Remember when, by its own clock, the host last changed something: a late job must not undo a newer one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from wellchat.db import db, insert
from wellchat.host.models import HostTime

PERSON, SUBJECT = ("person", "subject")


def is_stale(kind: str, ref_id: str, as_of: datetime | None) -> bool:
    """Return whether a newer change was taken already. Call it with the row of the thing locked."""
    if as_of is None:
        return False
    last = select(HostTime.as_of).where(HostTime.kind == kind, HostTime.ref_id == ref_id)
    found = db.session.execute(last).scalar()
    return found is not None and as_of < found


def take(kind: str, ref_id: str, as_of: datetime | None) -> None:
    """Write down that a change of this moment was taken."""
    if as_of is None:
        return
    new = insert(HostTime).values(kind=kind, ref_id=ref_id, as_of=as_of)
    keys = [HostTime.kind, HostTime.ref_id]
    newer = HostTime.as_of < as_of
    db.session.execute(new.on_conflict_do_update(index_elements=keys, set_={"as_of": as_of}, where=newer))
