"""Sign the link that cancels an erasure: it works until the erasure begins, for whoever reads the mail."""

from __future__ import annotations

from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer

from wellchat.accounts.links import DeadLink
from wellchat.config import secret_keys
from wellchat.i18n import N_
from wellchat.mail.compose import NotWanted
from wellchat.privacy.erasure import erasure_of, is_asked


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt="wellchat.keep-account")


def keep_path(user_id: str, _now: datetime) -> str:
    """Return the path of the link. Raises NotWanted if nothing is to be cancelled any more."""
    erasure = erasure_of(user_id)
    if erasure is None or not is_asked(user_id):
        raise NotWanted(N_("The erasure was cancelled, or it is done."))
    return f"/keep-account/{_signed(user_id, erasure.id)}"


def _signed(user_id: str, erasure_id: str) -> str:
    signed = _signer().dumps([user_id, erasure_id])
    return signed.decode() if isinstance(signed, bytes) else signed


def owner_of(token: str) -> str:
    """Return the id of the person whose erasure the link cancels. Raises DeadLink."""
    try:
        user_id, erasure_id = _signer().loads(token)
    except (BadData, ValueError, TypeError):
        raise DeadLink from None
    # Bound to this one request: after another one, an old mail cancels nothing.
    erasure = erasure_of(user_id) if isinstance(user_id, str) else None
    if erasure is None or erasure.id != erasure_id or not is_asked(user_id):
        raise DeadLink
    return str(user_id)
