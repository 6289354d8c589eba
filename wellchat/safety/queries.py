"""Read people for administrators: a search is on record, and shows the least."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import SYSTEM, User
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.graphemes import first
from wellchat.i18n import gettext
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.safety.models import Measure

PAGE = 20
MIN_CASE = 3  # characters of a case number or reason
MAX_CASE = 200


def search_people(
    admin: User, *, q: str, case_number: str, before: str | None = None, now: datetime
) -> tuple[list[User], str | None]:
    """Return (a page of people with this exact address, or this word in their name; the next token or None).

    The search is put on record with its case number or reason; what was looked for is not. Raises NotFound
    without the duty, and Invalid without a case number or without anything to look for.
    """
    _check(admin)
    q, case_number = q.strip(), case_number.strip()
    errors = {}
    if len(q) < 2:
        errors["q"] = gettext("Write an email address, or at least two letters of a name.")
    if not MIN_CASE <= len(case_number) <= MAX_CASE:
        errors["case"] = gettext("Give the number of the case, or a reason. It is kept on record.")
    if errors:
        raise Invalid(errors)
    after = decode_page_token(before) if before else None
    with transaction():
        # Before the search: where the record cannot be written, nobody is found.
        record("people.searched", now=now, actor_id=admin.id, detail={"case": case_number})
    # An exact address is one person; a part of one would be a list of addresses to try.
    found = User.email == q.lower() if "@" in q else User.name.icontains(q, autoescape=True)
    query = (
        select(User)
        .where(found, User.role != SYSTEM)
        .order_by(User.created_at.desc(), User.id.desc())
        .limit(PAGE + 1)
    )
    if after:
        query = query.where(tuple_(User.created_at, User.id) < tuple_(*after))
    people = list(db.session.execute(query).scalars())
    if len(people) <= PAGE:
        return people, None
    return people[:PAGE], encode_page_token(people[PAGE - 1].created_at, people[PAGE - 1].id)


def least_of(user: User) -> dict[str, Any]:
    """Return what a list of people shows: initials and no address, until somebody opens the page."""
    return {
        "id": user.id,
        "initials": " ".join(f"{first(word)}." for word in user.name.split()[:3]),
        "role": user.label,
        "since": user.created_at,
        "disabled": not user.is_active,
        "gone": user.is_gone,
    }


def person_page(admin: User, user_id: str, *, now: datetime) -> User:
    """Return a person for their page, and put the look on record. Raises NotFound, also without the duty."""
    _check(admin)
    person = db.session.get(User, user_id, populate_existing=True)
    if person is None or person.is_system:
        raise NotFound
    with transaction():
        record("people.opened", now=now, actor_id=admin.id, person_id=user_id)
    return person


def measures_about(admin: User, user_id: str) -> Sequence[Measure]:
    """Return what was done about a person, the latest first; 50 at most. Raises NotFound without the duty."""
    _check(admin)
    query: Select[Measure] = select(Measure).where(Measure.user_id == user_id).options(joinedload(Measure.by))
    order = (Measure.created_at.desc(), Measure.id)
    return db.session.execute(query.order_by(*order).limit(50)).scalars().all()


def list_people(*, role: str | None = None, disabled: bool | None = None, q: str = "") -> list[User]:
    """Return people for the operator's command, by address. Erased ones are left out."""
    query = select(User).where(
        or_(User.email.is_(None), User.email.not_like("gone-%@invalid")), User.role != SYSTEM
    )
    # The databases sort what is missing to different ends.
    query = query.order_by(func.coalesce(User.email, ""), User.id)
    if role:
        query = query.where(User.role == role)
    if disabled is not None:
        query = query.where(User.disabled_at.is_not(None) if disabled else User.disabled_at.is_(None))
    if q:
        named = (User.email.icontains(q, autoescape=True), User.name.icontains(q, autoescape=True))
        query = query.where(or_(*named))
    return list(db.session.execute(query).scalars())


def _check(admin: User) -> None:
    # NotFound, not NotAllowed: nobody else learns that the page exists.
    if not admin.may("people"):
        raise NotFound
