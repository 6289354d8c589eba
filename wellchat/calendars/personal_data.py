"""Erase the address of somebody's feed. No export holds it: only a hash of it is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.calendars.models import CalendarFeed
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == person.id))


personal_data = PersonalData(
    ("calendar_feeds.user_id",),
    erase=_erase,
    withheld={"calendar_feeds": N_("it holds only a hash of a secret address")},
)
