"""Export what subjects have of a person.

Subjects belong to the host platform, which changes them with `wellchat subject put`.
"""

from __future__ import annotations

from sqlalchemy import or_

from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.subjects.models import Subject


def _export(person: Person) -> dict[str, Rows]:
    return {
        "subjects": rows(Subject, or_(Subject.client_id == person.id, Subject.professional_id == person.id))
    }


HOST = N_("bookings, sessions, coupons and leads belong to the platform that made them")

personal_data = PersonalData(
    ("subjects.client_id", "subjects.professional_id"),
    _export,
    kept=dict.fromkeys(
        ("subjects.title", "subjects.external_id", "subjects.url", "subjects.status", "subjects.kind"), HOST
    ),
)
