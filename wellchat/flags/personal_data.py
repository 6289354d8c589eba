"""Export and erase for which flags a person is named."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.flags.models import FlagPerson
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"flag_people": rows(FlagPerson, FlagPerson.user_id == person.id)}


def _erase(person: Person, now: datetime) -> None:
    db.session.execute(delete(FlagPerson).where(FlagPerson.user_id == person.id))


personal_data = PersonalData(("flag_people.user_id",), _export, _erase)
