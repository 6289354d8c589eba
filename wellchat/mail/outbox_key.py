"""Keep the key of `/outbox`, with which a browser shows that it belongs to the operator."""

from __future__ import annotations

from secrets import token_urlsafe

from wellchat.config import persistent_secret, setting


def outbox_key() -> str:
    """Return the key of this installation's outbox: who can read its folder can read its mails."""
    return persistent_secret(setting("INSTANCE"), "outbox_key", lambda: token_urlsafe(24))
