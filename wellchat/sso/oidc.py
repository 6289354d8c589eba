"""Sign people in by a provider of OpenID Connect: the code flow with PKCE (RFC 7636)."""

from __future__ import annotations

import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError

from wellchat.accounts.forms import Email, Name
from wellchat.accounts.links import use_once
from wellchat.config import setting
from wellchat.db import transaction
from wellchat.sso.doors import asked_second_factor
from wellchat.sso.fetching import Unreachable, get_json, post_form
from wellchat.sso.jose import Unfit
from wellchat.sso.oidc_discovery import About, about
from wellchat.sso.oidc_tokens import read_id_token
from wellchat.sso_settings import Provider


@dataclass(frozen=True)
class Flow:
    """What a browser keeps between the start and the callback."""

    provider: str
    state: str
    nonce: str
    verifier: str
    to: str


@dataclass(frozen=True)
class Login:
    """Whom a provider has signed in."""

    sub: str
    sid: str | None
    id_token: str
    name: str | None
    email: str | None
    email_verified: bool
    locale: str | None
    zoneinfo: str | None
    updated_at: int | None
    auth_time: int | None
    groups: frozenset[str]
    had_second_factor: bool


def redirect_address(provider: Provider) -> str:
    """Return the one address to which the provider leads back."""
    return f"{setting('BASE_URL')}/oidc/{provider.name}/callback"


def begin(provider: Provider, *, to: str, again: bool, now: datetime) -> tuple[Flow, str]:
    """Return what the browser keeps, and the address to send it to. Raises Unfit.

    `again` asks the provider to let the person sign in once more, even where they are signed in there.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    flow = Flow(provider.name, state, nonce, verifier, to)
    challenge = urlsafe_b64encode(sha256(flow.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_address(provider),
        "scope": provider.scopes,
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if again else {}),
    }
    endpoint = about(provider, now).authorization_endpoint
    return flow, f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def finish(provider: Provider, flow: Flow | None, answer: Mapping[str, str], now: datetime) -> Login:
    """Return whom the provider has signed in, from what its redirect brought. Raises Unfit."""
    if flow is None or flow.provider != provider.name or answer.get("state") != flow.state:
        raise Unfit("wrong_state", "The state is not of this browser, or older than ten minutes.")
    said = about(provider, now)
    # RFC 9207: an answer of another provider must not be taken for one of this (mix-up).
    if ("iss" in answer or said.names_itself) and answer.get("iss") != provider.issuer:
        raise Unfit("wrong_issuer", "The answer is of another issuer.")
    with transaction():
        is_first = use_once(f"oidc:{flow.state}", now=now)
    if not is_first:
        raise Unfit("used_before", "The answer came before.")
    if "error" in answer or not answer.get("code"):
        word = answer.get("error", "nothing")
        # Anybody can write this address: what is no word of the standard stays out of the log.
        said_word = word if word.isascii() and word.isidentifier() and len(word) < 60 else "no word"
        raise Unfit("provider_refused", f"The provider says {said_word}.")
    tokens = _exchange(provider, said, answer["code"], flow.verifier)
    claims = read_id_token(provider, said.jwks_uri, tokens.get("id_token"), flow.nonce, now)
    return _login(provider, str(tokens["id_token"]), _completed(said, claims, tokens))


def _exchange(provider: Provider, said: About, code: str, verifier: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_address(provider),
        "code_verifier": verifier,
    }
    headers = {}
    if said.takes_basic:
        # Each is encoded as in a form before (RFC 6749, 2.3.1).
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    try:
        return post_form(said.token_endpoint, form, headers)
    except Unreachable as error:
        raise Unfit("code_refused", str(error)) from None


def _completed(said: About, claims: dict[str, Any], tokens: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims with those of the userinfo endpoint: some providers send the profile only there."""
    access = tokens.get("access_token")
    if ("name" in claims and "email" in claims) or not said.userinfo_endpoint or not isinstance(access, str):
        return claims
    try:
        more = get_json(said.userinfo_endpoint, {"Authorization": f"Bearer {access}"})
    except Unreachable as error:
        raise Unfit("userinfo_refused", str(error)) from None
    # It may be of somebody else (Core, 5.3.2).
    if more.get("sub") != claims["sub"]:
        raise Unfit("wrong_subject", "The userinfo is of another person.")
    return {**more, **claims}


def _login(provider: Provider, id_token: str, claims: Mapping[str, Any]) -> Login:
    groups = claims.get(provider.groups, [])
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    name = _text(claims, "name") or _text(claims, "preferred_username")
    email = _fit(Email, _text(claims, "email"))
    return Login(
        sub=claims["sub"],
        sid=(_text(claims, "sid") or "")[:255] or None,
        id_token=id_token,
        name=_fit(Name, name) or (email or "").partition("@")[0] or None,
        email=email,
        # Providers have sent the text "true" for addresses that nobody looked at.
        email_verified=claims.get("email_verified") is True,
        locale=_text(claims, "locale"),
        zoneinfo=_text(claims, "zoneinfo"),
        updated_at=_whole(claims, "updated_at"),
        auth_time=_whole(claims, "auth_time"),
        groups=frozenset(each for each in listed if isinstance(each, str)),
        had_second_factor=_asked_second_factor(claims),
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() else None


def _whole(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    is_time = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**40
    return int(value) if is_time else None  # type: ignore[arg-type]


def _fit(kind: Any, value: str | None) -> str | None:
    """Return a value that our own forms would take, else None: nobody typed it, so nobody gets an error."""
    try:
        return TypeAdapter(kind).validate_python(value) if value else None
    except ValidationError:
        return None


def _asked_second_factor(claims: Mapping[str, Any]) -> bool:
    amr = claims.get("amr")
    named = tuple(each for each in amr if isinstance(each, str)) if isinstance(amr, list) else ()
    acr = claims.get("acr")
    return asked_second_factor(named) or (isinstance(acr, str) and "mfa" in acr.lower())
