"""Export a person's acts; erase what leads from the log to them. The rows themselves stay, without a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select

from wellchat.audit.models import AuditAddress, AuditCount, AuditEvent, AuditPerson
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = _pseudonyms(person)
    return {"audit": rows(AuditEvent, or_(AuditEvent.actor.in_(theirs), AuditEvent.person.in_(theirs)))}


def _erase(person: Person, now: datetime) -> None:
    theirs = select(AuditEvent.id).where(AuditEvent.actor.in_(_pseudonyms(person)))
    db.session.execute(delete(AuditAddress).where(AuditAddress.audit_id.in_(theirs)))
    db.session.execute(delete(AuditCount).where(AuditCount.actor_id == person.id))
    db.session.execute(delete(AuditPerson).where(AuditPerson.user_id == person.id))


def _pseudonyms(person: Person) -> Any:
    # By the table, not by `pseudonym`: another secret key gave another one.
    return select(AuditPerson.pseudonym).where(AuditPerson.user_id == person.id)


personal_data = PersonalData((), _export, _erase)
