"""Read second factors: of one person, and of everybody for administrators, without any secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from wellchat.accounts.models import ADMIN, ROLES, User
from wellchat.db import db
from wellchat.factors.models import FactorReset, Passkey, RecoveryCode, Totp
from wellchat.factors.passkeys import passkeys_of

PAGE = 50


class Factors(NamedTuple):
    """The factors of one person."""

    app_since: datetime | None
    passkeys: Sequence[Passkey]
    codes_left: int
    reset: FactorReset | None  # one that waits


def factors_of(user: User) -> Factors:
    """Return a person's factors."""
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    one_row = select(
        select(Totp.confirmed_at).where(Totp.user_id == user.id).scalar_subquery(),
        select(func.count()).select_from(RecoveryCode).where(*unused).scalar_subquery(),
    )
    app_since, left = db.session.execute(one_row).one()
    reset = db.session.get(FactorReset, user.id, populate_existing=True)
    return Factors(app_since, passkeys_of(user.id), left, reset)


class Holder(NamedTuple):
    """One person in the list of administrators."""

    user: User
    has_app: bool
    passkeys: int
    codes_left: int
    reset_due_at: datetime | None


def holders(*, lacking: bool, after: str | None) -> tuple[list[Holder], str | None]:
    """Return (people who can sign in, id to go on after), in the order of their ids, a page at a time."""
    query = _people(lacking).order_by(User.id).limit(PAGE + 1)
    if after:
        query = query.where(User.id > after)
    found = [
        Holder(user, has_app is not None, keys, left, due)
        for user, has_app, keys, left, due in db.session.execute(query)
    ]
    more = len(found) > PAGE
    return found[:PAGE], found[PAGE - 1].user.id if more else None


def _people(lacking: bool) -> Select[Any]:
    # Subqueries, because joins with two tables of many rows would multiply their counts.
    keys = select(func.count()).where(Passkey.user_id == User.id).scalar_subquery()
    left = select(func.count()).where(RecoveryCode.user_id == User.id, RecoveryCode.used_at.is_(None))
    query = (
        select(User, Totp.user_id, keys, left.scalar_subquery(), FactorReset.due_at)
        .outerjoin(Totp, Totp.user_id == User.id)
        .outerjoin(FactorReset, FactorReset.user_id == User.id)
        .where(*_can_sign_in())
    )
    return query.where(User.factor_since.is_(None)) if lacking else query


def _can_sign_in() -> tuple[ColumnElement[bool], ...]:
    # Whoever cannot sign in, such as a person erased, needs no factor.
    return (or_(User.password_hash.is_not(None), User.verified_at.is_not(None)), User.disabled_at.is_(None))


def counts() -> dict[str, tuple[int, int]]:
    """Return role -> (people with a factor, all people) of those who can sign in; every role is there."""
    with_factor = func.sum(case((User.factor_since.is_not(None), 1), else_=0))
    query = select(User.role, with_factor, func.count()).where(*_can_sign_in()).group_by(User.role)
    found = {role: (int(some), int(total)) for role, some, total in db.session.execute(query)}
    return {role: found.get(role, (0, 0)) for role in (ADMIN, *(r for r in ROLES if r != ADMIN))}
