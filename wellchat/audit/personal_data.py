"""Export a person's acts; erase what leads from the log to them. The rows themselves stay, without a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select

from wellchat.audit.models import AuditAddress, AuditEvent, AuditPerson, pseudonym
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    name = pseudonym(person.id)
    return {"audit": rows(AuditEvent, or_(AuditEvent.actor == name, AuditEvent.person == name))}


def _erase(person: Person, now: datetime) -> None:
    theirs = select(AuditEvent.id).where(AuditEvent.actor == pseudonym(person.id))
    db.session.execute(delete(AuditAddress).where(AuditAddress.audit_id.in_(theirs)))
    db.session.execute(delete(AuditPerson).where(AuditPerson.user_id == person.id))


personal_data = PersonalData((), _export, _erase)
