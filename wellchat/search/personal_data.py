"""Erase a person's entries in the search index: the tokens of their messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, delete, exists

from wellchat.db import db
from wellchat.messaging.models import Message
from wellchat.personal_data import Person, PersonalData
from wellchat.search.models import SearchEntry, SearchQueueEntry


def _erase(person: Person, _now: datetime) -> None:
    for model in (SearchEntry, SearchQueueEntry):
        same = and_(Message.thread_id == model.thread_id, Message.seq == model.seq)
        theirs = exists().where(same, Message.sender_id == person.id)
        db.session.execute(delete(model).where(theirs).execution_options(synchronize_session=False))


personal_data = PersonalData(erase=_erase)
