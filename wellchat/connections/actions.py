"""Connect a client and a professional."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.event_types import tell_host
from wellchat.i18n import gettext


def connect(*, client_id: str, professional_id: str, now: datetime) -> Connection:
    """Return the connection of the two; create it if there is none. Nobody closes it until the commit.

    One row per pair, however many ask at once. With a disabled account it is closed from the start.

    Raises Invalid if they are not a client and a professional.
    """
    with transaction() as session:
        client, professional = session.get(User, client_id), session.get(User, professional_id)
        if client is None or not client.is_client:
            raise Invalid({"client": gettext("This is not a client's account.")})
        if professional is None or not professional.is_professional:
            raise Invalid({"professional": gettext("This is not a professional's account.")})
        if professional.waits:
            raise Invalid({"professional": gettext("This professional is not confirmed yet.")})
        standing = _locked(client_id, professional_id)
        if standing is not None:
            return standing
        for each in _both(client_id, professional_id):
            if each.is_gone:
                raise NotFound
        closed_at = None if client.is_active and professional.is_active else now
        made: Connection | None = session.execute(
            insert(Connection)
            .values(
                id=new_id(),
                client_id=client_id,
                professional_id=professional_id,
                created_at=now,
                closed_at=closed_at,
            )
            # The unique key decides, however many requests come at once.
            .on_conflict_do_nothing(index_elements=[Connection.client_id, Connection.professional_id])
            .returning(Connection)
        ).scalar_one_or_none()
        if made is not None:
            two = {"client": client_id, "professional": professional_id}
            tell_host("connection.created", {"connection": made.id} | two, now)
            return made
        # ON CONFLICT DO NOTHING returns no row if another transaction was faster.
        found = _locked(client_id, professional_id)
        assert found is not None
        return found


def _both(client_id: str, professional_id: str) -> Sequence[User]:
    """Return the two accounts, freshly read. Nobody erases or disables one of them until the commit.

    Whoever does has looked for connections to close, and would not see one that is made at the same time.
    """
    query = select(User).where(User.id.in_((client_id, professional_id))).order_by(User.id)
    query = query.with_for_update(read=True, of=User).execution_options(populate_existing=True)
    return db.session.execute(query).scalars().all()


# Built once: a host puts bookings by the thousand, and each asks.
_STANDING = (
    select(Connection)
    .where(
        Connection.client_id == bindparam("client"), Connection.professional_id == bindparam("professional")
    )
    .with_for_update(read=True)
    .execution_options(populate_existing=True)
)


def _locked(client_id: str, professional_id: str) -> Connection | None:
    named = {"client": client_id, "professional": professional_id}
    return db.session.execute(_STANDING, named).scalar_one_or_none()
