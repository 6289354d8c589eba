"""The link at the foot of an email: it ends the emails of one person, and opens nothing else."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from wellchat.config import setting
from wellchat.errors import NotFound

EMAIL = "email"


def unsubscribe_path(user_id: str) -> str:
    """It does not expire: people look at old mails."""
    return f"/unsubscribe/{_signer().dumps([user_id, EMAIL])}"


def owner_of(token: str) -> str:
    """Whose emails the token ends. Raises NotFound for one we did not make."""
    try:
        user_id, channel = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
    if channel != EMAIL:
        raise NotFound
    return str(user_id)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(setting("SECRET_KEY"), salt="unsubscribe")
