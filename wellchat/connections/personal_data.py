"""Export a person's connections. They are never erased: conversations depend on them.

Mails to the other people of these connections hold the person's name and words. Where no mail server is set
they are files here, which go with the person.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, or_, select

from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.mail.captured import forget_captured
from wellchat.mail.models import Mail
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(Connection.client_id == person.id, Connection.professional_id == person.id)
    return {"connections": rows(Connection, theirs)}


def _erase(person: Person, _now: datetime) -> None:
    theirs = or_(Connection.client_id == person.id, Connection.professional_id == person.id)
    client_or_not = Connection.client_id == person.id
    others = select(case((client_or_not, Connection.professional_id), else_=Connection.client_id)).where(
        theirs
    )
    forget_captured(db.session.execute(select(Mail.id).where(Mail.user_id.in_(others))).scalars().all())


COLUMNS = ("connections.client_id", "connections.professional_id", "connections.ended_by")

personal_data = PersonalData(
    COLUMNS,
    _export,
    _erase,
    kept={"connections.trade": N_("the platform's own word for its trade")},
)
