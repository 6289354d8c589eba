"""The unsubscribe link of an email. It ends one person's emails, or one kind of them, and nothing else."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from wellchat.config import secret_keys
from wellchat.errors import NotFound
from wellchat.notifications.kinds import find_kind

EMAIL = "email"


def unsubscribe_path(user_id: str, what: str = EMAIL) -> str:
    """Return the path that ends emails of a kind, or all emails. It never expires."""
    return f"/unsubscribe/{_signer().dumps([user_id, what])}"


def parse_unsubscribe_token(token: str) -> tuple[str, str]:
    """Return (user id, kind or "email"). Raises NotFound for a token that we did not make."""
    try:
        user_id, what = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
    if what != EMAIL and find_kind(what) is None:
        raise NotFound
    return str(user_id), what


def kind_of_path(path: str) -> str | None:
    """Return what a path of `unsubscribe_path` ends. None: it is none of ours."""
    try:
        return parse_unsubscribe_token(path.rpartition("/")[2])[1]
    except NotFound:
        return None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt="unsubscribe")
