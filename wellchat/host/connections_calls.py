"""The call of the host API about connections."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.connections.actions import connect
from wellchat.connections.models import Connection
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.host import answer_shapes as shapes
from wellchat.host.calls import Answer, Caller, host_call
from wellchat.host.forms import PutConnection
from wellchat.host.refs import person
from wellchat.i18n import gettext
from wellchat.safety.between import set_ended_by_host


def connection_json(connection: Connection, form: PutConnection) -> dict[str, Any]:
    """Return a connection, with its people named as the host named them."""
    return {
        "id": connection.id,
        "client": form.client,
        "professional": form.professional,
        "trade": connection.trade,
        "open": connection.closed_at is None,
        "ended": connection.host_ended_at is not None,
        "created_at": iso(connection.created_at),
    }


@host_call(
    "PUT",
    "/connections",
    scope="connections:write",
    body=PutConnection,
    answers={
        200: ("Changed, or the same as before", shapes.PutConnectionAnswer),
        201: ("Made", shapes.PutConnectionAnswer),
    },
)
def put_connection(caller: Caller, body: PutConnection) -> Answer:
    """Connect a client and a professional. `ended` closes writing on both sides, and false opens it again."""
    client = person(body.client, now=caller.now, field="client")
    professional = person(body.professional, now=caller.now, field="professional")
    found, changed = put_pair(client, professional, body, caller)
    shown = connection_json(found, body)
    if changed is None:
        return Answer(201, {"connection": shown, "changed": []}, new="connection")
    return Answer(200, {"connection": shown, "changed": changed})


def put_pair(
    client: User, professional: User, form: PutConnection, caller: Caller
) -> tuple[Connection, list[str] | None]:
    """Return (the connection, the names of what changed, None for a new one). Raises Invalid."""
    with transaction() as session:
        pair = (Connection.client_id == client.id, Connection.professional_id == professional.id)
        known = session.execute(select(Connection).where(*pair)).scalar_one_or_none()
        if known is None:
            if not client.is_client:
                raise Invalid({"client": gettext("This is not a client's account.")})
            found = connect(client_id=client.id, professional_id=professional.id, now=caller.now)
        else:
            found = known
        changed = []
        if "trade" in form.model_fields_set and form.trade != found.trade:
            found.trade = form.trade
            changed.append("trade")
            session.flush()
        if form.ended is not None and set_ended_by_host(
            connection_id=found.id, ended=form.ended, now=caller.now
        ):
            changed.append("ended")
            db.session.refresh(found)
        return found, None if known is None else changed
