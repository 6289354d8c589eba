"""The data that received mails hold about a person: that a mail came, and what was left out of it.

Its words are a message.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists

from wellchat.db import db
from wellchat.messaging.models import Message
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.replies.models import LeftOutText, ReceivedMail


def _is_by(person: Person) -> ColumnElement[bool]:
    same = and_(Message.thread_id == LeftOutText.thread_id, Message.seq == LeftOutText.seq)
    return exists().where(same, Message.sender_id == person.id)


def _export(person: Person) -> dict[str, Rows]:
    return {
        "received_mails": rows(ReceivedMail, ReceivedMail.user_id == person.id),
        "left_out_texts": rows(LeftOutText, _is_by(person)),
    }


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(ReceivedMail).where(ReceivedMail.user_id == person.id))
    db.session.execute(delete(LeftOutText).where(_is_by(person)).execution_options(synchronize_session=False))


personal_data = PersonalData(("received_mails.user_id",), _export, _erase)
