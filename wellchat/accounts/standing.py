"""Disable and enable accounts, pause people, and change what administrators may do.

Nothing is lost when an account is disabled: it cannot be used, and others see that it is closed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from wellchat.accounts.actions import lock_user
from wellchat.accounts.duties import ADMIN_ROLES, OWNER
from wellchat.accounts.hooks import (
    availability_changed_in_transaction,
    enabling_forbidden,
    profile_changed_in_transaction,
)
from wellchat.accounts.models import ADMIN, PROFESSIONAL, User
from wellchat.accounts.session_models import UserSession
from wellchat.changes.actions import end_access
from wellchat.db import db, transaction
from wellchat.errors import Conflict
from wellchat.event_types import tell_host
from wellchat.i18n import gettext


def disable(*, user_id: str, now: datetime) -> bool:
    """Disable an account: nobody signs in, and every session ends. Return False if it was disabled already.

    Bearer tokens are refused while it is disabled. Raises NotFound, and Conflict for the last owner.
    """
    with transaction():
        # Before the person's own lock: owners are locked in one order, and this may be one of them.
        keep_an_owner(user_id)
        user = lock_user(user_id)
        if user.disabled_at is not None:
            return False
        user.disabled_at = now
        user.session_epoch += 1
        db.session.execute(delete(UserSession).where(UserSession.user_id == user_id))
        _announce(user, now)
        tell_host("user.disabled", {"user": user_id}, now)
        end_access(user_id=user_id)
    return True


def enable(*, user_id: str, now: datetime) -> bool:
    """Let a disabled person in again. Return False if they were not disabled.

    Raises NotFound, and Conflict for a person who was erased, or is being erased.
    """
    with transaction():
        user = lock_user(user_id)
        if user.is_gone:
            raise Conflict(gettext("This person was erased. Nothing is left to enable."))
        if reasons := [reason for reason in enabling_forbidden(user_id) if reason]:
            raise Conflict(reasons[0])
        if user.disabled_at is None:
            return False
        user.disabled_at = None
        _announce(user, now)
        tell_host("user.enabled", {"user": user_id}, now)
        end_access(user_id=user_id)
    return True


def _announce(user: User, now: datetime) -> None:
    # The hooks read the account by statements of their own.
    db.session.flush()
    availability_changed_in_transaction(user.id, now)
    profile_changed_in_transaction(user.id)


def pause(*, user_id: str, until: datetime | None) -> None:
    """Let a person send nothing until a moment; None ends the pause. Raises NotFound."""
    with transaction():
        user = lock_user(user_id)
        user.paused_until = until
        db.session.flush()
        # Their open pages close the composers, or open them again.
        profile_changed_in_transaction(user_id)


def change_role(*, user_id: str, role: str, now: datetime, admin_roles: Collection[str] = ()) -> bool:
    """Make somebody a client, professional, or administrator with these roles. Return whether it changed.

    The caller makes sure that nothing depends on the role they have. Raises NotFound, and Conflict for the
    last owner.
    """
    roles = " ".join(name for name in ADMIN_ROLES if name in admin_roles) if role == ADMIN else ""
    with transaction():
        if OWNER not in roles.split():
            keep_an_owner(user_id)
        user = lock_user(user_id)
        if (user.role, user.admin_roles) == (role, roles):
            return False
        changed, user.role, user.admin_roles = user.role != role, role, roles
        if role == PROFESSIONAL:
            # Who makes somebody a professional has confirmed them.
            user.confirmed_at = user.confirmed_at or now
        db.session.flush()
        if changed:
            profile_changed_in_transaction(user_id)
        # What a process has cached was answered to somebody with other duties.
        end_access(user_id=user_id)
    return True


def keep_an_owner(user_id: str) -> None:
    """Raise Conflict if this person is the last owner who can sign in. Call it before their own lock."""
    # All owners are locked, in one order: two who leave at once must not both find the other one there.
    owners = db.session.execute(
        select(User)
        .where(User.role == ADMIN, User.disabled_at.is_(None))
        .order_by(User.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalars()
    left = {each.id for each in owners if OWNER in each.admin_roles.split()}
    if left == {user_id}:
        raise Conflict(gettext("This is the last owner. Make somebody else an owner first."))
