"""Write sessions: start, keep alive, prove, end. sessions.py calls it for the browser of a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from wellchat.accounts import links
from wellchat.accounts.actions import lock_user
from wellchat.accounts.models import DAY_ONE, SESSION_LASTS, User, next_session_id
from wellchat.accounts.session_models import (
    KnownSession,
    UserSession,
    digest_of,
    has_id,
    idle_limit,
    lifetime,
    rowless_digest,
)
from wellchat.audit.actions import record
from wellchat.changes.actions import end_access
from wellchat.db import insert, new_id, transaction
from wellchat.errors import NotFound

OLD_ID_LASTS = timedelta(minutes=1)  # for what was sent before the browser had the new id
SEEN_EVERY = timedelta(minutes=5)  # at most one write of `seen_at` in this time


def start_session(
    *,
    user: User,
    network: str,
    device: str,
    now: datetime,
    remembered: bool = False,
    proved_at: datetime | None = None,
) -> None:
    """Make the row of the session that `user` was given, unless all sessions were ended meanwhile.

    Signing in is a proof: `proved_at` is then `now`. A session from before there were rows has none.
    """
    # Its first day is in its id, and no session lasts longer from then on.
    born = DAY_ONE + timedelta(days=int(user.session_id.partition("~")[0]))
    epoch = user.session_epoch
    ends_at = min(now + lifetime(user), born + SESSION_LASTS)
    made = KnownSession(new_id(), seen_at=now, proved_at=proved_at, ends_at=ends_at)
    row = {"user_id": user.id, "digest": digest_of(user.session_id), "made_at": now, **made._asdict()}
    with transaction() as session:
        # The lock puts this before or after end_sessions, which ends all rows that are there.
        if lock_user(user.id).session_epoch != epoch:
            return
        row_id = session.execute(
            insert(UserSession)
            .values(network=network, device=device, remembered=remembered, **row)
            # Two requests with one old cookie come at once: the first makes the row, the second takes its id.
            .on_conflict_do_update(index_elements=[UserSession.digest], set_={"digest": row["digest"]})
            .returning(UserSession.id)
        ).scalar_one()
    user.session = made._replace(id=row_id)


def see_session(*, user: User, network: str, device: str, now: datetime) -> None:
    """Note that the person acted in this session just now. It writes only once in SEEN_EVERY."""
    if user.session is None:
        start_session(user=user, network=network, device=device, now=now)
        return
    # Well below the idle limit, so that nobody who acts is signed out as idle.
    if now - user.session.seen_at < min(SEEN_EVERY, idle_limit(user) / 6):
        return
    with transaction() as session:
        session.execute(
            update(UserSession)
            # A slower process must not move the time back.
            .where(UserSession.id == user.session.id, UserSession.seen_at < now)
            .values(seen_at=now, network=network, device=device)
        )


def mark_proved(user: User, *, now: datetime) -> bool:
    """Note that the person proved just now, in this session, who they are, and replace the session's id.

    Return whether `user` has the new id now. Of two proofs at once with one id, the first replaces it: the
    browser may get the two answers in any order, and must end with an id that lasts.
    """
    old, new_session_id = digest_of(user.session_id), next_session_id(user.session_id)
    lasts = UserSession.ended_at.is_(None)
    with transaction() as session:
        replaced = session.execute(
            update(UserSession)
            # Compare and set: it waits for the other proof, and then finds another id.
            .where(UserSession.digest == old, lasts)
            .values(proved_at=now, digest=digest_of(new_session_id))
            .values(old_digest=old, old_until=now + OLD_ID_LASTS)
            .returning(UserSession.id)
        ).scalar_one_or_none()
        if replaced is None:
            session.execute(
                update(UserSession).where(UserSession.old_digest == old, lasts).values(proved_at=now)
            )
        else:
            # A cookie without a row passes for one from before there were rows: this id must never be one.
            links.mark_used([old], now=now)
            # Polls remembered for the old id last as long as the session, unless they are forgotten now.
            end_access(user_id=user.id)
    if user.session is not None:
        user.session = user.session._replace(proved_at=now)
    user.has_old_id = replaced is None
    if replaced is not None:
        user.session_id = new_session_id
    return replaced is not None


def end_one(*, user_id: str, session_id: str, now: datetime) -> None:
    """End the session with this row id. Raises NotFound unless it is this person's and lasts."""
    with transaction() as session:
        # The person is part of the condition: an id of somebody else's session is simply not found.
        ended = session.execute(
            update(UserSession)
            .where(
                UserSession.id == session_id, UserSession.user_id == user_id, UserSession.ended_at.is_(None)
            )
            .values(ended_at=now)
            .returning(UserSession.digest)
        ).scalar_one_or_none()
        if ended is None:
            raise NotFound
        _end(user_id, [ended], now, session_id)


def end_others(*, user: User, now: datetime) -> int:
    """End every session of this person but the one that loaded `user`, which has a row. Return how many.

    Cookies from before there were rows end too; they are not counted, because nobody knows them.
    """
    with transaction() as session:
        ended = (
            session.execute(
                update(UserSession)
                .where(UserSession.user_id == user.id, UserSession.ended_at.is_(None))
                .where(~has_id(user.session_id))
                .values(ended_at=now)
                .returning(UserSession.digest)
            )
            .scalars()
            .all()
        )
        _end(user.id, [*ended, rowless_digest(user.id)], now, "others")
        return len(ended)


def _end(user_id: str, digests: Sequence[str], now: datetime, which: str) -> None:
    # For processes of the version before, which know no rows.
    links.mark_used(digests, now=now)
    record("session.ended", now=now, person_id=user_id, about=("session", which))
    end_access(user_id=user_id)


def trim_sessions(*, now: datetime) -> int:
    """Delete the rows whose cookies are too old by themselves. Return how many."""
    with transaction() as session:
        # A day more: a cookie counts from the beginning of its first day.
        too_old = UserSession.made_at < now - SESSION_LASTS - timedelta(days=1)
        gone = session.execute(delete(UserSession).where(too_old))
        return int(gone.rowcount)  # type: ignore[attr-defined]
