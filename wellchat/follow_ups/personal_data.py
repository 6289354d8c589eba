"""Export and erase a person's reminders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.follow_ups.models import FollowUp
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"follow_ups": rows(FollowUp, FollowUp.user_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(FollowUp).where(FollowUp.user_id == person.id))


personal_data = PersonalData(("follow_ups.user_id",), _export, _erase)
