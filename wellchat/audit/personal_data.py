"""Export a person's acts; erase what leads from the log to them. The rows themselves stay, without a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select

from wellchat.audit.models import AuditAddress, AuditCount, AuditEvent, AuditPerson
from wellchat.db import db
from wellchat.feature import registry
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    names = frozenset(db.session.execute(_pseudonyms(person)).scalars())
    shown = [kind for kind, declared in registry().audited.items() if declared.shown_to_person]
    done_to_them = and_(AuditEvent.person.in_(names), AuditEvent.kind.in_(shown))
    return {"audit": _Acts(names, rows(AuditEvent, or_(AuditEvent.actor.in_(names), done_to_them)))}


@dataclass(frozen=True)
class _Acts:
    """Acts of a person and those that concern them; of who else acted neither name nor place nor device."""

    names: frozenset[str]
    found: Rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        hidden = dict.fromkeys(("actor", "network", "device", "request_id"))
        for row in self.found:
            yield row if row["actor"] in self.names or row["actor"] is None else row | hidden


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
    unlinked=("audit_people.user_id", "audit_counts.actor_id", "audit.actor", "audit.person"),
    kept=dict.fromkeys(("audit.actor", "audit.person", "audit.device", "audit.network"), STAYS),
    withheld={
        "audit_people": N_("it only leads from the security log to you"),
        "audit_counts": N_("it becomes part of the security log within two minutes"),
    },
)
