"""Read people for the host, and say them as JSON. No password, factor or session is ever read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from wellchat.accounts.models import ADMIN, SYSTEM, Presence, User
from wellchat.accounts.queries import user_by_email
from wellchat.clock import iso
from wellchat.db import db
from wellchat.factors.models import Passkey, Totp
from wellchat.identities.queries import external_ids
from wellchat.personal_data import GONE_EMAIL


def person_json(user: User, external_id: str | None) -> dict[str, Any]:
    """Return a person as the answer to a PUT shows them; `picture` is a path, or None."""
    return {
        "id": user.id,
        "external_id": external_id,
        "name": user.name,
        "role": user.role,
        "email": user.email,
        "email_verified": user.verified_at is not None,
        "role_label": user.role_label,
        "locale": user.locale,
        "time_zone": user.time_zone,
        "open_to_clients": user.open_to_clients,
        "picture": user.avatar_url,
        "disabled": not user.is_active,
        "created_at": iso(user.created_at),
    }


def people_json(users: Sequence[User]) -> list[dict[str, Any]]:
    """Return people with `seen_at` and the number of `factors`, in three statements however many they are."""
    ids = [user.id for user in users]
    names = external_ids(ids)
    seen = dict(
        db.session.execute(select(Presence.user_id, Presence.seen_at).where(Presence.user_id.in_(ids))).all()
    )
    factors = _factors(ids)
    return [
        person_json(user, names.get(user.id))
        | {"seen_at": iso(seen.get(user.id)), "factors": factors.get(user.id, 0)}
        for user in users
    ]


def _factors(ids: Sequence[str]) -> dict[str, int]:
    apps = select(Totp.user_id.label("user_id")).where(Totp.user_id.in_(ids))
    keys = select(Passkey.user_id.label("user_id")).where(Passkey.user_id.in_(ids))
    every = apps.union_all(keys).subquery()
    counted = select(every.c.user_id, func.count()).group_by(every.c.user_id)
    return dict(db.session.execute(counted).all())


def list_people(*, after: str, limit: int, email: str | None) -> tuple[list[User], str | None]:
    """Return (people in the order of our ids, the id to go on after or None). Without administrators."""
    if email is not None:
        found = user_by_email(email)
        return ([found] if found and not found.is_admin and not found.is_gone else []), None
    query = (
        select(User)
        .where(User.role.not_in((ADMIN, SYSTEM)), User.id > after)
        .order_by(User.id)
        .limit(limit + 1)
    )
    # Who was erased is nobody any more. An address may be missing, and NULL is equal to nothing.
    gone = GONE_EMAIL.partition("{")[0] + "%"
    query = query.where(func.coalesce(User.email, "").not_like(gone) | User.disabled_at.is_(None))
    people = list(db.session.execute(query).scalars())
    return people[:limit], people[limit - 1].id if len(people) > limit else None
