"""The link at the foot of an email: it ends the emails of one person, or one kind of them, and opens nothing else."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.notifications.kinds import kinds

EMAIL = "email"


def unsubscribe_path(user_id: str, what: str = EMAIL) -> str:
    """`what`: a kind of notification, or all emails. It does not expire: people look at old mails."""
    return f"/unsubscribe/{_signer().dumps([user_id, what])}"


def parse_unsubscribe_token(token: str) -> tuple[str, str]:
    """Whose emails the token ends, and which. Raises NotFound for one we did not make."""
    try:
        user_id, what = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
    if what != EMAIL and what not in kinds():
        raise NotFound
    return str(user_id), what


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(setting("SECRET_KEY"), salt="unsubscribe")
