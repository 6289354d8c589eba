"""Remember by which sign-in of a provider a session began, so that the provider can end it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from wellchat import sealing
from wellchat.accounts.models import SESSION_LASTS, sha256_hex
from wellchat.accounts.session_models import digest_of
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
    digest = _waiting(arrival_id)
    sealed = sealing.seal(id_token, use=USE, owner=user_id)
    row = OidcSession(session_digest=digest, user_id=user_id, provider=provider, sid=sid, made_at=now)
    row.id_token_sealed = sealed
    with transaction() as session:
        session.add(row)


def settle(arrival_id: str, session_id: str) -> None:
    """Move what was kept to the session that has begun, in the caller's transaction."""
    digest = digest_of(session_id)
    db.session.execute(delete(OidcSession).where(OidcSession.session_digest == digest))
    db.session.execute(
        update(OidcSession)
        .where(OidcSession.session_digest == _waiting(arrival_id))
        .values(session_digest=digest)
        .execution_options(synchronize_session=False)
    )


def tidy(now: datetime) -> dict[str, int]:
    """Delete rows whose sessions are too old. Return {"oidc_sessions_trimmed": how many}."""
    with transaction() as session:
        too_old = OidcSession.made_at < now - SESSION_LASTS - timedelta(days=1)
        gone = session.execute(delete(OidcSession).where(too_old))
        return {"oidc_sessions_trimmed": int(gone.rowcount)}  # type: ignore[attr-defined]
