"""Read accounts. connections.queries decides who may see whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select

from wellchat.accounts.addresses import canonical_address
from wellchat.accounts.models import (
    TOKEN_LASTS_MOST,
    Avatar,
    KnownToken,
    Presence,
    Token,
    UsedLink,
    User,
    is_over,
    label_of,
    sha256_hex,
)
from wellchat.accounts.session_models import (
    BROWSER,
    KnownSession,
    UserSession,
    digest_of,
    end_of,
    idle_limit,
    rowless_digest,
)
from wellchat.changes.models import ChangeLog
from wellchat.db import db
from wellchat.i18n import N_

MAX_LISTED = 100  # sessions on one page


def user_by_email(email: str) -> User | None:
    """Return the user with this address, or None. Never tell a stranger what it finds."""
    # PostgreSQL refuses NUL characters even in a comparison.
    if not email.isprintable():
        return None
    query = select(User).where(User.email == canonical_address(email))
    return db.session.execute(query).scalar_one_or_none()


def id_by_email(email: str) -> str | None:
    """Return the id of the user with this address, or None. Never tell a stranger what it finds."""
    found = user_by_email(email)
    return found.id if found else None


def names_by_id(user_ids: Iterable[str]) -> dict[str, str]:
    """Return user id -> name, of those of these people who have an account."""
    query = select(User.id, User.name).where(User.id.in_(list(user_ids)))
    return dict(db.session.execute(query).all())


KNOWN = (UserSession.id, UserSession.seen_at, UserSession.proved_at, UserSession.ends_at, UserSession.way)
# BY_SESSION and BY_TOKEN run once per request: user, change log and session come in one round trip.
BY_SESSION = (
    select(User, ChangeLog.access_seq, *KNOWN)
    .join(ChangeLog, ChangeLog.user_id == User.id)
    # Outer: a cookie from before there were rows has none until it acts.
    .outerjoin(UserSession, (UserSession.digest == bindparam("digest")) & (UserSession.user_id == User.id))
    .where(User.id == bindparam("id"), User.session_epoch == bindparam("epoch"))
    .where(UserSession.ended_at.is_(None), User.disabled_at.is_(None))
    # A process of the version before writes the end of a session only here.
    .where(~exists().where(UsedLink.digest == bindparam("digest")))
    # "Sign out everywhere else" ends them too.
    .where(UserSession.id.is_not(None) | ~exists().where(UsedLink.digest == bindparam("rowless")))
)
# Only for an id that BY_SESSION does not take. Its last column is when this id ends.
BY_OLD_ID = (
    select(User, ChangeLog.access_seq, *KNOWN, UserSession.old_until)
    .join(ChangeLog, ChangeLog.user_id == User.id)
    .join(UserSession, (UserSession.old_digest == bindparam("digest")) & (UserSession.user_id == User.id))
    .where(User.id == bindparam("id"), User.session_epoch == bindparam("epoch"))
    .where(UserSession.ended_at.is_(None), User.disabled_at.is_(None))
    .where(UserSession.old_until > bindparam("now"))
)
BY_TOKEN = (
    select(User, ChangeLog.access_seq, Token.id, Token.scopes, Token.used_at, Token.ends_at, Token.created_at)
    .join(ChangeLog, ChangeLog.user_id == User.id)
    .join(Token, Token.user_id == User.id)
    .where(Token.digest == bindparam("digest"), User.disabled_at.is_(None))
)


def user_by_session(cookie: str, *, now: datetime) -> User | None:
    """Return the user of a session cookie.

    None if the epoch has moved on, or the session is too old, was idle for too long, or was ended. An id that
    a proof has replaced is taken for OLD_ID_LASTS.
    """
    user_id, _, rest = cookie.partition(".")
    epoch, _, session_id = rest.partition(".")
    # A forged cookie may contain anything; an integer out of range is an error on PostgreSQL.
    if not (epoch.isdecimal() and len(epoch) < 10) or is_over(session_id, now):
        return None
    given = {"id": user_id, "epoch": int(epoch), "digest": digest_of(session_id)}
    given["rowless"] = rowless_digest(user_id)
    old_until = None
    found: Any = db.session.execute(BY_SESSION, given).one_or_none()
    if found is None:
        found = db.session.execute(BY_OLD_ID, {**given, "now": now}).one_or_none()
        if found is None:
            return None
        old_until = found[2 + len(KNOWN)]
    user: User = found[0]
    known = KnownSession(*found[2 : 2 + len(KNOWN)]) if found[2] else None
    user.access_ends_at = end_of(user, known) if known else None
    if old_until is not None and user.access_ends_at is not None:
        user.access_ends_at = min(user.access_ends_at, old_until)
    if user.access_ends_at is not None and now >= user.access_ends_at:
        return None
    user.session_id, user.session, user.has_old_id = session_id, known, old_until is not None
    user.access_seq, user.locale_before = found[1], user.locale or ""
    return user


def session_ran_out(cookie: str, *, now: datetime) -> bool:
    """Return whether the session of a cookie ended by time alone, and nobody ended it."""
    user_id, _, rest = cookie.partition(".")
    epoch, _, session_id = rest.partition(".")
    query = select(User, *KNOWN).join(UserSession, UserSession.user_id == User.id)
    query = query.where(User.id == user_id, UserSession.digest == digest_of(session_id))
    query = query.where(UserSession.ended_at.is_(None), User.disabled_at.is_(None))
    found = db.session.execute(query).one_or_none()
    if found is None or str(found[0].session_epoch) != epoch:
        return False
    return now >= end_of(found[0], KnownSession(*found[1:]))


def session_lasts(row_id: str, *, now: datetime) -> bool:
    """Return whether the session with this row lasts, and its person may use it."""
    query = select(User, *KNOWN).join(UserSession, UserSession.user_id == User.id)
    query = query.where(UserSession.id == row_id, UserSession.ended_at.is_(None), User.disabled_at.is_(None))
    found = db.session.execute(query).one_or_none()
    return found is not None and now < end_of(found[0], KnownSession(*found[1:]))


def sessions_of(user: User, *, now: datetime) -> list[UserSession]:
    """Return the sessions of this person's browsers that last, the latest seen first.

    Those of frames are left out: they end by themselves within minutes.
    """
    query = (
        select(UserSession)
        .where(UserSession.user_id == user.id, UserSession.ended_at.is_(None), UserSession.ends_at > now)
        .where(UserSession.kind == BROWSER)
        .where(UserSession.seen_at > now - idle_limit(user))
        .order_by(UserSession.seen_at.desc(), UserSession.id)
        .limit(MAX_LISTED)
    )
    return list(db.session.execute(query).scalars())


def user_by_token(secret: str, *, now: datetime) -> tuple[User, str] | None:
    """Return (user, token id) of a bearer token, or None if there is no such token or it has ended."""
    found = db.session.execute(BY_TOKEN, {"digest": sha256_hex(secret)}).one_or_none()
    if found is None:
        return None
    user: User = found[0]
    token_id, scopes, used_at, ends_at, made_at = found[2:]
    user.token = KnownToken(token_id, scopes, used_at, ends_at or made_at + TOKEN_LASTS_MOST)
    if now >= user.token.ends_at:
        return None
    user.access_ends_at = user.token.ends_at
    user.access_seq, user.locale_before = found[1], user.locale or ""
    return user, token_id


def language_of(user_id: str) -> str | None:
    """Return the language of mails to this person, or None if unknown."""
    user = db.session.get(User, user_id)
    return user.language if user else None


def mail_veto(user_id: str) -> str | None:
    """Return why this person is mailed nothing, as a sentence for the ledger; None: they may be."""
    user = db.session.get(User, user_id, populate_existing=True)
    return None if user is None or user.is_active else N_("The account is disabled.")


def present_address_of(user_id: str) -> str | None:
    """Return the address of this person; None if they are gone."""
    # Read afresh: it decides where a secret is sent.
    return db.session.execute(select(User.email).where(User.id == user_id)).scalar()


def session_epoch_of(user_id: str) -> str:
    """Return the person's session epoch, which grows when all their sessions end; "" if they are gone."""
    user = db.session.get(User, user_id)
    return str(user.session_epoch) if user else ""


def tokens_of(viewer: User) -> Sequence[Token]:
    """Return the viewer's tokens, newest first. One that has ended stays until the next tidying."""
    query = select(Token).where(Token.user_id == viewer.id).order_by(Token.created_at.desc(), Token.id)
    return db.session.execute(query).scalars().all()


def avatar_of(user: User) -> bytes | None:
    """Return the picture as WebP, or None."""
    return db.session.execute(select(Avatar.picture).where(Avatar.user_id == user.id)).scalar_one_or_none()


def presence(user_ids: Iterable[str], *, now: datetime, away_after: float) -> set[str]:
    """Return the ids of those who acted within the last `away_after` seconds."""
    since = now - timedelta(seconds=away_after)
    query = select(Presence.user_id).where(Presence.user_id.in_(list(user_ids)), Presence.seen_at >= since)
    return set(db.session.execute(query).scalars())


def person_json(user: User, trade: str | None = None) -> dict[str, Any]:
    """Return what others see of a person; never the email address. `trade`: that of the connection with them.

    Keys: `id`, `name`, `avatar_url` (None without a picture), `role`, `role_label`, and `staff`: whether they
    are of the team of this site. Only the operator makes somebody that; a name or label cannot.
    """
    return {
        "id": user.id,
        "name": user.shown_name,
        "avatar_url": user.avatar_url,
        "role": user.role,
        "role_label": label_of(user.role, user.role_label if user.is_active else None, trade),
        "staff": user.is_admin,
    }
