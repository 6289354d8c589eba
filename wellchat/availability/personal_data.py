"""Export and erase what somebody offers and when they work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, update

from wellchat.availability.models import Calendar, DaysOff, HourRate, HoursRow, Service, SpecialDay, StayRow
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows

OF_A_CALENDAR = (HoursRow, SpecialDay, DaysOff, StayRow)


def _export(person: Person) -> dict[str, Rows]:
    models = (Service, HourRate, Calendar, *OF_A_CALENDAR)
    return {model.__tablename__: rows(model, model.professional_id == person.id) for model in models}


def _erase(person: Person, now: datetime) -> None:
    for model in (*OF_A_CALENDAR, HourRate):
        db.session.execute(delete(model).where(model.professional_id == person.id))
    gone = update(Service).where(Service.professional_id == person.id)
    blank = {"name": "", "about": "", "place": "", "retired_at": func.coalesce(Service.retired_at, now)}
    db.session.execute(gone.values(blank).execution_options(synchronize_session=False))
    zone = update(Calendar).where(Calendar.professional_id == person.id).values(zone="UTC")
    db.session.execute(zone.execution_options(synchronize_session=False))


personal_data = PersonalData(
    (
        "services.professional_id",
        "hour_rates.professional_id",
        "calendars.professional_id",
    ),
    _export,
    _erase,
)
