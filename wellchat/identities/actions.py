"""Link people to the ids that other systems gave them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import delete, select, update

from wellchat.accounts.actions import lock_user
from wellchat.accounts.models import User
from wellchat.db import db, execute, insert, is_postgresql, table, transaction
from wellchat.errors import Conflict
from wellchat.i18n import gettext
from wellchat.identities.models import KEPT_FOR, Identity
from wellchat.identities.queries import external_ids, find_person, moved


class Taken(Conflict):
    """The id belongs to somebody else: `user_id`. Or this person has another one: then it is theirs."""

    def __init__(self, detail: str, *, user_id: str) -> None:
        super().__init__(detail)
        self.user_id = user_id


def link(*, user_id: str, source: str, external_id: str, now: datetime) -> bool:
    """Give a person this id in this system. Return whether it is new.

    The ids are checked before: no NUL, and at most 255 characters. Raises NotFound, Taken where somebody else
    has the id or the person has another one, and Moved where the id was given up a short time ago.
    """
    with transaction():
        # Locked, so that of two ids at once for one person the second is refused with a sentence.
        lock_user(user_id)
        _forget_old(source, external_id, now)
        mine = external_ids([user_id], source=source).get(user_id)
        if mine == external_id:
            return False
        if mine is not None:
            text = gettext("This person has the id %(mine)s already.", mine=mine)
            raise Taken(text, user_id=user_id)
        if _insert(user_id, source, external_id, now):
            return True
        raise _standing(source, external_id)


def rename(*, user_id: str, source: str, external_id: str, now: datetime) -> bool:
    """Give a person another id in this system. Return whether anything changed.

    The old id answers Moved for KEPT_FOR. Who goes back to an id of their own gets it at once. Raises
    NotFound, Taken and Moved as `link`.
    """
    with transaction() as session:
        lock_user(user_id)
        _forget_old(source, external_id, now)
        mine = (Identity.source == source, Identity.user_id == user_id)
        if external_ids([user_id], source=source).get(user_id) == external_id:
            return False
        session.execute(update(Identity).where(*mine, Identity.moved_at.is_(None)).values(moved_at=now))
        back = update(Identity).where(*mine, Identity.external_id == external_id).values(moved_at=None)
        if session.execute(back).rowcount or _insert(user_id, source, external_id, now):  # type: ignore[attr-defined]
            return True
        raise _standing(source, external_id)


def person_for(
    *, source: str, external_id: str, make: Callable[[], User], now: datetime
) -> tuple[User, bool]:
    """Return (the person with this id, whether `make` has just made them).

    `make` inserts an account inside the transaction. Of two calls at the same time, one makes the person and
    the other finds them. Raises Moved, and what `make` raises.
    """
    found = find_person(source, external_id, now=now)
    if found is not None:
        return found, False
    with transaction() as session:
        made = make()
        session.flush()
        if _insert(made.id, source, external_id, now) or (
            _forget_old(source, external_id, now) and _insert(made.id, source, external_id, now)
        ):
            return made, True
        # The unique key decides. Somebody else was faster, and has committed: theirs is the person.
        session.execute(delete(User).where(User.id == made.id))
        session.expunge(made)
        found = find_person(source, external_id, now=now)
        if found is None:
            raise _standing(source, external_id)
        return found, False


def _insert(user_id: str, source: str, external_id: str, now: datetime) -> bool:
    values = {"source": source, "external_id": external_id, "user_id": user_id, "made_at": now}
    # Not the count of rows: psycopg knows none of this statement.
    return execute(_new_identity(is_postgresql()), {**values, "moved_at": None}).scalar() is not None


@cache
def _new_identity(_on_postgresql: bool) -> Any:
    """Return the statement, built once for each database: a host makes people by the thousand."""
    key = [Identity.source, Identity.external_id]
    return insert(table(Identity)).on_conflict_do_nothing(index_elements=key).returning(Identity.user_id)


def _standing(source: str, external_id: str) -> Exception:
    """Return the error that names who has this id."""
    one = (Identity.source == source, Identity.external_id == external_id)
    found = db.session.execute(select(Identity.user_id, Identity.moved_at).where(*one)).one()
    if found.moved_at is not None:
        return moved(source, external_id, found.user_id)
    return Taken(gettext("Somebody else has this id."), user_id=found.user_id)


def _forget_old(source: str, external_id: str, now: datetime) -> bool:
    """Free this id where it was given up long ago, and nothing has tidied it away yet. Return whether."""
    old = (Identity.source == source, Identity.external_id == external_id)
    gone = db.session.execute(delete(Identity).where(*old, Identity.moved_at <= now - KEPT_FOR))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def unlink(*, user_id: str) -> None:
    """Take every id away from a person, in the caller's transaction."""
    db.session.execute(delete(Identity).where(Identity.user_id == user_id))


def tidy(now: datetime) -> dict[str, int]:
    """Delete the ids that were given up KEPT_FOR ago. Return {"identities_trimmed": how many}."""
    with transaction() as session:
        gone = session.execute(delete(Identity).where(Identity.moved_at <= now - KEPT_FOR))
        return {"identities_trimmed": int(gone.rowcount)}  # type: ignore[attr-defined]
