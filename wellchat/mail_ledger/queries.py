"""Read the mail ledger for its pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, case, func, or_, select, tuple_

from wellchat.accounts.models import User
from wellchat.claims import FAILED, QUEUED, UNKNOWN
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.mail.models import Mail
from wellchat.mail_ledger.forms import ListMails
from wellchat.messaging.models import Thread
from wellchat.paging import decode_page_token, encode_page_token

PROBLEM_STATES = (QUEUED, FAILED, UNKNOWN)


def ledger_of(
    viewer: User, *, before: str | None = None, limit: int = 30
) -> tuple[Sequence[Mail], str | None]:
    """Return the viewer's own mails, sent or not, latest first, and the page token of the next ones, if any.

    Raises Invalid for a bad page token.
    """
    return _page(select(Mail).where(Mail.user_id == viewer.id), before, limit)


def whole_ledger(admin: User, filters: ListMails) -> tuple[Sequence[Mail], str | None]:
    """Return everybody's mails that pass the filters, as `ledger_of` does.

    Raises NotFound without the duty, and Invalid for a bad page token.
    """
    if not admin.may("mail"):
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
    """Return state -> number of mails, for the states queued, failed and unknown. Raises NotFound."""
    if not admin.may("mail"):
        raise NotFound
    query = select(Mail.state, func.count()).where(Mail.state.in_(PROBLEM_STATES)).group_by(Mail.state)
    return dict(db.session.execute(query).all())


def thread_names(viewer: User, mails: Iterable[Mail]) -> dict[str, str]:
    """Return thread id -> name of the other person, for the viewer's threads that these mails cover."""
    thread_ids = {cover["thread_id"] for mail in mails for cover in mail.covers}
    if not thread_ids:
        return {}
    other_id = case((Thread.client_id == viewer.id, Thread.professional_id), else_=Thread.client_id)
    is_mine = or_(Thread.client_id == viewer.id, Thread.professional_id == viewer.id)
    names = (
        select(Thread.id, User.name).join(User, User.id == other_id).where(is_mine, Thread.id.in_(thread_ids))
    )
    return dict(db.session.execute(names).all())


def _page(query: Select[Mail], before: str | None, limit: int) -> tuple[Sequence[Mail], str | None]:
    if before:
        query = query.where(tuple_(Mail.created_at, Mail.id) < tuple_(*decode_page_token(before)))
    query = query.order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit + 1)
    found = db.session.execute(query.execution_options(populate_existing=True)).scalars().all()
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], encode_page_token(last.created_at, last.id)
