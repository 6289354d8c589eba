"""Let people in by invitation, and confirm professionals who signed up by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from wellchat.accounts import links, passwords
from wellchat.accounts.actions import insert_user
from wellchat.accounts.address_models import is_kept_back
from wellchat.accounts.credentials import refuse_own_words
from wellchat.accounts.limits import count_link
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.i18n import N_, gettext
from wellchat.mail.actions import queue_mail
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail


def invite(*, email: str, role: str, now: datetime) -> str:
    """Mail an invitation, and return the path of its link. It works once, for 7 days.

    Raises Conflict if the address has an account.
    """
    if user_by_email(email) is not None or is_kept_back(email, now=now):
        raise Conflict(gettext("%(email)s already has an account.", email=email))
    with transaction():
        mail = queue_mail(user_id=None, address=email, name="invitation", context={"role": role}, now=now)
        record("account.invited", now=now, detail={"role": role})
        return _path(mail, now)


def invitation_context(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the link of an invitation, made at the moment of sending. Raises NotWanted."""
    if user_by_email(mail.address) is not None:
        raise NotWanted(N_("The address has an account already."))
    return {"path": _path(mail, now)}


def _path(mail: Mail, now: datetime) -> str:
    return links.path_of(links.INVITE, f"{mail.id}:{mail.context['role']}:{mail.address}", now)


def read_invitation(token: str, *, now: datetime) -> tuple[str, str, str]:
    """Return (id, role, address) of an invitation without using it up. Raises DeadLink."""
    invitation_id, _, rest = links.read(token, links.INVITE, now=now).partition(":")
    role, _, email = rest.partition(":")
    # An address that somebody may still go back to is theirs for as long.
    is_taken = user_by_email(email) is not None or is_kept_back(email, now=now)
    if is_taken or links.is_used(f"invite:{invitation_id}"):
        raise DeadLink
    return invitation_id, role, email


def accept_invitation(
    *, token: str, name: str, password: str, time_zone: str, now: datetime, language: str | None = None
) -> User:
    """Make the account of an invitation: its address is proven, for the link came by mail.

    Raises DeadLink for all but the first, and Invalid for a password made of the person's own words.
    """
    count_link()
    invitation_id, role, email = read_invitation(token, now=now)
    refuse_own_words(password, name, email)
    # Before the transaction: hashing is slow on purpose, and a lock must be short.
    password_hash = passwords.hash_password(password)
    with transaction():
        if not links.use_once(f"invite:{invitation_id}", now=now):
            raise DeadLink
        user = insert_user(
            email=email,
            name=name,
            role=role,
            password_hash=password_hash,
            time_zone=time_zone,
            browser_locale=language,
            verified_at=now,
            created_at=now,
        )
        # Somebody signed up with the address at this moment. The error rolls back that the link was used.
        if user is None:
            raise DeadLink
        context = {"name": user.name, "role": user.role}
        queue_mail(user_id=user.id, address=user.email, name="welcome", context=context, now=now)
    return user


def confirm_professional(*, user_id: str, now: datetime) -> bool:
    """Confirm a professional who waits. Return False if they were confirmed already. Raises NotFound."""
    with transaction() as session:
        # Compare and set: of two who confirm at once, one does it and is on record.
        found = session.execute(
            update(User).where(User.id == user_id, User.confirmed_at.is_(None)).values(confirmed_at=now)
        )
        if found.rowcount == 0:  # type: ignore[attr-defined]
            if db.session.get(User, user_id) is None:
                raise NotFound
            return False
        record("account.confirmed", now=now, person_id=user_id)
    return True
