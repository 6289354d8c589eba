"""Change what an account says of its person, field by field: for the settings page, and for the host."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.address_models import AddressChange, is_kept_back
from wellchat.accounts.hooks import profile_changed_in_transaction
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Conflict
from wellchat.i18n import gettext
from wellchat.mail.actions import move_queued

FIELDS = ("name", "role_label", "bio", "locale", "time_zone", "open_to_clients")


class EmailTaken(Conflict):
    """The address is somebody else's: `user_id`."""

    def __init__(self, user_id: str | None) -> None:
        super().__init__(gettext("Somebody else has this email address."))
        self.user_id = user_id


def set_values(user: User, values: Mapping[str, Any]) -> list[str]:
    """Give a locked user these values of FIELDS. Return the names of those that changed, in that order."""
    with transaction():
        changed = [name for name in FIELDS if name in values and values[name] != getattr(user, name)]
        shown_before = (user.name, user.label)
        for name in changed:
            setattr(user, name, values[name])
        if "time_zone" in changed:
            user.zone_known = True
        # Only what others see is announced; a new time zone is nobody's business.
        if (user.name, user.label) != shown_before:
            db.session.flush()
            profile_changed_in_transaction(user.id)
    return changed


def check_address(email: str, *, user_id: str | None, now: datetime) -> None:
    """Raise EmailTaken if this address is somebody else's, or was until lately and they may take it back."""
    holder = user_by_email(email)
    if holder is not None and holder.id != user_id:
        raise EmailTaken(holder.id)
    if is_kept_back(email, now=now, but_for=user_id):
        last = select(AddressChange.user_id).where(AddressChange.old_email == email)
        newest = last.order_by(AddressChange.asked_at.desc()).limit(1)
        raise EmailTaken(db.session.execute(newest).scalar())


def set_address(user: User, *, email: str | None, verified: bool | None, now: datetime) -> list[str]:
    """Give a locked user another address, or none, for who vouches for it. Return what changed.

    `verified` None: a new address is not verified, and the present one stays as it is. Nobody is asked and
    nobody can undo it: that is for the person's own change (address_change.py). Raises EmailTaken.
    """
    changed = []
    with transaction():
        if email != user.email:
            if email is not None:
                check_address(email, user_id=user.id, now=now)
            old, user.email = user.email, email
            # The unique index speaks before anything is moved.
            db.session.flush()
            move_queued(user_id=user.id, old=old, new=email)
            changed.append("email")
            verified = bool(verified)
            record("address.changed", now=now, person_id=user.id)
        if verified is not None and verified != (user.verified_at is not None):
            user.verified_at = now if verified else None
            changed.append("email_verified")
        db.session.flush()
    return changed
