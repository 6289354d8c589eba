"""Read what came in, for operators."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.replies.models import ReceivedMail


def received(*, email: str | None = None, limit: int = 200) -> Sequence[tuple[ReceivedMail, str | None]]:
    """Return the latest mails that came in, oldest first, each with its person's address if known."""
    query = select(ReceivedMail, User.email).outerjoin(User, User.id == ReceivedMail.user_id)
    if email:
        query = query.where(User.email == email.strip().lower())
    rows = db.session.execute(
        query.order_by(ReceivedMail.received_at.desc(), ReceivedMail.id.desc()).limit(limit)
    )
    return [(mail, email) for mail, email in rows][::-1]
