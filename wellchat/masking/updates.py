"""Say whether something is hidden in a thread by now, for pages that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select

from wellchat.accounts.models import User
from wellchat.config import setting
from wellchat.db import db
from wellchat.messaging.models import Thread
from wellchat.subjects.models import Subject

KIND = "mask"


def load_masks(viewer: User, ids: Sequence[str], _now: datetime) -> list[dict[str, Any]]:
    """Return what an update carries of these threads. What is not the viewer's is gone."""
    booked = exists().where(
        Subject.client_id == Thread.client_id,
        Subject.professional_id == Thread.professional_id,
        func.lower(Subject.status).in_(setting("MASK_ENDS")),
    )
    own = or_(Thread.client_id == viewer.id, Thread.professional_id == viewer.id)
    query = select(Thread.id, booked).where(Thread.id.in_(ids), own)
    found = {row[0]: row[1] for row in db.session.execute(query)}
    return [
        {"id": id_, "applies": not found[id_]} if id_ in found else {"id": id_, "deleted": True}
        for id_ in ids
    ]
