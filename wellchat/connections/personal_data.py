"""Export a person's connections. They are never erased: conversations depend on them.

Mails to the other people of these connections hold the person's name and words. Where no mail server is set
they are files here, which go with the person.

Who ended a connection is in the copy of that person only. To the other one an end, a block and a decision of
a moderator look the same (messaging.closing), in a copy too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_, select

from wellchat.connections.models import Connection, PairFacts
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.mail.captured import forget_captured
from wellchat.mail.models import Mail
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(Connection.client_id == person.id, Connection.professional_id == person.id)
    facts = rows(
        PairFacts, PairFacts.connection_id.in_(select(Connection.id).where(theirs)), omit=("due_at",)
    )
    return {"connections": _Connections(person.id, rows(Connection, theirs)), "pair_facts": facts}


@dataclass(frozen=True)
class _Connections:
    """Connections, without when and by whom they were ended if it was somebody else."""

    user_id: str
    found: Rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.found:
            yield row if row["ended_by"] == self.user_id else row | {"ended_at": None, "ended_by": None}


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
