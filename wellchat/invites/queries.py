"""Read readable names and public pages."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.connections.queries import person_for
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.invites.models import MAX_NAME, PublicName, PublicPage
from wellchat.invites.names import MIN_NAME, slug

MAX_TRIED = 9


class Found(NamedTuple):
    """The person of a readable name, and their present name, which may be another one."""

    person: User
    name: str


def may_be_shown(user: User) -> bool:
    """Return whether the rules let a page of this person be shown to people without an account."""
    return (
        user.is_professional
        and user.is_active
        and user.verified_at is not None
        and user.open_to_clients
        and not user.waits
    )


def page_of(user_id: str) -> PublicPage | None:
    """Return a person's public page, shown or not; None if they never chose a name."""
    return db.session.get(PublicPage, user_id)


def invite_path(user: User) -> str:
    """Return the path to share: of the public page, or of the profile, which asks to sign in first."""
    page = page_of(user.id)
    is_public = page is not None and page.is_shown and may_be_shown(user)
    return f"/with/{page.name}" if page and is_public else f"/people/{user.id}"


def find(name: str, viewer: User | None) -> Found:
    """Return whose name it is. Raises NotFound where this viewer, or None for a stranger, may not know.

    A person who may see the profile finds it by the name also where the page is not shown.
    """
    query = (
        select(User, PublicPage.name, PublicPage.is_shown)
        .join(PublicName, PublicName.user_id == User.id)
        .join(PublicPage, PublicPage.user_id == User.id)
        .where(PublicName.name == name.lower())
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    person, present, is_shown = row
    if is_shown and may_be_shown(person):
        return Found(person, present)
    if viewer is None:
        raise NotFound
    return Found(person_for(viewer, person.id), present)


def name_at(path: str) -> str | None:
    """Return the name of the professional to whom a stranger writes at this path; None at any other."""
    match = re.fullmatch(r"/with/([\w-]+)/write", path)
    try:
        return find(match[1], None).person.name if match else None
    except NotFound:
        return None


def suggestion(user: User) -> str:
    """Return a free readable name for this person, made from theirs."""
    base = slug(user.name)
    base = base if len(base) >= MIN_NAME else f"{base or 'hello'}-{secrets.randbelow(9000) + 1000}"
    tried = [base, *(f"{base[: MAX_NAME - 2]}-{number}" for number in range(2, MAX_TRIED + 1))]
    query = select(PublicName.name).where(PublicName.name.in_(tried), PublicName.user_id != user.id)
    taken = set(db.session.execute(query).scalars())
    free = (name for name in tried if name not in taken)
    return next(free, f"{base[: MAX_NAME - 5]}-{secrets.randbelow(9000) + 1000}")
