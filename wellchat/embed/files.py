"""Signed addresses of files: a browser downloads without a cookie and a header, within a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.accounts.queries import session_lasts
from wellchat.config import secret_keys
from wellchat.db import db
from wellchat.embed.access import Access

LASTS = timedelta(seconds=60)
PATH = "/embed/files/"


def path_of(access: Access, attachment_id: str, now: datetime) -> str:
    """Return the path from which this frame's browser downloads a file, for LASTS."""
    expires = int((now + LASTS).timestamp())
    signed = _signer().dumps([attachment_id, access.user.id, access.id, expires])
    return PATH + (signed.decode() if isinstance(signed, bytes) else signed)


def read(token: str, now: datetime) -> tuple[User, str]:
    """Return (who downloads, id of the file). Raises DeadLink once it is over, or its session has ended."""
    try:
        attachment_id, user_id, session_id, expires = _signer().loads(token)
        is_over = now >= datetime.fromtimestamp(expires, UTC)
    except (BadData, ValueError, TypeError):
        raise DeadLink from None
    user = db.session.get(User, user_id)
    if is_over or user is None or not session_lasts(session_id, now=now):
        raise DeadLink
    return user, str(attachment_id)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt="wellchat.frame-file")
