"""Days that differ from the week, as the page lists them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from wellchat.availability.forms import clock_of
from wellchat.availability.models import DaysOff, SpecialDay, StayRow
from wellchat.db import db
from wellchat.i18n import format_date, gettext


class Listed(NamedTuple):
    """One of them: its id, the days, and what is different."""

    id: str
    first: date
    days: str
    what: str


def exceptions_of(professional_id: str, since: date) -> list[Listed]:
    """Return days off, special days and stays that are not over, by their first day, in three statements."""
    run = db.session.execute
    off = select(DaysOff).where(DaysOff.professional_id == professional_id, DaysOff.last_day >= since)
    stays = select(StayRow).where(StayRow.professional_id == professional_id, StayRow.last_day >= since)
    special = select(SpecialDay).where(SpecialDay.professional_id == professional_id, SpecialDay.day >= since)
    found = [
        *(Listed(each.id, each.first_day, _days(each), gettext("Day off")) for each in run(off).scalars()),
        *(
            Listed(
                each.id, each.first_day, _days(each), gettext("On the clock of %(zone)s", zone=_place(each))
            )
            for each in run(stays).scalars()
        ),
        *(
            Listed(each.day.isoformat(), each.day, format_date(each.day, "long"), _spans(each))
            for each in run(special).scalars()
        ),
    ]
    return sorted(found, key=lambda each: (each.first, each.id))


def _place(stay: StayRow) -> str:
    return stay.zone.replace("_", " ")


def _days(row: DaysOff | StayRow) -> str:
    first, last = format_date(row.first_day, "long"), format_date(row.last_day, "long")
    return first if first == last else f"{first} – {last}"


def _spans(row: SpecialDay) -> str:
    return ", ".join(f"{clock_of(begin)}–{clock_of(end)}" for begin, end in row.spans) or gettext("Closed")
