"""The data that notifications hold about a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_

from wellchat.db import db
from wellchat.notifications.models import Notification, Preferences
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {
        "notifications": rows(Notification, Notification.user_id == person.id),
        "preferences": rows(Preferences, Preferences.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    of_them = or_(Notification.user_id == person.id, Notification.actor_id == person.id)
    db.session.execute(delete(Notification).where(of_them))
    db.session.execute(delete(Preferences).where(Preferences.user_id == person.id))


personal_data = PersonalData(
    ("notifications.user_id", "notifications.actor_id", "preferences.user_id"), _export, _erase
)
