"""Keep a filter under a name, and forget it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select

from wellchat.accounts.models import User
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.i18n import gettext
from wellchat.saved_filters.models import MOST, SavedFilter


def has_filters(user_id: str) -> tuple[str, ColumnElement[bool]]:
    """Return ("saved_filters", the condition that this person has any), for messaging.hooks.inbox_facts."""
    return "saved_filters", exists().where(SavedFilter.user_id == user_id)


def filters_of(viewer: User) -> list[SavedFilter]:
    """Return the viewer's filters, by name."""
    mine = select(SavedFilter).where(SavedFilter.user_id == viewer.id)
    return list(db.session.execute(mine.order_by(SavedFilter.name).limit(MOST)).scalars())


def save_filter(*, viewer: User, name: str, query: dict[str, Any], now: datetime) -> None:
    """Keep a filter under a name; a filter of the same name is replaced. Raises Conflict beyond MOST."""
    with transaction() as session:
        # The lock of the person keeps two at once from passing the limit together.
        session.execute(select(User.id).where(User.id == viewer.id).with_for_update(key_share=True))
        others = select(func.count()).where(SavedFilter.user_id == viewer.id, SavedFilter.name != name)
        if session.execute(others).scalar_one() >= MOST:
            raise Conflict(gettext("You can keep %(num)s filters. Remove one first.", num=MOST))
        kept = {"id": new_id(), "user_id": viewer.id, "name": name, "query": query, "created_at": now}
        session.execute(
            insert(SavedFilter)
            .values(**kept)
            .on_conflict_do_update(
                index_elements=[SavedFilter.user_id, SavedFilter.name], set_={"query": query}
            )
        )


def forget_filter(*, viewer: User, filter_id: str) -> None:
    """Remove a filter of the viewer's. Raises NotFound."""
    with transaction() as session:
        mine = delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == viewer.id)
        if session.execute(mine).rowcount == 0:  # type: ignore[attr-defined]
            raise NotFound


def sample_things(talk: Any) -> dict[str, Any]:
    """Return a filter of the client's, and forms, for tests of access."""
    save_filter(viewer=talk.cara, name="Coupons", query={"kind": "coupon"}, now=talk.now)
    return {
        "filter_id": filters_of(talk.cara)[0].id,
        "/filters": {"name": "Who waits", "waiting": "1"},
        "/filters/<filter_id>/forget": {},
    }
