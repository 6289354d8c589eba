"""Export a person's connections. They are never erased: conversations depend on them."""

from __future__ import annotations

from sqlalchemy import or_

from wellchat.connections.models import Connection
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(Connection.client_id == person.id, Connection.professional_id == person.id)
    return {"connections": rows(Connection, theirs)}


personal_data = PersonalData(
    ("connections.client_id", "connections.professional_id", "connections.ended_by"), _export
)
