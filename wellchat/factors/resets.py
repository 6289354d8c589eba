"""Reset the factors of somebody who lost them all.

An operator asks for it with a reason. The owner gets a mail at once and another halfway, each with a link
that stops it; after 24 hours the sweep does it. A password reset alone never does.
Who is disabled meanwhile keeps the factors.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from wellchat.accounts import links
from wellchat.accounts.actions import lock_user
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.db import db, transaction
from wellchat.errors import Conflict
from wellchat.factors.actions import mail_about
from wellchat.factors.models import FactorReset, Passkey, RecoveryCode, Totp
from wellchat.i18n import N_, gettext
from wellchat.mail.compose import NotWanted

DELAY = timedelta(hours=24)
STOP = links.Purpose("stop-reset", "/stop-reset/", timedelta(days=2))


def ask_reset(*, user_id: str, reason: str, asked_by: str | None, now: datetime) -> datetime:
    """Let a reset begin. Return when it is due. Raises Conflict without factors, or where one waits."""
    with transaction() as session:
        user = lock_user(user_id)
        if not user.is_active:
            raise Conflict(gettext("This account is disabled. Enable it first."))
        if user.factor_since is None:
            raise Conflict(gettext("%(name)s has no second factor.", name=user.name))
        if session.get(FactorReset, user_id, populate_existing=True) is not None:
            raise Conflict(gettext("A reset waits already."))
        reset = FactorReset(user_id=user_id, reason=reason, asked_by=asked_by, asked_at=now)
        reset.reminder_at, reset.due_at = now + DELAY / 2, now + DELAY
        session.add(reset)
        record("factor.reset_asked", now=now, actor_id=asked_by, person_id=user_id, detail={"reason": reason})
        _mail(user, now)
    return reset.due_at


def reset_now(*, user_id: str, reason: str, now: datetime, waited: bool = False) -> None:
    """Remove all factors and end every session. Raises Conflict where there are none."""
    with transaction() as session:
        user = lock_user(user_id)
        if user.factor_since is None and not waited:
            raise Conflict(gettext("%(name)s has no second factor.", name=user.name))
        for model in (Totp, RecoveryCode, Passkey, FactorReset):
            session.execute(delete(model).where(model.user_id == user_id))
        user.factor_since = user.factor_due_at = None
        kind = SYSTEM if waited else None
        detail: dict[str, str | int | bool | None] = {"waited": waited, "reason": reason}
        record("factor.reset", now=now, person_id=user_id, actor_kind=kind, detail=detail)
        mail_about(user, "factors_reset", now)
        # Last, by the lock order. Whoever had the lost phone may be signed in.
        end_sessions(user_id=user_id)


def stop_reset(*, user_id: str, now: datetime) -> bool:
    """Stop a reset that waits. Return whether there was one."""
    with transaction() as session:
        stopped = session.execute(
            delete(FactorReset)
            .where(FactorReset.user_id == user_id)
            .returning(FactorReset.user_id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if stopped is not None:
            record("factor.reset_stopped", now=now, actor_id=user_id, person_id=user_id)
    return stopped is not None


def stop_of_disabled(user_id: str, now: datetime) -> None:
    """Stop the reset of somebody whose account was disabled: no mail could tell them how to stop it."""
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None or user.is_active:
        return
    with transaction() as session:
        gone = session.execute(
            delete(FactorReset)
            .where(FactorReset.user_id == user_id)
            .returning(FactorReset.user_id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if gone is not None:
            record("factor.reset_stopped", now=now, person_id=user_id)


def stop_by_link(*, token: str, now: datetime) -> bool:
    """Stop the reset that a mail told of. Return whether one waited. Raises links.DeadLink."""
    with transaction():
        user = links.redeem(token, STOP, now=now)
        return stop_reset(user_id=user.id, now=now)


def stop_path(user_id: str, now: datetime) -> str:
    """Return the path of a link that stops the reset. Raises NotWanted if none waits."""
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None or db.session.get(FactorReset, user_id, populate_existing=True) is None:
        raise NotWanted(N_("The reset is over."))
    return links.path_for(user, STOP, now)


def sweep(now: datetime) -> dict[str, int]:
    """Remind the owners of resets halfway, and do those that are due."""
    reminded = done = 0
    halfway = select(FactorReset.user_id).where(FactorReset.reminder_at <= now, FactorReset.due_at > now)
    for user_id in db.session.execute(halfway).scalars().all():
        reminded += _remind(user_id, now)
    for user_id in db.session.execute(select(FactorReset.user_id).where(FactorReset.due_at <= now)).scalars():
        done += _do(user_id, now)
    return {"resets_reminded": reminded, "factors_reset": done}


def _remind(user_id: str, now: datetime) -> bool:
    with transaction() as session:
        # The person before the reset, as in `_do` and in the link that stops it.
        user = lock_user(user_id)
        told = session.execute(
            # Compare and set: two sweeps must not send two mails.
            update(FactorReset)
            .where(FactorReset.user_id == user_id, FactorReset.reminder_at <= now)
            .values(reminder_at=None)
            .execution_options(synchronize_session=False)
        )
        if told.rowcount:  # type: ignore[attr-defined]
            _mail(user, now)
        return bool(told.rowcount)  # type: ignore[attr-defined]


def _do(user_id: str, now: datetime) -> bool:
    with transaction() as session:
        # The person before the reset, as the link that stops it does: two orders could deadlock.
        lock_user(user_id)
        # DELETE decides: its owner may stop it at this moment, and only one of the two gets the row.
        reason = session.execute(
            delete(FactorReset)
            .where(FactorReset.user_id == user_id, FactorReset.due_at <= now)
            .returning(FactorReset.reason)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if reason is not None:
            reset_now(user_id=user_id, reason=reason, now=now, waited=True)
    return reason is not None


def _mail(user: User, now: datetime) -> None:
    mail_about(user, "factor_reset_asked", now, link="stop_reset")
