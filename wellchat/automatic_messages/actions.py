"""Keep what somebody sets up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.accounts.models import User
from wellchat.automatic_messages.forms import Texts
from wellchat.automatic_messages.models import AutomaticMessages, CouponWelcome
from wellchat.automatic_messages.queries import coupon_of, only_professionals
from wellchat.db import insert, transaction
from wellchat.errors import Invalid
from wellchat.i18n import gettext


def set_up(
    *, viewer: User, texts: Texts, hours: list[list[list[str]]], days_off: list[list[str]], now: datetime
) -> None:
    """Keep the welcome, the answer outside hours, the hours and the days off of a professional.

    Raises NotFound for others, and Invalid for an answer outside hours that there are none of.
    """
    only_professionals(viewer)
    if texts.away and not any(hours):
        raise Invalid({"away": gettext("Fill in your hours first: this goes out outside of them.")})
    kept = {
        "welcome": texts.welcome or None,
        "away": texts.away or None,
        "hours": hours,
        "days_off": days_off,
        "changed_at": now,
    }
    with transaction() as session:
        user = session.get_one(User, viewer.id, with_for_update=True, populate_existing=True)
        user.answers_by_itself = bool(texts.welcome or any(hours))
        if not (user.answers_by_itself or days_off):
            session.execute(delete(AutomaticMessages).where(AutomaticMessages.user_id == viewer.id))
            return
        put = insert(AutomaticMessages).values(user_id=viewer.id, **kept)
        session.execute(put.on_conflict_do_update(index_elements=["user_id"], set_=kept))


def set_coupon_welcome(*, viewer: User, subject_id: str, body: str, now: datetime) -> None:
    """Keep the welcome of a coupon; empty: none. Raises NotFound for others' coupons."""
    with transaction() as session:
        subject = coupon_of(viewer, subject_id)
        if not body:
            session.execute(delete(CouponWelcome).where(CouponWelcome.subject_id == subject.id))
            return
        kept = {"user_id": viewer.id, "body": body, "changed_at": now}
        put = insert(CouponWelcome).values(subject_id=subject.id, **kept)
        session.execute(put.on_conflict_do_update(index_elements=["subject_id"], set_=kept))
