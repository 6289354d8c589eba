"""Reading the mail ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.mail.models import QUEUED, SKIPPED, Mail, RefusedAddress

if TYPE_CHECKING:
    from wellchat.accounts.models import User


def ledger(*, address: str | None = None, limit: int = 200) -> Sequence[Mail]:
    """The latest rows, oldest first. For operators: of everybody, or of one address."""
    query = select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)
    if address:
        query = query.where(Mail.address == address.strip().lower())
    return db.session.execute(query.execution_options(populate_existing=True)).scalars().all()[::-1]


def outbox(viewer: User | None, *, limit: int = 100) -> Sequence[Mail]:
    """What left, newest first: the viewer's own mails; everybody's for None, the person at the machine."""
    query = select(Mail).where(Mail.state.not_in((QUEUED, SKIPPED)))
    if viewer is not None:
        query = query.where(Mail.user_id == viewer.id)
    return db.session.execute(query.order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)).scalars().all()


def mail_for(viewer: User | None, mail_id: str) -> Mail:
    """One of those. Raises NotFound."""
    mail = db.session.get(Mail, mail_id)
    if mail is None or (viewer is not None and mail.user_id != viewer.id):
        raise NotFound
    return mail


def refusal_of(address: str) -> RefusedAddress | None:
    """Why mails to this address come back; None while they do not."""
    return db.session.get(RefusedAddress, address, populate_existing=True)


def refusals_of(addresses: Iterable[str]) -> dict[str, str]:
    """Those of many addresses that refuse mail, each with what its mail server said."""
    query = select(RefusedAddress.email, RefusedAddress.reason).where(RefusedAddress.email.in_(list(addresses)))
    return dict(db.session.execute(query).all())
