"""A host that signs tokens, and its keys."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from joserfc import jws
from joserfc.jwk import OctKey
from sqlalchemy import select

from tests.accounts.conftest import Visitor, visitor
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.sso.keys import create_key

__all__ = ["Visitor", "visitor"]

SHOP = "https://shop.example"
LOOSE = jws.JWSRegistry(
    algorithms=["HS256", "HS512", "RS256", "ES256", "EdDSA", "Ed25519", "none"], strict_check_header=False
)


def segment(value: object) -> str:
    """JSON text, or a text as it is, as one part of a token."""
    text = value if isinstance(value, str) else json.dumps(value)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def signed(key: Any, header: dict[str, Any], claims: object) -> str:
    """A token with these very claims; a text stands for JSON as it is written."""
    payload = claims if isinstance(claims, str) else json.dumps(claims)
    return jws.serialize_compact(header, payload, key, registry=LOOSE)


class Host:
    """A platform with a secret of HS256. `token()` is good; `token(exp=None)` has no `exp`."""

    def __init__(self, here: str, kid: str, secret: str, now: datetime) -> None:
        self.here, self.kid, self.secret, self.now = here, kid, secret, int(now.timestamp())
        self.key = OctKey.import_key(secret)
        self.made = 0

    def claims(self, **more: Any) -> dict[str, Any]:
        self.made += 1
        claims = {"sub": "c-1", "aud": self.here, "iat": self.now, "exp": self.now + 120}
        claims |= {"jti": f"jti-{self.made}", "name": "Hanna Host", "role": "client"}
        return {name: value for name, value in (claims | more).items() if value is not None}

    def token(self, *, header: dict[str, Any] | None = None, **more: Any) -> str:
        head = {"alg": "HS256", "kid": self.kid, **(header or {})}
        return signed(
            self.key, {name: value for name, value in head.items() if value is not None}, self.claims(**more)
        )


@pytest.fixture
def host(app: Flask, now: datetime) -> Host:
    """A shop whose pages may bring tokens."""
    app.config.update(SSO_ORIGINS=(SHOP,), SSO_URL=f"{SHOP}/chat?shop=1", ACCOUNT_URL=f"{SHOP}/me")
    key, secret = create_key(alg="HS256", name="shop", now=now)
    assert secret is not None
    return Host(app.config["BASE_URL"], key.kid, secret, now)


@pytest.fixture
def acts(app: Flask) -> Callable[[str], list[dict[str, Any]]]:
    """acts("sso.refused"): the details of these rows of the security log, in order."""

    def acts(kind: str) -> list[dict[str, Any]]:
        db.session.rollback()
        rows = db.session.execute(select(AuditEvent).where(AuditEvent.kind == kind).order_by(AuditEvent.at))
        return [dict(row.detail) for row in rows.scalars()]

    return acts
