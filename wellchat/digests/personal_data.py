"""The data that digests hold about a person: when their next emails are due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.digests.models import DigestSchedule, WeekSchedule
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {
        "digest_schedules": rows(DigestSchedule, DigestSchedule.user_id == person.id),
        "week_schedules": rows(WeekSchedule, WeekSchedule.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    for model in (DigestSchedule, WeekSchedule):
        db.session.execute(delete(model).where(model.user_id == person.id))


personal_data = PersonalData(("digest_schedules.user_id", "week_schedules.user_id"), _export, _erase)
