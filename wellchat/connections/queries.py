"""Who is connected with whom."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.db import db


def connection_between(one_id: str, other_id: str) -> Connection | None:
    """The connection of two people, whichever of them is the client."""
    return db.session.execute(
        select(Connection).where(
            or_(
                (Connection.client_id == one_id) & (Connection.professional_id == other_id),
                (Connection.client_id == other_id) & (Connection.professional_id == one_id),
            )
        )
    ).scalar_one_or_none()


def my_connections(viewer: User) -> Sequence[Connection]:
    """The viewer's connections with both people loaded, by the name of the other."""
    rows = db.session.execute(
        select(Connection)
        .where(or_(Connection.client_id == viewer.id, Connection.professional_id == viewer.id))
        .options(joinedload(Connection.client), joinedload(Connection.professional))
    )
    return sorted(rows.scalars(), key=lambda c: (c.other(viewer.id).name.casefold(), c.id))
