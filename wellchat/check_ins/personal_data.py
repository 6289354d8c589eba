"""Export and erase what check-ins have of a person, as a professional and as a client."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select

from wellchat.check_ins.models import Birthday, CheckIn, CheckInLimit, CheckInRefusal, CheckInRule
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    mine = select(CheckInRule.id).where(CheckInRule.professional_id == person.id)
    to_me = select(Connection.id).where(Connection.client_id == person.id)
    return {
        "check_in_rules": rows(CheckInRule, CheckInRule.professional_id == person.id),
        "check_ins": rows(CheckIn, or_(CheckIn.rule_id.in_(mine), CheckIn.connection_id.in_(to_me))),
        "check_in_limits": rows(CheckInLimit, CheckInLimit.professional_id == person.id),
        "check_in_refusals": rows(CheckInRefusal, CheckInRefusal.user_id == person.id),
        "birthdays": rows(Birthday, Birthday.user_id == person.id),
    }


def _erase(person: Person, _now: datetime) -> None:
    execute = db.session.execute
    mine = select(CheckInRule.id).where(CheckInRule.professional_id == person.id)
    theirs = select(Connection.id).where(
        or_(Connection.client_id == person.id, Connection.professional_id == person.id)
    )
    execute(delete(CheckIn).where(or_(CheckIn.rule_id.in_(mine), CheckIn.connection_id.in_(theirs))))
    execute(delete(CheckInRule).where(CheckInRule.professional_id == person.id))
    execute(delete(CheckInLimit).where(CheckInLimit.professional_id == person.id))
    execute(delete(CheckInRefusal).where(CheckInRefusal.user_id == person.id))
    execute(delete(Birthday).where(or_(Birthday.user_id == person.id, Birthday.connection_id.in_(theirs))))


personal_data = PersonalData(
    (
        "check_in_rules.professional_id",
        "check_in_limits.professional_id",
        "check_in_refusals.user_id",
        "birthdays.user_id",
    ),
    _export,
    _erase,
)
