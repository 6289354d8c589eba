"""Export and erase what this package has of a person: copies they asked for, their erasure, holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update

from wellchat.db import db
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.privacy.exports import forget_exports
from wellchat.privacy.models import Erasure, Export, Hold


def _export(person: Person) -> dict[str, Rows]:
    return {
        "exports": rows(Export, Export.user_id == person.id),
        "erasures": rows(Erasure, Erasure.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    forget_exports(person.id)
    # None of them is in force, or the person would not be erased. Those of conversations keep their dates.
    db.session.execute(delete(Hold).where(Hold.user_id == person.id))
    if person.email is not None:
        by = update(Hold).where(Hold.made_by == person.email[:80])
        db.session.execute(by.values(made_by="Gone"))


personal_data = PersonalData(
    ("exports.user_id", "erasures.user_id", "holds.user_id"),
    _export,
    _erase,
    kept={
        "erasures.user_id": N_("a backup that is restored must be erased again"),
    },
    withheld={"holds": N_("a hold is made for a court or an authority, which may forbid to tell")},
)
