"""Remove old mails from the ledger, with what they were made of, and their files where they were captured."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select

from wellchat.claims import QUEUED, SENDING
from wellchat.db import db, transaction
from wellchat.i18n import N_
from wellchat.mail.captured import forget_captured
from wellchat.mail.models import Mail
from wellchat.retention import Held, Rule

MAIL_DAYS = 180


def _old(before: datetime, held: Held) -> Select[str]:
    free = or_(Mail.user_id.is_(None), Mail.user_id.not_in(held.user_ids))
    return select(Mail.id).where(Mail.created_at < before, Mail.state.not_in((QUEUED, SENDING)), free)


def _count(before: datetime, held: Held) -> int:
    return db.session.execute(select(func.count()).select_from(_old(before, held).subquery())).scalar_one()


def _remove(before: datetime, held: Held, limit: int, _now: datetime) -> int:
    with transaction() as session:
        oldest = _old(before, held).order_by(Mail.created_at, Mail.id).limit(limit)
        ids = list(session.execute(oldest).scalars())
        if ids:
            session.execute(delete(Mail).where(Mail.id.in_(ids)))
            forget_captured(ids)
    return len(ids)


RULES = (Rule("mails", N_("Emails that we sent you"), lambda: MAIL_DAYS, _count, _remove),)
