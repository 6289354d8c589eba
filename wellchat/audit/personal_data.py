"""Export a person's acts; erase what leads from the log to them. The rows themselves stay, without a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select

from wellchat.audit.models import AuditAddress, AuditCount, AuditEvent, AuditPerson
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = _pseudonyms(person)
    return {"audit": rows(AuditEvent, or_(AuditEvent.actor.in_(theirs), AuditEvent.person.in_(theirs)))}


def _erase(person: Person, now: datetime) -> None:
    names = _pseudonyms(person)
    # A stranger who acts on an account, such as a sign-in that failed, is most often its owner.
    of_strangers = and_(AuditEvent.actor.is_(None), AuditEvent.person.in_(names))
    theirs = select(AuditEvent.id).where(or_(AuditEvent.actor.in_(names), of_strangers))
    db.session.execute(delete(AuditAddress).where(AuditAddress.audit_id.in_(theirs)))
    db.session.execute(delete(AuditCount).where(AuditCount.actor_id == person.id))
    db.session.execute(delete(AuditPerson).where(AuditPerson.user_id == person.id))


def _pseudonyms(person: Person) -> Any:
    # By the table, not by `pseudonym`: another secret key gave another one.
    return select(AuditPerson.pseudonym).where(AuditPerson.user_id == person.id)


STAYS = N_("the security log is never changed; nothing leads from it to you any more")

personal_data = PersonalData(
    (),
    _export,
    _erase,
    unlinked=("audit_people.user_id", "audit.actor", "audit.person"),
    kept=dict.fromkeys(("audit.actor", "audit.person", "audit.device", "audit.network"), STAYS),
    withheld={"audit_people": N_("it only leads from the security log to you")},
)
