"""Sign up, authenticate, verify addresses and change passwords.

Nothing here tells a stranger whether an address has an account: both cases return the same and cost the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update

from wellchat.accounts import links, passwords
from wellchat.accounts.actions import insert_user, lock_user
from wellchat.accounts.address_models import is_kept_back
from wellchat.accounts.hooks import sign_in_vetoed
from wellchat.accounts.limits import count_guess, count_link, count_mail_request
from wellchat.accounts.models import PROFESSIONAL, Token, User
from wellchat.accounts.password_rules import refusal_of_own
from wellchat.accounts.queries import user_by_email
from wellchat.accounts.session_models import UserSession, digest_of, has_id
from wellchat.audit.actions import record
from wellchat.audit.models import STRANGER
from wellchat.changes.actions import end_access
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotAllowed
from wellchat.i18n import N_, gettext
from wellchat.mail.actions import queue_mail, record_skip


def sign_up(
    *,
    email: str,
    name: str,
    password: str,
    role: str,
    time_zone: str,
    now: datetime,
    language: str | None = None,
    going_to: str = "/",
) -> None:
    """Create an account whose address is not verified yet, and send a mail with the result.

    The response is the same for a taken address. Somebody may sign up with an unverified address of another
    person; their password must not work once the owner opens the link. If two sign-ups disagree, neither
    password holds, and the owner chooses a new one after opening the link, which leads to `going_to`. Raises
    Invalid for a password made of the person's own words, and NotAllowed where sign-up is not open.
    """
    if setting("SIGN_UP") != "open":
        raise NotAllowed(gettext("New accounts are made by invitation, or not at all."))
    refuse_own_words(password, name, email)
    count_mail_request()
    existing = user_by_email(email)
    # Hashing is slow on purpose, so it happens before the transaction takes any lock.
    agrees = existing is not None and passwords.matches(password, existing.password_hash)
    password_hash = None if existing else passwords.hash_password(password)
    if existing is None and is_kept_back(email, now=now):
        # Whoever had it until lately may take it back. The page is the same.
        reason = N_("The address belonged to an account until lately.")
        record_skip(user_id=None, address=email, name="verification", reason=reason, now=now)
        return
    with transaction():
        # INSERT first, look afterwards: a look beforehand would race with another sign-up.
        made = insert_user(
            email=email,
            name=name,
            role=role,
            password_hash=password_hash,
            time_zone=time_zone,
            browser_locale=language,
            confirmed_at=None if role == PROFESSIONAL and setting("CONFIRM_PROFESSIONALS") else now,
            created_at=now,
        )
        if made is not None:
            _mail(made, "verification", now, going_to, link="verify")
            return
        found = user_by_email(email)
        assert found is not None
        compared = found.password_hash
        # The present row: its owner may have opened the link since.
        taken = lock_user(found.id)
        if taken.verified_at is not None:
            _mail(taken, "already_registered", now, going_to)
            return
        # Somebody else may have chosen the stored password, so it must not open the account.
        if not agrees or taken.password_hash != compared:
            taken.password_hash = None
        _mail(taken, "verification", now, going_to, link="verify")


def send_verification(*, user_id: str, now: datetime, going_to: str = "/") -> None:
    """Send another link that verifies the address, and then leads to `going_to`."""
    with transaction():
        _mail(lock_user(user_id), "verification", now, going_to, link="verify")


def verify_address(*, token: str, now: datetime) -> User:
    """Mark the address as verified: whoever has the link could read the mail. Raises links.DeadLink."""
    count_link()
    with transaction():
        user = links.redeem(token, links.VERIFY, now=now)
        user.verified_at = now
        _mail(user, "welcome", now, role=user.role)
    return user


def authenticate(*, email: str, password: str) -> User | None:
    """Return the user if the password is right, else None. The address may still be unverified.

    It takes as long for an unknown address. Raises guard.LimitReached before the password is compared.
    """
    user = user_by_email(email)
    # For the account that is found: another spelling of its address has no budget of its own.
    count_guess(user.id if user else None, email)
    stored = user.password_hash if user else None
    if not passwords.matches(password, stored) or user is None or stored is None:
        return None
    # After the comparison: a veto must take as long as a wrong password.
    if not user.is_active or any(sign_in_vetoed(user)):
        return None
    if passwords.is_outdated(stored):
        fresh = passwords.hash_password(password)
        with transaction() as session:
            session.execute(
                update(User)
                # Compare and set: a password changed in the meantime must not be overwritten.
                .where(User.id == user.id, User.password_hash == stored)
                .values(password_hash=fresh)
            )
    return user


def request_password_reset(*, email: str, now: datetime, going_to: str = "/") -> None:
    """Send a reset link to the owner of the address; without one, only record a skip in the mail ledger.

    `going_to` is the page to open once the password is set.
    """
    count_mail_request()
    user = user_by_email(email)
    # Both cases write the same rows, so they take the same time.
    record("password.reset_asked", now=now, actor_kind=STRANGER, person_id=user.id if user else None)
    if user is None:
        record_skip(
            user_id=None,
            address=email,
            name="reset",
            reason=N_("There is no account with this address."),
            now=now,
        )
    else:
        _mail(user, "reset", now, going_to, link="reset")


def reset_password(*, token: str, password: str, now: datetime) -> User:
    """Set a new password for the holder of the link, and end every session and token.

    Raises links.DeadLink, and Invalid for a password made of the person's own words.
    """
    count_link()
    owner = links.link_owner(token, links.RESET, now=now)
    refuse_own_words(password, owner.name, owner.email or "")
    # Before the transaction: the hash takes time, and the row lock must be short.
    password_hash = passwords.hash_password(password)
    with transaction():
        user = links.redeem(token, links.RESET, now=now)
        # The link came by mail.
        user.verified_at = user.verified_at or now
        _set_password(user, password_hash, now)
    return user


def change_password(*, user_id: str, current: str, new: str, now: datetime) -> User:
    """Set a new password and end every session and token; the caller signs this session in again.

    Raises Invalid if `current` is wrong, or `new` is made of the person's own words. A user without a
    password has signed in by a link and needs no `current`.
    """
    user = db.session.get_one(User, user_id)
    stored = user.password_hash
    if stored is not None:
        count_guess(user_id)
    if stored is not None and not passwords.matches(current, stored):
        raise Invalid({"current_password": gettext("This is not your present password.")})
    refuse_own_words(new, user.name, user.email or "", field="new_password")
    password_hash = passwords.hash_password(new)
    with transaction():
        user = lock_user(user_id)
        # It was compared without the lock, so another change may have come in between.
        if user.password_hash != stored:
            raise Invalid(
                {"current_password": gettext("Your password was changed a moment ago. Reload the page.")}
            )
        _set_password(user, password_hash, now)
    return user


def refuse_own_words(password: str, *own: str, field: str = "password") -> None:
    """Refuse a password made of its owner's name or address. Raises Invalid."""
    if (why_not := refusal_of_own(password, own)) is not None:
        raise Invalid({field: why_not})


def _set_password(user: User, password_hash: str, now: datetime) -> None:
    user.password_hash = password_hash
    record("password.changed", now=now, actor_id=user.id, person_id=user.id)
    end_sessions(user_id=user.id)
    _mail(user, "password_changed", now)


def end_sessions(*, user_id: str) -> User:
    """End every session at once: cookies, remembered browsers, bearer tokens. Return the user."""
    with transaction() as session:
        user = lock_user(user_id)
        # Every cookie names its epoch, so this alone ends them all, also those without a row.
        user.session_epoch += 1
        # The rows are not needed any more: no cookie of the epoch before is taken.
        session.execute(delete(UserSession).where(UserSession.user_id == user_id))
        session.execute(delete(Token).where(Token.user_id == user_id))
        # last, by the lock order: whoever notifies this user locks the push devices of a token before the log
        end_access(user_id=user_id)
    return user


def end_session(*, user: User, now: datetime) -> None:
    """End the session that loaded `user`: a copy of its cookie no longer works."""
    with transaction() as session:
        ended = session.execute(
            update(UserSession)
            # A proof may have replaced the id of this request: both end.
            .where(has_id(user.session_id), UserSession.ended_at.is_(None))
            .values(ended_at=now)
            .returning(UserSession.digest)
        ).scalars()
        # For a cookie without a row, and for processes of the version before, which know no rows.
        links.mark_used({digest_of(user.session_id), *ended}, now=now)
        record("session.ended", now=now, person_id=user.id)
        end_access(user_id=user.id)


def _mail(user: User, mail: str, now: datetime, going_to: str = "/", **context: Any) -> None:
    if going_to != "/":
        context["next"] = going_to
    queue_mail(
        user_id=user.id, address=user.email, name=mail, context={"name": user.name, **context}, now=now
    )
