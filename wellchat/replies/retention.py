"""Remove old records of received mails."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select

from wellchat.db import db, transaction
from wellchat.i18n import N_
from wellchat.replies.actions import RETENTION
from wellchat.replies.models import ReceivedMail
from wellchat.retention import Held, Rule


def _old(before: datetime, held: Held) -> Select[str]:
    free = or_(ReceivedMail.user_id.is_(None), ReceivedMail.user_id.not_in(held.user_ids))
    return select(ReceivedMail.id).where(ReceivedMail.received_at < before, free)


def _count(before: datetime, held: Held) -> int:
    return db.session.execute(select(func.count()).select_from(_old(before, held).subquery())).scalar_one()


def _remove(before: datetime, held: Held, limit: int, _now: datetime) -> int:
    with transaction() as session:
        ids = list(session.execute(_old(before, held).limit(limit)).scalars())
        if ids:
            session.execute(delete(ReceivedMail).where(ReceivedMail.id.in_(ids)))
    return len(ids)


RULES = (
    Rule("received", N_("Records of emails that you sent to us"), lambda: RETENTION.days, _count, _remove),
)
