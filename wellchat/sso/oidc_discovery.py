"""Read what a provider says of itself (OpenID Connect Discovery 1.0), and keep it for an hour."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.sso.fetching import Unreachable, get_json
from wellchat.sso.jose import Unfit
from wellchat.sso_settings import Provider

KEPT = timedelta(hours=1)
AFTER_FAILURE = timedelta(seconds=30)
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True)
class About:
    """Where a provider takes what, and how."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    names_itself: bool  # puts `iss` into its answers (RFC 9207)
    takes_basic: bool  # the client's secret in a header


def provider_named(name: str) -> Provider:
    """Return a provider of the settings. Raises NotFound."""
    found: Provider | None = setting("OIDC").get(name)
    if found is None:
        raise NotFound
    return found


class Discoveries:
    """What one application has read of its providers."""

    def __init__(self, fetch: Callable[[str], dict[str, Any]] = get_json) -> None:
        self._fetch = fetch
        self._kept: dict[str, tuple[datetime, About | Unfit]] = {}
        self._lock = threading.Lock()

    def about(self, provider: Provider, now: datetime) -> About:
        """Return what the provider says of itself. Raises Unfit if it says nothing that can be used."""
        read_at, found = self._kept.get(provider.issuer, (None, None))
        lasts = KEPT if isinstance(found, About) else AFTER_FAILURE
        if found is None or read_at is None or not timedelta() <= now - read_at < lasts:
            # One reads, and others wait for it: they would all ask the same.
            with self._lock:
                found = self._read(provider)
                self._kept[provider.issuer] = now, found
        if isinstance(found, Unfit):
            raise found
        return found

    def _read(self, provider: Provider) -> About | Unfit:
        address = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            said = self._fetch(address)
        except Unreachable as error:
            return Unfit("provider_unreachable", str(error))
        # Another issuer could be named by whoever controls the address only (Discovery, 4.3).
        if said.get("issuer") != provider.issuer:
            reason = f"{address} names the issuer {said.get('issuer')}; write exactly that in the setting."
            return Unfit("wrong_issuer", reason)
        if missing := [name for name in NEEDED if not isinstance(said.get(name), str)]:
            return Unfit("provider_incomplete", f"{address} does not name {', '.join(missing)}.")
        return _about(said)


def _about(said: dict[str, Any]) -> About:
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return About(
        **{name: said[name] for name in NEEDED},
        userinfo_endpoint=_text(said, "userinfo_endpoint"),
        end_session_endpoint=_text(said, "end_session_endpoint"),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
    )


def _text(said: dict[str, Any], name: str) -> str | None:
    found = said.get(name)
    return found if isinstance(found, str) else None


def discoveries() -> Discoveries:
    """Return those of the current application."""
    found: Discoveries = current_app.extensions.setdefault("sso_discoveries", Discoveries())
    return found


def about(provider: Provider, now: datetime) -> About:
    """Return what a provider says of itself. Raises Unfit."""
    return discoveries().about(provider, now)
