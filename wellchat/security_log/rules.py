"""Decide which rows of the security log are a cause for suspicion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from wellchat.accounts.models import User
from wellchat.audit.kinds import EXPORT, FACTOR_RESET, LOOK, READING, SIGN_IN, SIGN_IN_FAILED
from wellchat.audit.models import AuditEvent, AuditPerson
from wellchat.db import db, table
from wellchat.feature import registry
from wellchat.i18n import N_

AUDIT = table(AuditEvent)

FAILURES = 10  # on one account within FAILURES_WITHIN
FAILURES_WITHIN = timedelta(minutes=10)
ACCOUNTS = 5  # that one network fails on within ACCOUNTS_WITHIN
ACCOUNTS_WITHIN = timedelta(hours=1)
NETWORK_KNOWN_FOR = timedelta(days=90)
RESET_AND_EXPORT_WITHIN = timedelta(hours=24)
DAY = timedelta(days=1)
LOOKS_A_DAY = 20
EXPORTS_A_DAY = 5
READINGS = 200  # pages, files and searches within READINGS_WITHIN
READINGS_WITHIN = timedelta(hours=1)

RULES = {
    "failures": N_("Many failed sign-ins on one account"),
    "accounts": N_("One network failed to sign in to several accounts"),
    "network": N_("An administrator signed in from a network not seen for 90 days"),
    "reset_export": N_("Sign-in factors were reset, and then data was exported"),
    "looks": N_("An administrator opened many conversations in one day"),
    "exports": N_("An administrator exported data many times in one day"),
    "reading": N_("An administrator read very much in one hour"),
    "chain": N_("The security log is not as it was sealed"),
}

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Cause:
    """A reason for suspicion. Equal `rule`, `who` and `day` are one cause, told once."""

    rule: str
    who: str  # a pseudonym, a network or a place in the log
    day: str
    person: str | None = None  # pseudonym
    network: str | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        """Return the cause as one word of at most 80 characters."""
        return f"{self.rule}:{self.who}:{self.day}"[:80]


def signalling() -> dict[str, str]:
    """Return kind -> signal, of the kinds that the rules look at."""
    return {name: kind.signal for name, kind in registry().audited.items() if kind.signal}


def causes(row: Row, signal: str) -> Iterator[Cause]:
    """Yield the causes that this row completes."""
    day = row["at"].date().isoformat()
    if signal == SIGN_IN_FAILED:
        yield from _after_failure(row, day)
    elif signal == SIGN_IN and _is_new_network(row):
        who = f"{row['actor']}:{row['network']}"
        yield Cause("network", who, day, person=row["actor"], network=row["network"])
    elif signal in (LOOK, READING, EXPORT):
        yield from _after_act(row, signal, day)


def _after_failure(row: Row, day: str) -> Iterator[Cause]:
    person, network = row["person"], row["network"]
    if person and _count(row, SIGN_IN_FAILED, FAILURES_WITHIN, AUDIT.c.person == person) >= FAILURES:
        yield Cause("failures", person, day, person=person)
    # By network too: one guess at each of many accounts stays below the limit of each account.
    if network:
        failed = _since(row, SIGN_IN_FAILED, ACCOUNTS_WITHIN, AUDIT.c.network == network)
        # DISTINCT leaves out NULL: a guess at an address without an account concerns nobody.
        accounts = select(func.count(AUDIT.c.person.distinct())).where(*failed)
        if db.session.execute(accounts).scalar_one() >= ACCOUNTS:
            yield Cause("accounts", network, day, network=network)


def _after_act(row: Row, signal: str, day: str) -> Iterator[Cause]:
    actor = row["actor"]
    for rule, of, most, within in (
        ("looks", LOOK, LOOKS_A_DAY, DAY),
        ("exports", EXPORT, EXPORTS_A_DAY, DAY),
        ("reading", READING, READINGS, READINGS_WITHIN),
    ):
        if (
            signal == of
            and actor
            and _count(row, of, within, AUDIT.c.actor == actor) > most
            # Last, because it is another statement, and few rows come this far.
            and _is_admin(actor)
        ):
            yield Cause(rule, actor, day, person=actor)
    whose = row["person"] or actor
    if signal == EXPORT and whose:
        theirs = or_(AUDIT.c.person == whose, AUDIT.c.actor == whose)
        if _count(row, FACTOR_RESET, RESET_AND_EXPORT_WITHIN, theirs):
            yield Cause("reset_export", whose, day, person=whose)


def _is_new_network(row: Row) -> bool:
    actor, network = row["actor"], row["network"]
    if not actor or not network or not _is_admin(actor):
        return False
    earlier = [AUDIT.c.kind.in_(_kinds(SIGN_IN)), AUDIT.c.actor == actor, AUDIT.c.id != row["id"]]
    earlier.append(AUDIT.c.at <= row["at"])
    # The very first sign-in of an installation is from somewhere new, too.
    known = select(
        func.count(),
        func.count().filter(AUDIT.c.network == network, AUDIT.c.at > row["at"] - NETWORK_KNOWN_FOR),
    ).where(*earlier)
    signed_in, from_here = db.session.execute(known).one()
    return signed_in > 0 and from_here == 0


def _is_admin(pseudonym: str) -> bool:
    query = select(User.role).join(AuditPerson, AuditPerson.user_id == User.id)
    return db.session.execute(query.where(AuditPerson.pseudonym == pseudonym)).scalar() == "admin"


def _count(row: Row, signal: str, within: timedelta, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(AUDIT).where(*_since(row, signal, within, *conditions))
    return db.session.execute(query).scalar_one()


def _since(row: Row, signal: str, within: timedelta, *conditions: ColumnElement[bool]) -> list[Any]:
    # Counted back from the row, not from now: judged late, it leads to the same result.
    span = (AUDIT.c.at > row["at"] - within, AUDIT.c.at <= row["at"])
    return [AUDIT.c.kind.in_(_kinds(signal)), *span, *conditions]


def _kinds(signal: str) -> list[str]:
    return [name for name, found in signalling().items() if found == signal]
