"""Read the ledger for operators, the captured mails, and the addresses that refuse mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from wellchat.claims import QUEUED, SKIPPED
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.mail.models import Mail, RefusedAddress


def ledger(
    *, address: str | None = None, limit: int = 200, state: str | None = None, reason: str | None = None
) -> Sequence[Mail]:
    """Return the latest rows, oldest first.

    For operators: of everybody or of one address, in one state, with `reason` in the reason.
    """
    query = select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)
    if state:
        query = query.where(Mail.state == state)
    if reason:
        query = query.where(Mail.reason.icontains(reason, autoescape=True))
    if address:
        query = query.where(Mail.address == address.strip().lower())
    return db.session.execute(query.execution_options(populate_existing=True)).scalars().all()[::-1]


def captured_mails(user_id: str | None, *, limit: int = 100) -> Sequence[Mail]:
    """Return the mails that left, newest first: those to one person, or everybody's for None."""
    query = select(Mail).where(Mail.state.not_in((QUEUED, SKIPPED)))
    if user_id is not None:
        query = query.where(Mail.user_id == user_id)
    return (
        db.session.execute(query.order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit))
        .scalars()
        .all()
    )


def captured_mail(user_id: str | None, mail_id: str) -> Mail:
    """Return one of the mails that `captured_mails` lists. Raises NotFound."""
    mail = db.session.get(Mail, mail_id)
    if mail is None or (user_id is not None and mail.user_id != user_id):
        raise NotFound
    return mail


def refusal_of(address: str | None) -> RefusedAddress | None:
    """Return why this address refuses mail. None: it does not, or there is none."""
    return None if address is None else db.session.get(RefusedAddress, address, populate_existing=True)


def refusals_of(addresses: Iterable[str]) -> dict[str, str]:
    """Return address -> what its mail server said, for those of these addresses that refuse mail."""
    query = select(RefusedAddress.email, RefusedAddress.reason).where(
        RefusedAddress.email.in_(list(addresses))
    )
    return dict(db.session.execute(query).all())
