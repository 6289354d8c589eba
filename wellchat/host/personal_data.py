"""Export and erase what the host API holds about a person: answers that are kept, and times of changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.host.models import HostAnswer, HostTime
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"host_times": rows(HostTime, HostTime.ref_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(HostTime).where(HostTime.ref_id == person.id))
    db.session.execute(delete(HostAnswer).where(HostAnswer.people.contains(person.id)))


personal_data = PersonalData(
    ("host_keys.made_by",),
    _export,
    _erase,
    unlinked=("host_answers.people", "host_times.ref_id"),
    kept={"host_keys.name": N_("keys belong to the platform, not to who made them")},
    withheld={
        "host_answers": N_("answers to the platform's own server, which are kept for two days"),
        "host_keys": N_("keys belong to the platform, not to who made them"),
    },
)
