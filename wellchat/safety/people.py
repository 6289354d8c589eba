"""Act on people: disable, enable, sign out, pause, change roles. Each act is a Measure and in the log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update

from wellchat.accounts import standing
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.hooks import profile_changed_in_transaction
from wellchat.accounts.models import ADMIN, User
from wellchat.audit.actions import record
from wellchat.connections.models import Connection
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.mail.actions import queue_mail
from wellchat.reasons import checked_reason
from wellchat.safety.models import DISABLE, ENABLE, PAUSE, ROLE, SIGN_OUT, Measure
from wellchat.subjects.models import Subject

PAUSE_DAYS = (1, 3, 7, 30)


def disable(
    *, by: User | None, user_id: str, reason: str, now: datetime, report_id: str | None = None
) -> None:
    """Disable somebody's account, and mail them that. `by` is None for the operator. Twice is as once.

    Raises NotFound, Invalid without a reason, and Conflict for the last owner and for one's own account.
    """
    reason = checked_reason(reason)
    if by is not None and by.id == user_id:
        raise Conflict(gettext("You cannot disable your own account."))
    with transaction():
        check_rank(by, user_id)
        # Only the call that changed something writes and mails it.
        if standing.disable(user_id=user_id, now=now):
            put_down(user_id, DISABLE, reason, by=by, report_id=report_id, now=now)
            record("person.disabled", now=now, actor_id=by.id if by else None, person_id=user_id)
            tell(user_id, DISABLE, now)


def enable(*, by: User | None, user_id: str, reason: str, now: datetime) -> None:
    """Enable an account again, with everything that it had. Raises NotFound, Invalid and Conflict."""
    reason = checked_reason(reason)
    with transaction():
        check_rank(by, user_id)
        if standing.enable(user_id=user_id, now=now):
            put_down(user_id, ENABLE, reason, by=by, now=now)
            record("person.enabled", now=now, actor_id=by.id if by else None, person_id=user_id)
            tell(user_id, ENABLE, now)


def pause(
    *, by: User | None, user_id: str, days: int, reason: str, now: datetime, report_id: str | None = None
) -> None:
    """Let somebody send nothing for some days. Raises NotFound and Invalid."""
    reason = checked_reason(reason)
    if days not in PAUSE_DAYS:
        raise Invalid({"days": gettext("Choose one of the given numbers of days.")})
    until = now + timedelta(days=days)
    with transaction():
        standing.pause(user_id=user_id, until=until)
        put_down(user_id, PAUSE, reason, by=by, report_id=report_id, now=now, until=until)
        record(
            "person.paused",
            now=now,
            actor_id=by.id if by else None,
            person_id=user_id,
            detail={"days": days},
        )
        tell(user_id, PAUSE, now, days=days)


def end_pauses(now: datetime) -> dict[str, int]:
    """End the pauses that are over, so that open pages hear of it. Return {"pauses_ended": number}."""
    over = select(User.id).where(User.paused_until <= now).limit(500)
    ids = db.session.execute(over).scalars().all()
    for user_id in ids:
        with transaction() as session:
            # The condition is part of the update: the pause may have been prolonged since.
            mine = update(User).where(User.id == user_id, User.paused_until <= now)
            session.execute(mine.values(paused_until=None))
            profile_changed_in_transaction(user_id)
    return {"pauses_ended": len(ids)}


def sign_out(*, by: User | None, user_id: str, reason: str, now: datetime) -> None:
    """End every session and token of somebody. Raises NotFound and Invalid."""
    reason = checked_reason(reason)
    with transaction():
        check_rank(by, user_id)
        end_sessions(user_id=user_id)
        put_down(user_id, SIGN_OUT, reason, by=by, now=now)
        record("person.signed_out", now=now, actor_id=by.id if by else None, person_id=user_id)


def change_role(
    *,
    by: User | None,
    user_id: str,
    role: str,
    admin_roles: Collection[str] = (),
    reason: str,
    now: datetime,
) -> None:
    """Change what somebody is, or may do as an administrator. The same again changes nothing.

    Who becomes something else is signed out everywhere.

    Raises NotFound, Invalid, and Conflict where conversations or subjects depend on what they are.
    """
    reason = checked_reason(reason)
    if role == ADMIN and not admin_roles:
        raise Invalid({"role": gettext("Name at least one role: owner, support, moderator or auditor.")})
    with transaction() as session:
        user = session.get(User, user_id)
        if user is None or user.is_gone:
            raise NotFound
        if user.role != role and has_business(user_id):
            raise Conflict(gettext("They have conversations or bookings as what they are now."))
        role_before, was = user.role, user.admin_roles or user.role
        if standing.change_role(user_id=user_id, role=role, admin_roles=admin_roles, now=now):
            is_now = " ".join(sorted(admin_roles)) if role == ADMIN else role
            if role_before != role:
                # A session or token was given out for what they were, and with the time limits of that.
                end_sessions(user_id=user_id)
            put_down(user_id, ROLE, reason, by=by, now=now)
            record(
                "person.role_changed",
                now=now,
                actor_id=by.id if by else None,
                person_id=user_id,
                detail={"from": was, "to": is_now},
            )


def has_business(user_id: str) -> bool:
    """Return whether connections or subjects depend on what somebody is."""
    connected = exists().where(or_(Connection.client_id == user_id, Connection.professional_id == user_id))
    booked = exists().where(or_(Subject.client_id == user_id, Subject.professional_id == user_id))
    return bool(db.session.execute(select(or_(connected, booked))).scalar_one())


def check_rank(by: User | None, user_id: str) -> None:
    """Raise Conflict if an administrator acts on another one without the duty for that."""
    person = db.session.get(User, user_id)
    if person is None:
        raise NotFound
    if by is not None and person.is_admin and not by.may("settings"):
        raise Conflict(gettext("Only an owner can do this to an administrator."))


def put_down(
    user_id: str,
    kind: str,
    reason: str,
    *,
    by: User | None,
    now: datetime,
    report_id: str | None = None,
    until: datetime | None = None,
) -> None:
    """Write down what was done about a person, and why."""
    with transaction() as session:
        session.add(
            Measure(
                user_id=user_id,
                kind=kind,
                reason=reason,
                by_id=by.id if by else None,
                report_id=report_id,
                until=until,
                created_at=now,
            )
        )


def tell(user_id: str, what: str, now: datetime, **context: int | str) -> None:
    """Mail a person what was decided about them, and how to appeal."""
    user = db.session.get_one(User, user_id)
    queue_mail(
        user_id=user_id,
        address=user.email,
        name="measure",
        context={"name": user.name, "what": what, **context},
        now=now,
    )
