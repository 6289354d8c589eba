"""Export that a person belongs to the demo."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.demo.models import DemoPerson
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"demo_people": rows(DemoPerson, DemoPerson.user_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(DemoPerson).where(DemoPerson.user_id == person.id))


personal_data = PersonalData(("demo_people.user_id",), _export, _erase)
