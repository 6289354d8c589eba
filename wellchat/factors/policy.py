"""Say who must have a second factor: WELLCHAT_MFA, and only where the address is https.

On http, which is for trials on one's own machine, nobody must.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from wellchat.accounts.models import User
from wellchat.config import setting

OFF, ADMINS, PROFESSIONALS, EVERYONE = ("off", "admins", "professionals", "everyone")
GRACE = timedelta(days=7)  # for all but administrators


def must_have_factor(user: User) -> bool:
    """Return whether the rules of this installation ask a second factor of this person."""
    if not setting("BASE_URL").startswith("https://"):
        return False
    who = setting("MFA")
    if who == EVERYONE:
        return True
    return (who in (ADMINS, PROFESSIONALS) and user.is_admin) or (
        who == PROFESSIONALS and user.is_professional
    )


def lacks_factor(user: User) -> bool:
    """Return whether this person must have a second factor and has none, here or where they come from."""
    if user.session is not None and user.session.had_second_factor:
        return False
    return user.factor_since is None and must_have_factor(user)


def is_due(user: User, now: datetime) -> bool:
    """Return whether somebody who lacks a factor can do nothing else before: administrators at once."""
    return user.is_admin or (user.factor_due_at is not None and user.factor_due_at <= now)
