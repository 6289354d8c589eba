"""Export and erase the saved replies of a person, and how often they used which."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.saved_replies.models import SavedReply, SavedReplyUse


def _export(person: Person) -> dict[str, Rows]:
    return {
        "saved_replies": rows(SavedReply, SavedReply.owner_id == person.id),
        "saved_reply_uses": rows(SavedReplyUse, SavedReplyUse.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(SavedReplyUse).where(SavedReplyUse.user_id == person.id))
    db.session.execute(delete(SavedReply).where(SavedReply.owner_id == person.id))


personal_data = PersonalData(("saved_replies.owner_id", "saved_reply_uses.user_id"), _export, _erase)
