"""A token of the host gives its claims, or one refusal that says what to mend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tests.sso.conftest import Host, signed
from tests.sso.refusals import hs256_by_public_key
from wellchat.errors import Invalid
from wellchat.sso.fetching import Unreachable
from wellchat.sso.key_sets import KeySets
from wellchat.sso.keys import create_key, end_key
from wellchat.sso.tokens import BadToken, read_host_token


def code_of(token: str, now: datetime) -> str:
    with pytest.raises(BadToken) as refusal:
        read_host_token(token, now)
    assert refusal.value.reason
    return refusal.value.code


def test_a_good_token_gives_its_claims(host: Host, now: datetime) -> None:
    token = host.token(
        header={"typ": "jwt", "x-own": 1},
        sub="a/b %20 \N{GRINNING FACE}",
        email="Hanna@Example.com",
        email_verified=True,
        zoneinfo="Europe/Berlin",
        as_of="2026-11-30T10:00:00+01:00",
        amr=["pwd", "mfa"],
        anything={"of": ["theirs"]},
        nbf=host.now,
    )
    claims = read_host_token(token, now)
    assert (claims.kid, claims.sub, claims.role) == (host.kid, "a/b %20 \N{GRINNING FACE}", "client")
    assert (claims.email, claims.email_verified, claims.amr) == ("hanna@example.com", True, ("pwd", "mfa"))
    assert claims.as_of == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert claims.exp - claims.iat == timedelta(minutes=2)
    least = {"aud": [host.here], "iat": host.now, "exp": host.now + 300, "sub": "c-1", "name": None}
    bare = read_host_token(signed(host.key, {"alg": "HS256", "kid": host.kid}, least), now)
    assert (bare.name, bare.email, bare.jti, bare.role, bare.email_verified) == (
        None,
        None,
        None,
        None,
        False,
    )


def test_clocks_may_differ_by_half_a_minute(host: Host, now: datetime) -> None:
    early, late = now - timedelta(seconds=30), now + timedelta(seconds=120 + 29)
    token = host.token()
    assert [read_host_token(token, at).sub for at in (early, late)] == ["c-1", "c-1"]
    assert code_of(token, early - timedelta(seconds=1)) == "from_the_future"
    assert code_of(token, late + timedelta(seconds=1)) == "expired"


def keys_of(alg: str) -> Key:
    if alg == "RS256":
        return RSAKey.generate_key(2048)
    return ECKey.generate_key("P-256") if alg == "ES256" else OKPKey.generate_key("Ed25519")


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "RS256"])
def test_a_public_key_of_the_host_checks_its_tokens(host: Host, now: datetime, alg: str) -> None:
    theirs = keys_of(alg)
    pem = theirs.as_pem(private=False).decode()
    row, secret = create_key(alg=alg, name="", now=now, public=pem)
    assert secret is None
    for name in {"EdDSA": ("EdDSA", "Ed25519")}.get(alg, (alg,)):
        token = signed(theirs, {"alg": name, "kid": row.kid}, host.claims())
        assert read_host_token(token, now).sub == "c-1"
    assert code_of(hs256_by_public_key(host, row.kid, pem), now) == "wrong_algorithm"
    # With the kid of the secret beside it, it is a wrong secret.
    assert code_of(hs256_by_public_key(host, host.kid, pem), now) == "bad_signature"
    end_key(kid=row.kid, now=now)
    assert code_of(token, now) == "key_ended"


def test_keys_that_are_weak_private_or_of_another_kind_are_refused(app: Flask, now: datetime) -> None:
    def refusal(alg: str, text: str | None = None, **more: Any) -> str:
        with pytest.raises(Invalid) as refused:
            create_key(alg=alg, name="", now=now, public=text, **more)
        return refused.value.detail

    weak, curve = RSAKey.generate_key(1024), ECKey.generate_key("P-384")
    assert "2048 bits or more, not 1024" in refusal("RS256", weak.as_pem(private=False).decode())
    assert "P-256" in refusal("ES256", curve.as_pem(private=False).decode())
    assert "private" in refusal("ES256", keys_of("ES256").as_pem(private=True).decode())
    assert "public half" in refusal("EdDSA", '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}')
    assert "public key for RS256" in refusal("RS256", keys_of("EdDSA").as_pem(private=False).decode())
    assert "set of keys" in refusal("ES256", '{"keys":[]}')
    assert "--jwks" in refusal("EdDSA")
    assert "secret of ours" in refusal("HS256", jwks_url="https://shop.example/keys")
    assert "http(s)" in refusal("EdDSA", jwks_url="file:///etc/passwd")


class Shelf:
    """A set of keys at an address, and how often it was asked for."""

    def __init__(self, *keys: Key) -> None:
        self.keys, self.asked, self.is_up = list(keys), 0, True

    def fetch(self, url: str) -> dict[str, Any]:
        self.asked += 1
        if not self.is_up:
            raise Unreachable(f"{url} is down")
        foreign = [{"kty": "AKP", "kid": "new"}, "nonsense", {"kty": "oct", "k": "AAAA", "kid": "oct"}]
        return {"keys": [*foreign, *(key.as_dict(private=False) for key in self.keys)]}


def key_named(kid: str) -> Key:
    return ECKey.generate_key("P-256", {"kid": kid})


def test_keys_at_an_address_are_kept_and_roll_over(app: Flask, host: Host, now: datetime) -> None:
    old, new = key_named("2026-1"), key_named("2026-2")
    shelf = Shelf(old)
    app.extensions["sso_key_sets"] = KeySets(shelf.fetch)
    row, _ = create_key(alg="ES256", name="", now=now, jwks_url="https://shop.example/keys")

    def token(key: Key, at: datetime) -> str:
        seconds = int(at.timestamp())
        claims = host.claims(iat=seconds, exp=seconds + 60)
        return signed(key, {"alg": "ES256", "kid": str(key.kid)}, claims)

    assert read_host_token(token(old, now), now).kid == row.kid
    assert (read_host_token(token(old, now), now).sub, shelf.asked) == ("c-1", 1)
    # A name that nobody knows is asked for once in five minutes, however many come.
    shelf.keys = [new]
    assert code_of(token(new, now), now) == "unknown_key"
    assert shelf.asked == 1
    later = now + timedelta(minutes=5)
    assert (read_host_token(token(new, later), later).sub, shelf.asked) == ("c-1", 2)
    assert code_of(token(old, later), later) == "unknown_key"
    # The last known keys count for a day without an answer.
    shelf.is_up = False
    evening, day_after = later + timedelta(hours=8), later + timedelta(hours=25)
    assert read_host_token(token(new, evening), evening)
    assert code_of(token(new, day_after), day_after) == "keys_unreachable"
    # The secret beside it needs no address.
    assert read_host_token(host.token(), now).kid == host.kid
    del app.extensions["sso_key_sets"]
