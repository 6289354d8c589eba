"""Let a person prove who they are by their password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from wellchat.accounts import passwords
from wellchat.accounts.forms import MAX_PASSWORD_LENGTH
from wellchat.accounts.hooks import ProofMethod
from wellchat.accounts.limits import count_guess
from wellchat.accounts.models import User
from wellchat.errors import Invalid
from wellchat.i18n import gettext


def _check(user: User, form: Mapping[str, str], _now: datetime) -> None:
    password = form.get("password", "")
    count_guess(user.id)
    if len(password) > MAX_PASSWORD_LENGTH or not passwords.matches(password, user.password_hash):
        raise Invalid({"password": gettext("This is not your present password.")})


def by_password(user: User) -> Sequence[ProofMethod]:
    """Return the password as a way to prove who is there; nothing for somebody who has none.

    For somebody with a second factor the password is not enough: the factor is asked for instead.
    """
    if user.password_hash is None or user.factor_since is not None:
        return ()
    return (ProofMethod("password", "accounts/_prove_password.html", _check, position=10),)
