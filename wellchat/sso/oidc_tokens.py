"""Check the tokens of a provider (OpenID Connect Core 1.0, 3.1.3.7, and Back-Channel Logout 1.0, 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wellchat.sso.fetching import Unreachable
from wellchat.sso.jose import NAMES, Unfit, public_key, read_any_header, read_claims, type_of
from wellchat.sso.key_sets import key_sets
from wellchat.sso_settings import Provider

# As in jose.py, functions import the library.
if TYPE_CHECKING:
    from joserfc.jwk import Key
    from joserfc.jwt import ClaimsOption

MAX_TOKEN = 16_384  # bytes: groups may be many
LEEWAY = 60  # seconds that the provider's clock may differ
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_LASTS = 600  # seconds after which a logout token is not taken, whatever its `exp` says
KINDS = ("", "jwt", "id_token+jwt")


def read_id_token(
    provider: Provider, jwks_uri: str, token: object, nonce: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of an ID token that was made for this sign-in. Raises Unfit."""
    header, claims = _verified(provider, jwks_uri, token, now)
    if type_of(header) not in KINDS:
        raise Unfit("foreign_type", "The token is not an ID token.")
    nonces: ClaimsOption = {"essential": True, "value": nonce}
    _check(provider, claims, now, nonce=nonces, sub={"essential": True}, exp={"essential": True})
    _check_party(provider, claims)
    _check_subject(claims)
    return claims


def read_logout_token(provider: Provider, jwks_uri: str, token: object, now: datetime) -> dict[str, Any]:
    """Return the claims of a logout token: `sub` or `sid`, or both. Raises Unfit."""
    header, claims = _verified(provider, jwks_uri, token, now)
    if type_of(header) not in ("", "jwt", "logout+jwt"):
        raise Unfit("foreign_type", "The token is not a logout token.")
    _check(provider, claims, now, jti={"essential": True})
    # With `nonce` it would be an ID token, which must not end a session.
    if "nonce" in claims:
        raise Unfit("not_a_logout_token", "A logout token has no nonce.")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise Unfit("not_a_logout_token", "The token has no event of a logout.")
    if claims["iat"] < now.timestamp() - LOGOUT_LASTS:
        raise Unfit("expired", "The logout token is older than ten minutes.")
    if claims.get("sub") is None and claims.get("sid") is None:
        raise Unfit("not_a_logout_token", "A logout token needs sub or sid.")
    for name in ("sub", "sid", "jti"):
        if claims.get(name) is not None:
            _text(claims, name)
    return claims


def _verified(
    provider: Provider, jwks_uri: str, token: object, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(token, str):
        raise Unfit("missing", "The provider sent no token.")
    header = read_any_header(token, max_size=MAX_TOKEN)
    # They change what was signed; no provider sends them.
    if "crit" in header or "b64" in header:
        raise Unfit("foreign_header", "The header has crit or b64.")
    alg = next((each for each in provider.algorithms if header.get("alg") in NAMES[each]), None)
    if alg is None:
        reason = f"The alg {header.get('alg')!r} is not in WELLCHAT_OIDC_{provider.name.upper()}_ALGS."
        raise Unfit("wrong_algorithm", reason)
    return header, read_claims(token, _key(jwks_uri, header.get("kid"), alg, now), NAMES[alg])


def _key(jwks_uri: str, kid: object, alg: str, now: datetime) -> Key:
    if kid is not None and not isinstance(kid, str):
        raise Unfit("no_kid", "The kid is no text.")
    try:
        found = key_sets().find(jwks_uri, kid, now)
    except Unreachable as error:
        raise Unfit("keys_unreachable", str(error)) from None
    fit = []
    for jwk in found:
        try:
            fit.append(public_key(jwk, alg))
        # Others of the set are for encryption, or for other algorithms.
        except Unfit:
            continue
    if not fit:
        raise Unfit("unknown_key", "The provider has no key with this kid for this algorithm.")
    # Without a name only one key can be meant (Core, 10.1).
    if kid is None and len(fit) > 1:
        raise Unfit("no_kid", "The token names no key, and the provider has several.")
    return fit[0]


def _check(provider: Provider, claims: dict[str, Any], now: datetime, **more: ClaimsOption) -> None:
    from joserfc.errors import JoseError
    from joserfc.jwt import JWTClaimsRegistry

    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        iat={"essential": True},
        **more,
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise Unfit("bad_claim", f"{error.error}: {error.description}") from None


def _check_party(provider: Provider, claims: Mapping[str, Any]) -> None:
    party, audience = claims.get("azp"), claims["aud"]
    others = isinstance(audience, list) and len(set(audience)) > 1
    # Where it is for several, `azp` must say that it was made for us.
    if (party is not None or others) and party != provider.client_id:
        raise Unfit("wrong_party", "azp is not this client.")


def _check_subject(claims: Mapping[str, Any]) -> None:
    _text(claims, "sub")


def _text(claims: Mapping[str, Any], name: str) -> None:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():
        raise Unfit("bad_claim", f"{name} must be a text of at most 255 characters.")
