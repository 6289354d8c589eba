"""Read connections, and decide who may see whom. Nobody can look up people they are not connected with."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, case, exists, or_, select

from wellchat import branding
from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.errors import NotFound


def connection_between(one_id: str, other_id: str, *, lock: bool = False) -> Connection | None:
    """Return the connection of two people, whichever is the client, or None.

    With `lock`, nobody closes or opens it until the end of the transaction.
    """
    query = select(Connection).where(
        or_(
            and_(Connection.client_id == one_id, Connection.professional_id == other_id),
            and_(Connection.client_id == other_id, Connection.professional_id == one_id),
        )
    )
    if lock:
        query = query.with_for_update(read=True).execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one_or_none()


def trade_between(one_id: str, other_id: str) -> str | None:
    """Return the key of the trade of two people's connection. Makes no query where there are no trades."""
    if not branding.trades():
        return None
    found = connection_between(one_id, other_id)
    return found.trade if found else None


def has_sensitive(user_id: str) -> bool:
    """Return whether a connection of this person is of a sensitive trade. Makes no query if none is."""
    keys = [key for key, trade in branding.trades().items() if trade.sensitive]
    if not keys:
        return False
    theirs = or_(Connection.client_id == user_id, Connection.professional_id == user_id)
    query = select(exists().where(theirs, Connection.trade.in_(keys)))
    return bool(db.session.execute(query).scalar_one())


def trades_with(user_id: str, other_ids: Collection[str]) -> dict[str, str]:
    """Return {id of the other: key of the trade}. Makes no query where there are no trades."""
    if not branding.trades() or not other_ids:
        return {}
    mine = or_(
        and_(Connection.client_id == user_id, Connection.professional_id.in_(other_ids)),
        and_(Connection.professional_id == user_id, Connection.client_id.in_(other_ids)),
    )
    other = case((Connection.client_id == user_id, Connection.professional_id), else_=Connection.client_id)
    found = db.session.execute(select(other, Connection.trade).where(mine, Connection.trade.is_not(None)))
    return {other_id: str(trade) for other_id, trade in found}


def may_write_first(viewer: User, other: User, connection: Connection | None) -> bool:
    """Return whether the viewer may begin a conversation. `connection` is that of the two, or None."""
    if connection is not None:
        return connection.closed_at is None
    return viewer.is_client and other.is_professional and other.open_to_clients and other.is_active


def person_for(viewer: User, user_id: str) -> User:
    """Return a person whom the viewer may see. Raises NotFound for anybody else, existing or not.

    These are the viewer, their connections, and for a client all professionals open to new clients.
    Administrators see everybody.
    """
    person = db.session.get(User, user_id)
    if person is None:
        raise NotFound
    if viewer.id == person.id or viewer.is_admin:
        return person
    if person.waits:
        raise NotFound
    if viewer.is_client and person.is_professional and person.open_to_clients and person.is_active:
        return person
    if connection_between(viewer.id, person.id) is None:
        raise NotFound
    return person
