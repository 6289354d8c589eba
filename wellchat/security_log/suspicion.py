"""Tell owners once of each cause for suspicion: a row of severity high, and a mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from wellchat.accounts.duties import OWNER
from wellchat.accounts.models import ADMIN, User
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM, AuditEvent, AuditPerson, AuditState, AuditSuspicion
from wellchat.audit.sealing import locked_state
from wellchat.audit.verifying import verify
from wellchat.db import db, insert, table, transaction
from wellchat.mail.actions import queue_mail
from wellchat.mail.models import Mail
from wellchat.security_log.rules import RULES, Cause, causes, signalling

AUDIT = table(AuditEvent)
BATCH = 500  # rows of one transaction
SLICE = 20_000  # rows that the worker verifies in an hour


def sweep(now: datetime) -> dict[str, int]:
    """Look at the rows that were sealed since the last time. One small statement if there are none."""
    raised = 0
    while db.session.execute(select(AuditState.id).where(AuditState.judged < AuditState.seq)).first():
        with transaction():
            # Under this lock no two workers judge the same rows.
            state = locked_state()
            raised += _judge(state, now)
    return {"suspicions_raised": raised}


def _judge(state: AuditState, now: datetime) -> int:
    """Judge at most BATCH rows, in the caller's transaction, and move the mark on."""
    last = min(state.seq, state.judged + BATCH)
    signals = signalling()
    span = AUDIT.c.seq.between(state.judged + 1, last)
    query = select(AUDIT).where(span, AUDIT.c.kind.in_(list(signals))).order_by(AUDIT.c.seq)
    found = {
        cause.key: cause
        for row in db.session.execute(query).mappings()
        for cause in causes(row, signals[row["kind"]])
    }
    # In one transaction with what is told: after a crash the rows are judged again, and told once.
    state.judged = last
    return sum(raise_suspicion(cause, now=now) for cause in found.values())


def raise_suspicion(cause: Cause, *, now: datetime) -> bool:
    """Write a cause down and mail the owners. Return whether it is new; what was told stays told."""
    with transaction() as session:
        # The insert decides: of two workers at once, only one gets the row back, and tells.
        told = insert(AuditSuspicion).values(cause=cause.key, raised_at=now).on_conflict_do_nothing()
        if session.execute(told.returning(AuditSuspicion.cause)).first() is None:
            return False
        person = select(AuditPerson.user_id).where(AuditPerson.pseudonym == cause.person)
        detail = {"rule": cause.rule, "network": cause.network, "found": cause.detail[:200]}
        record(
            "suspicion.raised",
            now=now,
            actor_kind=SYSTEM,
            person_id=session.execute(person).scalar() if cause.person else None,
            detail={name: value for name, value in detail.items() if value},
        )
        for owner in _owners():
            context = {"name": owner.name, "rule": cause.rule}
            queue_mail(user_id=owner.id, address=owner.email, name="suspicion", context=context, now=now)
    return True


def _owners() -> list[User]:
    # Roles are words in one text. LIKE would also find a word inside another; administrators are few.
    admins = select(User).where(User.role == ADMIN, User.disabled_at.is_(None))
    return [each for each in db.session.execute(admins).scalars() if OWNER in each.admin_roles.split()]


def mail_context(mail: Mail, _now: datetime) -> dict[str, Any]:
    """Return what the mail is given beside its own context: what the rule says."""
    return {"what": RULES.get(mail.context["rule"], mail.context["rule"])}


def check_chain(now: datetime) -> dict[str, int]:
    """Verify the next part of the security log, and its end. Over time the whole log is verified."""
    ends = select(AuditState.checked, AuditState.seq)
    after, last = db.session.execute(ends).one()
    is_rest = last - after <= SLICE
    # Outside of the transaction below: reading takes seconds, and writers must not wait for it.
    verdict = verify(after=after, limit=None if is_rest else SLICE)
    with transaction() as session:
        # The next round starts from the beginning.
        session.execute(update(AuditState).values(checked=0 if is_rest else verdict.seq))
        if verdict.findings:
            finding = verdict.findings[0]
            raise_suspicion(Cause("chain", finding[:50], now.date().isoformat(), detail=finding), now=now)
    return {"audit_findings": len(verdict.findings)}
