"""Limit the attempts of strangers: per IP address, and per account that they name, existing or not."""

from __future__ import annotations

from flask import request
from flask_limiter.util import get_remote_address

from wellchat.accounts.models import sha256_hex
from wellchat.web import limiter


def _named_account() -> str:
    """Return the rate limit key of the email address in the request.

    The address is hashed, because the key goes into Redis and into logs.
    """
    named = request.form.get("email")
    if named is None and request.is_json:
        body = request.get_json(silent=True)
        named = body.get("email") if isinstance(body, dict) else None
    return "account:" + sha256_hex(str(named or "").strip().lower())[:32]


# Both count: one address must not try many accounts, and many addresses must not try one account.
guess_by_ip = limiter.shared_limit(
    "10/minute", scope="sign-in", key_func=get_remote_address, methods=["POST"]
)
guess_by_account = limiter.shared_limit(
    "5/minute", scope="sign-in-as", key_func=_named_account, methods=["POST"]
)
mail_by_ip = limiter.shared_limit("5/minute", scope="mail-me", key_func=get_remote_address, methods=["POST"])
mail_by_account = limiter.shared_limit("3/hour", scope="mail-to", key_func=_named_account, methods=["POST"])
