"""Export and erase what masking has of a person: where parts of their messages are hidden, without a word."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists

from wellchat.db import db
from wellchat.masking.models import MessageMask
from wellchat.messaging.models import Message
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _is_by(person: Person) -> ColumnElement[bool]:
    same = and_(Message.thread_id == MessageMask.thread_id, Message.seq == MessageMask.seq)
    return exists().where(same, Message.sender_id == person.id)


def _export(person: Person) -> dict[str, Rows]:
    return {"message_masks": rows(MessageMask, _is_by(person))}


def _erase(person: Person, _now: datetime) -> None:
    db.session.execute(delete(MessageMask).where(_is_by(person)).execution_options(synchronize_session=False))


personal_data = PersonalData(export=_export, erase=_erase)
