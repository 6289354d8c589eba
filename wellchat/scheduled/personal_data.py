"""Export and erase the messages that a person wants to send later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.scheduled.models import ScheduledMessage


def _export(person: Person) -> dict[str, Rows]:
    return {"scheduled_messages": rows(ScheduledMessage, ScheduledMessage.author_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(ScheduledMessage).where(ScheduledMessage.author_id == person.id))


personal_data = PersonalData(("scheduled_messages.author_id",), _export, _erase)
