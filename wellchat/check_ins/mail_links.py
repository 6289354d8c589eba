"""The link in emails by which a client says no to check-ins. It works without signing in, for this alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select, tuple_

from wellchat.check_ins.actions import set_refusal
from wellchat.check_ins.sending import KEY
from wellchat.config import secret_keys
from wellchat.connections.models import Connection
from wellchat.db import db, transaction
from wellchat.errors import NotFound
from wellchat.i18n import N_
from wellchat.messaging.models import AUTOMATIC, Message, Thread


def refusal_path(connection_id: str) -> str:
    """Return the path by which the client of a connection says no. It never expires."""
    return f"/check-ins/no/{_signer().dumps(connection_id)}"


def connection_of(token: str) -> str:
    """Return the connection id of a link. Raises NotFound for a token that we did not make."""
    try:
        return str(_signer().loads(token))
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None


def refuse_by_link(token: str, now: datetime) -> None:
    """Say no for the client of the link's connection. Twice is as once. Raises NotFound."""
    connection_id = connection_of(token)
    with transaction() as session:
        connection = session.get(Connection, connection_id)
        if connection is None:
            raise NotFound
        set_refusal(connection_id=connection_id, client_id=connection.client_id, on=True, now=now)


def ways_to_end(
    automatic: Collection[tuple[str, str, int]],
) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return (user id, thread id) -> (label, path) where one of these messages is a check-in."""
    numbers = {(thread_id, seq) for _, thread_id, seq in automatic}
    query = (
        select(Thread.id, Thread.client_id, Thread.connection_id)
        .join(Message, Message.thread_id == Thread.id)
        .where(
            tuple_(Message.thread_id, Message.seq).in_(numbers),
            Message.via == AUTOMATIC,
            Message.client_key.startswith(KEY, autoescape=True),
        )
    )
    label = N_("No more check-ins from this person")
    rows = db.session.execute(query.distinct())
    return {(row.client_id, row.id): (label, refusal_path(row.connection_id)) for row in rows}


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt="wellchat.refuse-check-ins")
