"""Reading the mail ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Select, func, or_, select, tuple_

from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.mail import hooks
from wellchat.mail.models import FAILED, QUEUED, SKIPPED, UNKNOWN, Mail, RefusedAddress
from wellchat.paging import decode_page_token, encode_page_token

if TYPE_CHECKING:
    from wellchat.accounts.models import User
    from wellchat.mail.forms import ListMails

PROBLEM_STATES = (QUEUED, FAILED, UNKNOWN)


def ledger_of(
    viewer: User, *, before: str | None = None, limit: int = 30
) -> tuple[Sequence[Mail], str | None]:
    """What we sent to the viewer or did not, latest first, and the place of the next page. Raises Invalid."""
    return _page(select(Mail).where(Mail.user_id == viewer.id), before, limit)


def whole_ledger(admin: User, filters: ListMails) -> tuple[Sequence[Mail], str | None]:
    """Everybody's. Raises NotFound for who is no administrator, Invalid."""
    if not admin.is_admin:
        raise NotFound
    query = select(Mail)
    if filters.state:
        query = query.where(Mail.state == filters.state)
    if filters.name:
        query = query.where(Mail.name == filters.name)
    if filters.reason:
        query = query.where(Mail.reason.icontains(filters.reason, autoescape=True))
    if filters.person:
        query = query.where(
            or_(Mail.address.icontains(filters.person, autoescape=True), Mail.user_id == filters.person)
        )
    return _page(query, filters.before, filters.limit)


def problem_counts(admin: User) -> dict[str, int]:
    """How many mails wait, failed, or are of unknown fate."""
    if not admin.is_admin:
        raise NotFound
    query = select(Mail.state, func.count()).where(Mail.state.in_(PROBLEM_STATES)).group_by(Mail.state)
    return dict(db.session.execute(query).all())


def thread_names(user_id: str, mails: Sequence[Mail]) -> dict[str, str]:
    """What the person calls the threads that these mails hold."""
    thread_ids = {cover["thread_id"] for mail in mails for cover in mail.covers}
    return hooks.thread_names(user_id, thread_ids)[0] if thread_ids else {}


def _page(query: Select[Mail], before: str | None, limit: int) -> tuple[Sequence[Mail], str | None]:
    if before:
        query = query.where(tuple_(Mail.created_at, Mail.id) < tuple_(*decode_page_token(before)))
    query = query.order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit + 1)
    found = db.session.execute(query.execution_options(populate_existing=True)).scalars().all()
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], encode_page_token(last.created_at, last.id)


def ledger(
    *, address: str | None = None, limit: int = 200, state: str | None = None, reason: str | None = None
) -> Sequence[Mail]:
    """The latest rows, oldest first. For operators: of everybody, or of one address, in one state, for one reason."""
    query = select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)
    if state:
        query = query.where(Mail.state == state)
    if reason:
        query = query.where(Mail.reason.icontains(reason, autoescape=True))
    if address:
        query = query.where(Mail.address == address.strip().lower())
    return db.session.execute(query.execution_options(populate_existing=True)).scalars().all()[::-1]


def captured_mails(viewer: User | None, *, limit: int = 100) -> Sequence[Mail]:
    """What left, newest first: the viewer's own mails; everybody's for None, the person at the machine."""
    query = select(Mail).where(Mail.state.not_in((QUEUED, SKIPPED)))
    if viewer is not None:
        query = query.where(Mail.user_id == viewer.id)
    return (
        db.session.execute(query.order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit))
        .scalars()
        .all()
    )


def captured_mail(viewer: User | None, mail_id: str) -> Mail:
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
    query = select(RefusedAddress.email, RefusedAddress.reason).where(
        RefusedAddress.email.in_(list(addresses))
    )
    return dict(db.session.execute(query).all())
