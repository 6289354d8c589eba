"""End sessions because a provider says so."""

from __future__ import annotations

from datetime import datetime

from wellchat.accounts.links import use_once
from wellchat.db import transaction
from wellchat.identities.models import Moved
from wellchat.identities.queries import find_person
from wellchat.sso.jose import Unfit
from wellchat.sso.oidc_discovery import about
from wellchat.sso.oidc_sessions import end_at_provider
from wellchat.sso.oidc_tokens import read_logout_token
from wellchat.sso_settings import Provider


def log_out(provider: Provider, token: object, now: datetime) -> int:
    """End the sessions that a logout token names. Return how many. Raises Unfit.

    A person whom nobody knows here has no sessions, which is no error.
    """
    claims = read_logout_token(provider, about(provider, now).jwks_uri, token, now)
    with transaction():
        if not use_once(f"oidc-logout:{provider.name}:{claims['jti']}", now=now):
            raise Unfit("used_before", "A logout token with this jti came before.")
        user_id = None
        if claims.get("sub") is not None:
            try:
                user = find_person(provider.issuer, claims["sub"], now=now)
            except Moved:
                user = None
            if user is None:
                return 0
            user_id = user.id
        return end_at_provider(provider=provider.name, user_id=user_id, sid=claims.get("sid"), now=now)
