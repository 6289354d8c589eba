"""Remember by which sign-in of a provider a session began, so that the provider can end it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from wellchat import sealing
from wellchat.accounts.models import SESSION_LASTS, sha256_hex
from wellchat.accounts.session_rows import end_by_ids
from wellchat.db import db, transaction
from wellchat.sso.models import OidcSession

USE = "sso.id_token"


def _waiting(arrival_id: str) -> str:
    """Return the key of a row whose session has not begun yet."""
    return sha256_hex(f"arrival:{arrival_id}")


def remember(
    *, arrival_id: str, user_id: str, provider: str, sid: str | None, id_token: str, now: datetime
) -> None:
    """Keep what the end of a session needs, under the id of the arrival that will begin it."""
    key = _waiting(arrival_id)
    sealed = sealing.seal(id_token, use=USE, owner=user_id)
    row = OidcSession(session_key=key, user_id=user_id, provider=provider, sid=sid, made_at=now)
    row.id_token_sealed = sealed
    with transaction() as session:
        session.add(row)


def settle(arrival_id: str, session_id: str) -> None:
    """Move what was kept to the session that has begun, by the id of its row, in the caller's transaction."""
    db.session.execute(delete(OidcSession).where(OidcSession.session_key == session_id))
    db.session.execute(
        update(OidcSession)
        .where(OidcSession.session_key == _waiting(arrival_id))
        .values(session_key=session_id)
        .execution_options(synchronize_session=False)
    )


def tidy(now: datetime) -> dict[str, int]:
    """Delete rows whose sessions are too old. Return {"oidc_sessions_trimmed": how many}."""
    with transaction() as session:
        too_old = OidcSession.made_at < now - SESSION_LASTS - timedelta(days=1)
        gone = session.execute(delete(OidcSession).where(too_old))
        return {"oidc_sessions_trimmed": int(gone.rowcount)}  # type: ignore[attr-defined]


def provider_of(session_id: str) -> str | None:
    """Return the name of the provider that began a session, or None."""
    query = select(OidcSession.provider).where(OidcSession.session_key == session_id)
    return db.session.execute(query).scalar_one_or_none()


def id_token_of(session_id: str) -> tuple[str, str] | None:
    """Return (provider, ID token) of a session that has ended, and forget them; None if there are none."""
    with transaction() as session:
        row = session.get(OidcSession, session_id, populate_existing=True)
        if row is None:
            return None
        session.delete(row)
        try:
            return row.provider, sealing.unseal(row.id_token_sealed, use=USE, owner=row.user_id)
        except sealing.Unreadable:
            return None


def end_at_provider(*, provider: str, user_id: str | None, sid: str | None, now: datetime) -> int:
    """End the sessions that a provider began: of one `sid`, of one person, or of both. Return how many."""
    named = [OidcSession.provider == provider]
    named += [OidcSession.user_id == user_id] if user_id is not None else []
    named += [OidcSession.sid == sid] if sid is not None else []
    with transaction() as session:
        found = session.execute(
            delete(OidcSession).where(*named).returning(OidcSession.user_id, OidcSession.session_key)
        ).all()
        for owner in sorted({user for user, _ in found}):
            end_by_ids(user_id=owner, ids=[key for user, key in found if user == owner], now=now)
    return len(found)
