"""Remove old records of received mails."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select

from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.i18n import N_
from wellchat.replies.actions import RETENTION
from wellchat.replies.models import LeftOutText, ReceivedMail
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


def _old_texts(before: datetime, held: Held) -> Select[str]:
    return select(LeftOutText.id).where(
        LeftOutText.kept_at < before, LeftOutText.thread_id.not_in(held.thread_ids)
    )


def _count_texts(before: datetime, held: Held) -> int:
    counted = select(func.count()).select_from(_old_texts(before, held).subquery())
    return db.session.execute(counted).scalar_one()


def _remove_texts(before: datetime, held: Held, limit: int, _now: datetime) -> int:
    with transaction() as session:
        ids = list(session.execute(_old_texts(before, held).limit(limit)).scalars())
        if ids:
            session.execute(delete(LeftOutText).where(LeftOutText.id.in_(ids)))
    return len(ids)


RULES = (
    Rule(
        "quoted",
        N_("Quoted text and signatures of emails that you sent to us"),
        lambda: setting("QUOTED_TEXT_DAYS"),
        _count_texts,
        _remove_texts,
    ),
    Rule("received", N_("Records of emails that you sent to us"), lambda: RETENTION.days, _count, _remove),
)
