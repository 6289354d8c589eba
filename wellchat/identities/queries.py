"""Find people by the ids that other systems gave them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import bindparam, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import gettext
from wellchat.identities.models import HOST, KEPT_FOR, Identity, Moved

# Built once: a host that sends its list asks for each person.
_PERSON = (
    select(User, Identity.moved_at)
    .join(Identity, Identity.user_id == User.id)
    .where(Identity.source == bindparam("source"), Identity.external_id == bindparam("external"))
)
_PEOPLE = (
    select(User, Identity.external_id, Identity.moved_at)
    .join(Identity, Identity.user_id == User.id)
    .where(
        Identity.source == bindparam("source"),
        Identity.external_id.in_(bindparam("externals", expanding=True)),
    )
)


def find_person(source: str, external_id: str, *, now: datetime) -> User | None:
    """Return the person with this id in this system, None if there is none.

    Raises Moved for an id that was given up less than KEPT_FOR ago. Whether the account is disabled is for
    the caller to ask.
    """
    # PostgreSQL refuses NUL characters even in a comparison.
    if "\0" in external_id or "\0" in source:
        return None
    found = db.session.execute(_PERSON, {"source": source, "external": external_id}).one_or_none()
    if found is None:
        return None
    user, moved_at = found
    if moved_at is None:
        return user
    if moved_at + KEPT_FOR <= now:
        return None
    raise moved(source, external_id, user.id)


def find_people(source: str, external_ids: Collection[str], *, now: datetime) -> dict[str, User]:
    """Return id -> person, for those of these ids that somebody has in this system. One statement.

    Raises Moved as `find_person`.
    """
    asked = {each for each in external_ids if "\0" not in each}
    rows = db.session.execute(_PEOPLE, {"source": source, "externals": sorted(asked)}).all()
    for user, external_id, moved_at in rows:
        if moved_at is not None and moved_at + KEPT_FOR > now:
            raise moved(source, external_id, user.id)
    return {external_id: user for user, external_id, moved_at in rows if moved_at is None}


def person_of_host(external_id: str, now: datetime) -> User | None:
    """Return the person with this id of the host, None if there is none. Raises Moved."""
    return find_person(HOST, external_id, now=now)


def moved(source: str, external_id: str, user_id: str) -> Moved:
    """Return the error that says which id a person has now in place of this one."""
    new = external_ids([user_id], source=source).get(user_id)
    text = gettext("The id %(old)s is not used any more. Use %(new)s.", old=external_id, new=new or "-")
    return Moved(text, user_id=user_id, external_id=new)


def external_ids(user_ids: Iterable[str], *, source: str = HOST) -> dict[str, str]:
    """Return user id -> their id in this system, for those of these people who have one."""
    query = select(Identity.user_id, Identity.external_id).where(
        Identity.user_id.in_(list(user_ids)), Identity.source == source, Identity.moved_at.is_(None)
    )
    return dict(db.session.execute(query).all())
