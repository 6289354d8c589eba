"""Export and erase a person's attachments. The worker deletes the bytes of withdrawn ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update

from wellchat.attachments.models import WITHDRAWN, Attachment
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(Attachment.owner_id == person.id, Attachment.reader_id == person.id)
    return {"attachments": rows(Attachment, theirs)}


def _erase(person: Person, now: datetime) -> None:
    withdrawn = {"name": "-", "digest": "", "state": WITHDRAWN, "due_at": now, "attempts": 0, "peaks": None}
    db.session.execute(update(Attachment).where(Attachment.owner_id == person.id).values(withdrawn))


personal_data = PersonalData(("attachments.owner_id", "attachments.reader_id"), _export, _erase)
