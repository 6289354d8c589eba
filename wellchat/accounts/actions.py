"""Write accounts: users, profiles, avatars, tokens, presence. Authentication is in credentials.py."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import make_transient_to_detached

from wellchat.accounts import passwords, pictures
from wellchat.accounts.address_models import is_kept_back
from wellchat.accounts.duties import OWNER
from wellchat.accounts.hooks import profile_changed_in_transaction
from wellchat.accounts.models import (
    ADMIN,
    BY_PASSWORD,
    OPERATOR,
    PROFESSIONAL,
    TOKEN_LASTS_MOST,
    Avatar,
    KnownToken,
    Token,
    User,
    sha256_hex,
)
from wellchat.accounts.profile import set_values
from wellchat.accounts.scopes import DEFAULT_SCOPES, SCOPES
from wellchat.audit.actions import record
from wellchat.changes.actions import create_log, end_access, log_of_each
from wellchat.db import db, execute, insert, is_postgresql, new_id, table, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.event_types import tell_host
from wellchat.i18n import gettext
from wellchat.mail.actions import queue_mail

TOKEN_LASTS = timedelta(days=90)
MAX_TOKENS = 20  # of one person
USED_EVERY = timedelta(hours=1)  # at most one write of a token's last use in this time


def create_user(
    *,
    email: str,
    name: str,
    role: str,
    now: datetime,
    password: str | None = None,
    time_zone: str = "UTC",
    role_label: str | None = None,
    bio: str | None = None,
) -> User:
    """Create an account with a verified address, for the operator. Raises Conflict if the address is taken.

    The values are those of forms.NewUser: checked, the address in lower case.
    """
    password_hash = passwords.hash_password(password) if password is not None else None
    with transaction():
        user = insert_user(
            email=email,
            name=name,
            role=role,
            password_hash=password_hash,
            time_zone=time_zone,
            role_label=role_label,
            bio=bio,
            verified_at=now,
            created_at=now,
        )
        # An address that somebody may still go back to is theirs for as long.
        if user is None or is_kept_back(email, now=now):
            raise Conflict(gettext("%(email)s already has an account.", email=email))
    return user


def insert_user(**values: Any) -> User | None:
    """Insert a user with their change log. Return None if the address is taken.

    ON CONFLICT decides, so exactly one of several sign-ups at the same time succeeds.
    """
    # Only who signs up by themselves may have to wait.
    values.setdefault("confirmed_at", values["created_at"])
    row = {
        **dict.fromkeys(column.key for column in table(User).c),
        "id": new_id(),
        "session_epoch": 1,
        "open_to_clients": True,
        "zone_known": values["time_zone"] != "UTC",
        "admin_roles": OWNER if values["role"] == ADMIN else "",
        "answers_by_itself": False,
        **values,
    }
    on_postgresql = is_postgresql()
    if execute(_new_user(on_postgresql), row).scalar() is None:
        return None
    if not on_postgresql:
        create_log(user_id=row["id"])
    made = User(**row)
    # As if it had been loaded: reading the row back through the ORM is a third of what a new person costs.
    make_transient_to_detached(made)
    db.session.add(made)
    tell_host("user.created", {"user": made.id, "role": values["role"]}, values["created_at"])
    return made


@cache
def _new_user(on_postgresql: bool) -> Any:
    """Return the statement, built once for each database: a host makes people by the thousand.

    On PostgreSQL it makes the log, too.
    """
    values: dict[str, Any] = {column.key: bindparam(column.key) for column in table(User).c}
    new = insert(table(User)).values(values).on_conflict_do_nothing(index_elements=[User.email])
    new = new.returning(User.id)
    return log_of_each(new.cte("made")) if on_postgresql else new


def lock_user(user_id: str) -> User:
    """Return the user, freshly read and locked for update until the end of the transaction. Raises NotFound.

    The lock is FOR NO KEY UPDATE: inserts that only refer to the user, such as rows of their log, need not
    wait. Otherwise two transactions could wait for each other.
    """
    user = db.session.get(User, user_id, populate_existing=True, with_for_update={"key_share": True})
    if user is None:
        raise NotFound
    return user


def lock_active(user_id: str) -> User:
    """Return the user as `lock_user` does. Raises NotFound also for one whose account is disabled.

    For what a person puts into their account: a request that began before they were erased would leave it
    there afterwards.
    """
    user = lock_user(user_id)
    if not user.is_active:
        raise NotFound
    return user


def update_profile(
    *,
    user_id: str,
    name: str,
    time_zone: str,
    locale: str | None = None,
    bio: str | None = None,
    role_label: str | None = None,
    open_to_clients: bool = True,
) -> User:
    """Update the profile with the values of forms.Profile. `open_to_clients` is for professionals only."""
    with transaction():
        user = lock_active(user_id)
        values: dict[str, Any] = {"name": name, "time_zone": time_zone, "bio": bio}
        values |= {"role_label": role_label, "locale": locale}
        if user.role == PROFESSIONAL:
            values["open_to_clients"] = open_to_clients
        set_values(user, values)
        user.zone_known = True
    return user


def set_avatar(*, user_id: str, upload: bytes) -> User:
    """Store a new picture. Raises Invalid if it is no picture, of an unknown format, or too large."""
    # Before the transaction: decoding takes time, and on SQLite the lock stops every writer.
    picture = pictures.square(upload)
    with transaction():
        user = lock_active(user_id)
        db.session.execute(
            insert(Avatar)
            .values(user_id=user_id, picture=picture)
            .on_conflict_do_update(index_elements=[Avatar.user_id], set_={"picture": picture})
        )
        user.avatar_version = new_id()
        _announce_profile_change(user)
    return user


def remove_avatar(*, user_id: str) -> User:
    """Delete the picture; the initials are shown again."""
    with transaction() as session:
        user = lock_user(user_id)
        session.execute(delete(Avatar).where(Avatar.user_id == user_id))
        user.avatar_version = None
        _announce_profile_change(user)
    return user


def _announce_profile_change(user: User) -> None:
    profile_changed_in_transaction(user.id)


def create_token(
    *,
    user_id: str,
    now: datetime,
    name: str = "",
    lasts: timedelta = TOKEN_LASTS,
    scopes: Iterable[str] = DEFAULT_SCOPES,
    made_by: str = OPERATOR,
    network: str = "",
) -> str:
    """Create a bearer token and return its secret. Only a hash is stored, so it cannot be read again.

    A person has at most MAX_TOKENS. Beyond, the oldest made by password goes; raises Conflict if there is
    none. The operator's are not counted.
    """
    secret = secrets.token_urlsafe(32)
    with transaction() as session:
        # The lock puts this before or after end_sessions, which deletes the tokens made before it.
        user = lock_user(user_id) if made_by == OPERATOR else lock_active(user_id)
        is_familiar = made_by == OPERATOR or _make_room(user_id, made_by, network, now)
        token = Token(
            user_id=user_id,
            name=name,
            digest=sha256_hex(secret),
            created_at=now,
            ends_at=now + min(lasts, TOKEN_LASTS_MOST),
            scopes=" ".join(scope for scope in SCOPES if scope in set(scopes)),
            made_by=made_by,
            network=network,
        )
        session.add(token)
        session.flush()
        detail = {"scopes": token.scopes, "made_by": made_by}
        record("token.made", now=now, person_id=user_id, about=("token", token.id), detail=detail)
        if not is_familiar:
            context = {"name": user.name, "token": name, "made_by": made_by}
            queue_mail(user_id=user_id, address=user.email, name="token_made", context=context, now=now)
    return secret


def _make_room(user_id: str, made_by: str, network: str, now: datetime) -> bool:
    """See to the most tokens of a person. Return whether a program like this one comes from there already."""
    alive = (Token.user_id == user_id, Token.made_by != OPERATOR, Token.ends_at > now)
    query = select(Token).where(*alive).order_by(Token.created_at, Token.id)
    tokens = db.session.execute(query).scalars().all()
    by_password = [token for token in tokens if token.made_by == BY_PASSWORD]
    if len(tokens) >= MAX_TOKENS:
        # A program that signs in at each start must go on: its oldest token makes room.
        if made_by != BY_PASSWORD or not by_password:
            text = gettext("You have %(num)s tokens, which is the most. Revoke one first.", num=len(tokens))
            raise Conflict(text)
        revoke_token(user_id=user_id, token_id=by_password[0].id, now=now)
    return made_by == BY_PASSWORD and any(token.network == network for token in by_password)


def revoke_token(*, user_id: str, token_id: str, now: datetime | None = None) -> None:
    """Delete a token of this user. Raises NotFound for any other."""
    with transaction() as session:
        gone = session.execute(delete(Token).where(Token.id == token_id, Token.user_id == user_id))
        if gone.rowcount == 0:  # type: ignore[attr-defined]
            raise NotFound
        if now is not None:
            record("token.ended", now=now, person_id=user_id, about=("token", token_id))
        end_access(user_id=user_id)


def note_token(token: KnownToken, *, network: str, now: datetime) -> None:
    """Note that a token was used just now. It writes once an hour."""
    if token.used_at is not None and now - token.used_at < USED_EVERY:
        return
    with transaction() as session:
        session.execute(update(Token).where(Token.id == token.id).values(used_at=now, network=network))


def trim_tokens(*, now: datetime) -> int:
    """Delete the tokens that have ended by time. Return how many."""
    with transaction() as session:
        gone = session.execute(delete(Token).where(Token.ends_at <= now))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def note_language(*, user_id: str, language: str) -> None:
    """Store the language of the browser: mails use it unless the person chose one."""
    with transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(browser_locale=language))
