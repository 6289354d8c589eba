"""Export and erase the ids by which other systems know a person."""

from __future__ import annotations

from datetime import datetime

from wellchat.identities.actions import unlink
from wellchat.identities.models import Identity
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"identities": rows(Identity, Identity.user_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    unlink(user_id=person.id)


personal_data = PersonalData(("identities.user_id",), _export, _erase)
