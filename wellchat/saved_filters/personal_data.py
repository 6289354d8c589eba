"""Export and erase a person's saved filters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.saved_filters.models import SavedFilter


def _export(person: Person) -> dict[str, Rows]:
    return {"saved_filters": rows(SavedFilter, SavedFilter.user_id == person.id)}


def _erase(person: Person, now: datetime) -> None:
    db.session.execute(delete(SavedFilter).where(SavedFilter.user_id == person.id))


personal_data = PersonalData(("saved_filters.user_id",), _export, _erase)
