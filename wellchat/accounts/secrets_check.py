"""Check for `wellchat doctor`: whether the secrets in use are those that the database was written with."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from wellchat.audit.models import AuditPerson, pseudonym
from wellchat.config import secret_keys
from wellchat.db import db


def check_secrets(_app: Flask) -> str:
    """Return how many secrets verify. Raises ValueError where names in the security log do not fit them."""
    known = db.session.execute(select(AuditPerson).limit(1)).scalar_one_or_none()
    if known is not None and pseudonym(known.user_id) != known.pseudonym:
        raise ValueError(
            "the names in the security log were made with another secret: put it into WELLCHAT_PSEUDONYM_KEY"
        )
    older = len(secret_keys()) - 1
    also = "1 older one still verifies" if older == 1 else f"{older} older ones still verify"
    return f"WELLCHAT_SECRET_KEY signs, {also}"
