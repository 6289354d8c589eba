"""The data that received mails hold about a person: that a mail came. What it said is a message."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.replies.models import ReceivedMail


def _export(person: Person) -> dict[str, Rows]:
    return {"received_mails": rows(ReceivedMail, ReceivedMail.user_id == person.id)}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(ReceivedMail).where(ReceivedMail.user_id == person.id))


personal_data = PersonalData(("received_mails.user_id",), _export, _erase)
