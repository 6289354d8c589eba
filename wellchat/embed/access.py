"""Access tokens: the sessions of frames. Each is a row of `sessions`, with the site around it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, bindparam, delete, exists, select, update

from wellchat.accounts.actions import lock_user
from wellchat.accounts.models import User, sha256_hex
from wellchat.accounts.session_models import EMBED, UserSession
from wellchat.audit.actions import record
from wellchat.changes.actions import end_access
from wellchat.changes.models import ChangeLog
from wellchat.db import db, transaction
from wellchat.sso.tokens import BadToken

PREFIX = "wce_"
LASTS = timedelta(minutes=15)
KEPT = timedelta(days=1)  # so long a row stays after its end, for questions

# Runs once per request of a frame, in place of the lookup of a cookie or a token.
BY_ACCESS = (
    select(User, ChangeLog.access_seq, UserSession.id, UserSession.origin, UserSession.ends_at)
    .join(ChangeLog, ChangeLog.user_id == User.id)
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.digest == bindparam("digest"), UserSession.kind == EMBED)
    .where(UserSession.ended_at.is_(None), User.disabled_at.is_(None))
)


class Access(NamedTuple):
    """The session of a frame that makes a request."""

    user: User
    id: str  # of its row
    origin: str


def begin(*, user: User, origin: str, way: str, network: str, device: str, now: datetime) -> str:
    """Make an access token for a person in a frame of this site, and return it. Only a hash is stored.

    Raises BadToken if all sessions of the person were ended since `user` was loaded.
    """
    secret, epoch = PREFIX + secrets.token_urlsafe(32), user.session_epoch
    with transaction() as session:
        # The lock puts this before or after end_sessions, which deletes all rows that are there.
        person = lock_user(user.id)
        if person.session_epoch != epoch or not person.is_active:
            raise BadToken("ended", "All sessions of this person were ended a moment ago.")
        # A frame asks anew every 12 minutes: the log has the first of them.
        if not session.execute(_is_here(user.id, origin, now)).scalar_one():
            record("embed.started", now=now, actor_id=user.id, person_id=user.id, detail={"origin": origin})
        session.add(
            UserSession(
                user_id=user.id,
                kind=EMBED,
                origin=origin,
                digest=sha256_hex(secret),
                way=way,
                network=network,
                device=device,
                made_at=now,
                seen_at=now,
                ends_at=now + LASTS,
            )
        )
    return secret


def _is_here(user_id: str, origin: str, now: datetime) -> Select[bool]:
    lasting = exists().where(UserSession.user_id == user_id, UserSession.kind == EMBED)
    return select(lasting.where(UserSession.origin == origin, UserSession.ends_at > now))


def access_of(secret: str, *, now: datetime) -> Access | None:
    """Return who asks with this access token, and from where. None: there is no such token, or it is over."""
    found = db.session.execute(BY_ACCESS, {"digest": sha256_hex(secret)}).one_or_none()
    if found is None:
        return None
    user, access_seq, row_id, origin, ends_at = found
    if now >= ends_at or origin is None:
        return None
    user.access_seq, user.access_ends_at, user.locale_before = access_seq, ends_at, user.locale or ""
    return Access(user, row_id, origin)


def end(access: Access, *, now: datetime) -> None:
    """End the session of a frame: its token no longer works, and its waiting polls end."""
    with transaction() as session:
        session.execute(update(UserSession).where(UserSession.id == access.id).values(ended_at=now))
        end_access(user_id=access.user.id)


def tidy(now: datetime) -> dict[str, int]:
    """Delete sessions of frames that are over for a day."""
    with transaction() as session:
        over = UserSession.kind == EMBED, UserSession.ends_at < now - KEPT
        gone = session.execute(delete(UserSession).where(*over))
        return {"embed_sessions": int(gone.rowcount)}  # type: ignore[attr-defined]
