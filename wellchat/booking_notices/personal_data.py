"""The data that booking notices hold about a person: notices still to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.booking_notices.models import Announcement
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"announcements": rows(Announcement, Announcement.user_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(Announcement).where(Announcement.user_id == person.id))


personal_data = PersonalData(("announcements.user_id",), _export, _erase)
