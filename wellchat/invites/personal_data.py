"""Export and erase readable names and public pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.invites.models import PublicName, PublicPage
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {
        "public_names": rows(PublicName, PublicName.user_id == person.id),
        "public_pages": rows(PublicPage, PublicPage.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(PublicPage).where(PublicPage.user_id == person.id))
    db.session.execute(delete(PublicName).where(PublicName.user_id == person.id))


personal_data = PersonalData(("public_names.user_id", "public_pages.user_id"), _export, _erase)
