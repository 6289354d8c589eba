"""Add, use and remove second factors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from wellchat.accounts.actions import lock_active, lock_user
from wellchat.accounts.models import User
from wellchat.audit.actions import record, record_refusal
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.factors import codes, keys
from wellchat.factors.models import Passkey, RecoveryCode, Totp
from wellchat.factors.policy import GRACE
from wellchat.factors.tries import spend_try
from wellchat.i18n import gettext
from wellchat.mail.actions import queue_mail

APP, PASSKEY, RECOVERY = ("app", "passkey", "recovery")


def add_app(*, user_id: str, secret: str, typed: str, now: datetime) -> list[str] | None:
    """Add an authenticator app whose first code is right.

    Return new recovery codes if it is the first factor. Raises Invalid for a wrong code, and Conflict where
    there is an app already.
    """
    step = codes.matching_step(secret, codes.fold(typed), now, drift=setting("TOTP_DRIFT"))
    if step is None:
        raise Invalid(
            {"code": gettext("This code is not right. Enter the one shown now, and check the phone's clock.")}
        )
    with transaction() as session:
        # Under the lock: two browsers at once must not add two apps, or make two sets of codes.
        user = lock_active(user_id)
        if session.get(Totp, user_id) is not None:
            raise Conflict(gettext("There is an authenticator app already. Remove it first."))
        sealed = keys.seal(secret, user_id=user_id)
        # The first code counts as used.
        session.add(Totp(user_id=user_id, secret_sealed=sealed, confirmed_at=now, last_step=step))
        return note_added(user, APP, "", now)


def note_added(user: User, factor: str, label: str, now: datetime) -> list[str] | None:
    """Record and mail a new factor, in the caller's transaction. Return codes if it is the first one."""
    is_first = user.factor_since is None
    user.factor_since, user.factor_due_at = user.factor_since or now, None
    record("factor.added", now=now, actor_id=user.id, person_id=user.id, detail={"factor": factor})
    mail_about(user, "factor_added", now, factor=factor, label=label)
    return _put_codes(user, now) if is_first else None


def remove_app(*, user_id: str, now: datetime) -> None:
    """Remove the authenticator app. Raises NotFound where there is none."""
    with transaction() as session:
        user = lock_user(user_id)
        app = session.get(Totp, user_id)
        if app is None:
            raise NotFound
        session.delete(app)
        note_removed(user, APP, "", now)


def note_removed(user: User, factor: str, label: str, now: datetime) -> None:
    """Record and mail that a factor is gone, in the caller's transaction. Codes go with the last one."""
    # The factor must be gone from the database before the rest is counted.
    db.session.flush()
    if not has_factor(user.id):
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        user.factor_since = None
    record("factor.removed", now=now, actor_id=user.id, person_id=user.id, detail={"factor": factor})
    mail_about(user, "factor_removed", now, factor=factor, label=label)


def has_factor(user_id: str) -> bool:
    """Return whether there is an app or a passkey. Recovery codes alone are none."""
    apps = select(func.count()).select_from(Totp).where(Totp.user_id == user_id)
    passkeys = select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)
    return bool(db.session.execute(select(apps.scalar_subquery() + passkeys.scalar_subquery())).scalar_one())


def renew_codes(*, user_id: str, now: datetime) -> list[str]:
    """Make ten new recovery codes; those before no longer work. Raises Conflict without any factor."""
    with transaction():
        user = lock_user(user_id)
        if user.factor_since is None:
            raise Conflict(gettext("Add an authenticator app or a passkey first."))
        return _put_codes(user, now)


def _put_codes(user: User, now: datetime) -> list[str]:
    fresh = codes.new_recovery_codes()
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    for code in fresh:
        db.session.add(RecoveryCode(user_id=user.id, digest=keys.code_digests(code, user_id=user.id)[0]))
    record("factor.codes_made", now=now, actor_id=user.id, person_id=user.id)
    return fresh


def use_code(*, user_id: str, typed: str, now: datetime) -> str:
    """Use up a code of the app, or a recovery code. Return which: APP or RECOVERY.

    Raises Invalid for a wrong or used code, and TooManyTries.
    """
    # In a transaction of its own: a wrong code rolls back what follows, and must not give back the try.
    spend_try(user_id=user_id, now=now)
    folded = codes.fold(typed)
    try:
        with transaction():
            factor = APP if codes.is_app_code(folded) else RECOVERY
            if factor == APP:
                _use_app_code(user_id, folded, now)
            else:
                _use_recovery_code(user_id, folded, now)
            record("factor.used", now=now, actor_id=user_id, person_id=user_id, detail={"factor": factor})
    except Invalid:
        # Here, because the block above has rolled back.
        record_refusal("factor.refused", now=now, person_id=user_id, detail={"factor": factor})
        raise
    return factor


def _use_app_code(user_id: str, folded: str, now: datetime) -> None:
    app = db.session.get(Totp, user_id, populate_existing=True)
    step = codes.matching_step(_secret_of(app), folded, now, drift=setting("TOTP_DRIFT")) if app else None
    if step is None:
        raise Invalid({"code": gettext("This code is not right. Enter the one that the app shows now.")})
    taken = db.session.execute(
        update(Totp)
        # Compare and set: of two browsers with the same code, one finds it used (RFC 6238, 5.2).
        .where(Totp.user_id == user_id, Totp.last_step < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount == 0:  # type: ignore[attr-defined]
        raise Invalid({"code": gettext("This code was used already. Wait until the app shows the next one.")})


def _secret_of(app: Totp) -> str:
    try:
        return keys.unseal(app.secret_sealed, user_id=app.user_id)
    except keys.Unreadable:
        text = gettext(
            "The app cannot be checked: the key of this installation was changed. Use another way."
        )
        raise Invalid({"code": text}) from None


def _use_recovery_code(user_id: str, folded: str, now: datetime) -> None:
    code = codes.as_recovery_code(folded)
    if code is None:
        text = gettext("Enter the six digits that the app shows, or a recovery code of ten characters.")
        raise Invalid({"code": text})
    mine, unused = RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    # One UPDATE decides: of two browsers with the same code, one finds it unused.
    used = db.session.execute(
        update(RecoveryCode)
        .where(mine, unused, RecoveryCode.digest.in_(keys.code_digests(code, user_id=user_id)))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount == 0:  # type: ignore[attr-defined]
        raise Invalid({"code": gettext("This recovery code is not right, or it was used already.")})
    left = db.session.execute(select(func.count()).select_from(RecoveryCode).where(mine, unused))
    user = db.session.get_one(User, user_id)
    mail_about(user, "recovery_code_used", now, left=left.scalar_one())


def begin_grace(*, user: User, now: datetime) -> None:
    """Note when the grace of a person who must have a factor ends. The first call counts."""
    due_at = now + GRACE
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user.id, User.factor_due_at.is_(None), User.factor_since.is_(None))
            .values(factor_due_at=due_at)
            .execution_options(synchronize_session=False)
        )
    # Read by this request already; nothing is to be written once more.
    set_committed_value(user, "factor_due_at", due_at)


def mail_about(user: User, mail: str, now: datetime, **context: str | int) -> None:
    """Write a mail about factors to their owner, in the caller's transaction."""
    queue_mail(
        user_id=user.id, address=user.email, name=mail, context={"name": user.name, **context}, now=now
    )
