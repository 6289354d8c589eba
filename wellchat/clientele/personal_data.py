"""Export and erase private notes and tags.

They are in the copy of their author alone: nobody else is ever shown them, the client neither. They go with
either of the two.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select

from wellchat.clientele.models import ClientNote, ClientTag, TaggedClient
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    own = select(ClientTag.id).where(ClientTag.owner_id == person.id)
    return {
        "client_notes": rows(
            ClientNote,
            ClientNote.author_id == person.id,
            ClientNote.deleted_at.is_(None),
            omit=("client_key",),
        ),
        "client_tags": rows(ClientTag, ClientTag.owner_id == person.id, omit=("folded",)),
        "tagged_clients": rows(TaggedClient, TaggedClient.tag_id.in_(own)),
    }


def _erase(person: Person, _now: datetime) -> None:
    execute = db.session.execute
    theirs = or_(ClientNote.author_id == person.id, ClientNote.client_id == person.id)
    execute(delete(ClientNote).where(theirs))
    own = select(ClientTag.id).where(ClientTag.owner_id == person.id)
    execute(
        delete(TaggedClient)
        .where(or_(TaggedClient.client_id == person.id, TaggedClient.tag_id.in_(own)))
        .execution_options(synchronize_session=False)
    )
    execute(delete(ClientTag).where(ClientTag.owner_id == person.id))


COLUMNS = (
    "client_notes.author_id",
    "client_notes.client_id",
    "client_tags.owner_id",
    "tagged_clients.client_id",
)
personal_data = PersonalData(COLUMNS, _export, _erase)
