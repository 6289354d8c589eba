"""Every way in which a token can be wrong: name -> (code, how the host makes it)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

from joserfc.jwk import OctKey

from tests.sso.conftest import Host, segment, signed


def _other_secret(host: Host) -> str:
    return signed(OctKey.import_key("x" * 43), {"alg": "HS256", "kid": host.kid}, host.claims())


def _part(host: Host, number: int, text: str) -> str:
    parts = host.token().split(".")
    parts[number] = text
    return ".".join(parts)


def _in_words(host: Host, claims: str) -> str:
    """Claims as they stand here, signed."""
    return signed(host.key, {"alg": "HS256", "kid": host.kid}, claims)


def _deep(host: Host) -> str:
    return _in_words(host, '{"a":' + "[" * 1400 + "]" * 1400 + "}")


def _header_twice(host: Host) -> str:
    return _part(host, 0, segment(f'{{"alg":"none","alg":"HS256","kid":"{host.kid}"}}'))


REFUSALS: dict[str, tuple[str, Callable[[Host], str]]] = {
    "nothing": ("missing", lambda host: ""),
    "exp in milliseconds": (
        "time_not_in_seconds",
        lambda host: host.token(iat=host.now * 1000, exp=host.now * 1000 + 120_000),
    ),
    "exp as text": ("time_not_a_number", lambda host: host.token(exp=str(host.now + 60))),
    "exp as a fraction": ("time_not_a_number", lambda host: host.token(exp=host.now + 60.5)),
    "exp is true": ("time_not_a_number", lambda host: host.token(exp=True)),
    "exp below zero": ("time_not_in_seconds", lambda host: host.token(exp=-1)),
    "exp without end": (
        "malformed",
        lambda host: _in_words(host, f'{{"aud":"{host.here}","iat":{host.now},"exp":Infinity}}'),
    ),
    "no exp": ("time_not_a_number", lambda host: host.token(exp=None)),
    "no iat": ("time_not_a_number", lambda host: host.token(iat=None)),
    "exp before iat": ("lasts_too_long", lambda host: host.token(exp=host.now)),
    "301 seconds": ("lasts_too_long", lambda host: host.token(exp=host.now + 301)),
    "ended": ("expired", lambda host: host.token(iat=host.now - 330, exp=host.now - 30)),
    "from tomorrow": (
        "from_the_future",
        lambda host: host.token(iat=host.now + 90, exp=host.now + 120),
    ),
    "not yet": ("not_yet_valid", lambda host: host.token(nbf=host.now + 90)),
    "other aud": ("wrong_audience", lambda host: host.token(aud="https://test.example.com")),
    "aud with a slash": ("wrong_audience", lambda host: host.token(aud=f"{host.here}/")),
    "aud of two": ("wrong_audience", lambda host: host.token(aud=[host.here, "https://other.example"])),
    "no aud": ("wrong_audience", lambda host: host.token(aud=None)),
    "no kid": ("no_kid", lambda host: host.token(header={"kid": None})),
    "kid as a number": ("no_kid", lambda host: _part(host, 0, segment({"alg": "HS256", "kid": 7}))),
    "unknown kid": ("unknown_key", lambda host: host.token(header={"kid": "k0000000000000"})),
    "no alg": ("no_alg", lambda host: _part(host, 0, segment({"kid": host.kid}))),
    "alg none": ("wrong_algorithm", lambda host: _part(host, 0, segment({"alg": "none", "kid": host.kid}))),
    "another alg of the same secret": (
        "wrong_algorithm",
        lambda host: host.token(header={"alg": "HS512"}),
    ),
    "another secret": ("bad_signature", _other_secret),
    "claims changed": ("bad_signature", lambda host: _part(host, 1, segment(host.claims(sub="c-2")))),
    "jku": ("foreign_header", lambda host: host.token(header={"jku": "https://evil.example/keys"})),
    "x5u": ("foreign_header", lambda host: host.token(header={"x5u": "https://evil.example/cert"})),
    "own key": ("foreign_header", lambda host: host.token(header={"jwk": {"kty": "oct", "k": "AAAA"}})),
    "crit": (
        "foreign_header",
        lambda host: _part(host, 0, segment({"alg": "HS256", "kid": host.kid, "crit": ["b64"]})),
    ),
    "foreign typ": ("foreign_type", lambda host: host.token(header={"typ": "at+jwt"})),
    "a name twice in the header": ("name_twice", _header_twice),
    "a name twice in the claims": ("name_twice", lambda host: _in_words(host, '{"sub":"a","sub":"b"}')),
    "too large": ("too_large", lambda host: host.token(note="x" * 4096)),
    "very deep": ("malformed", _deep),
    "two parts": ("malformed", lambda host: host.token().rpartition(".")[0]),
    "padded": ("malformed", lambda host: host.token() + "="),
    "other characters": ("malformed", lambda host: host.token().replace(".", ".\n", 1)),
    "not JSON": ("malformed", lambda host: _part(host, 0, segment("nothing"))),
    "a list as header": ("malformed", lambda host: _part(host, 0, segment([]))),
    "a list as claims": ("malformed", lambda host: _in_words(host, "[]")),
    "no sub": ("bad_claim", lambda host: host.token(sub=None)),
    "sub as a number": ("bad_claim", lambda host: host.token(sub=17)),
    "sub with a control character": ("bad_claim", lambda host: host.token(sub="c\x001")),
    "sub too long": ("bad_claim", lambda host: host.token(sub="c" * 121)),
    "sub of ours": ("bad_claim", lambda host: host.token(sub="id:0000000000000")),
    "name that is shown backwards": ("bad_claim", lambda host: host.token(name="A\u202eB")),
    "role admin": ("bad_claim", lambda host: host.token(role="admin")),
    "email_verified as text": (
        "bad_claim",
        lambda host: host.token(email="a@example.com", email_verified="true"),
    ),
    "no address": ("bad_claim", lambda host: host.token(email="nobody")),
    "as_of without an offset": ("bad_claim", lambda host: host.token(as_of="2026-11-30T12:00:00")),
    "an employee looks on": ("act_refused", lambda host: host.token(act={"sub": "emp-1"})),
}


def hs256_by_public_key(host: Host, kid: str, pem: str) -> str:
    """The public key of `kid`, which everybody knows, as the secret of HS256 (RFC 8725, 2.1)."""
    what = f"{segment({'alg': 'HS256', 'kid': kid})}.{segment(host.claims())}"
    code = hmac.digest(pem.encode(), what.encode(), "sha256")
    return f"{what}.{urlsafe_b64encode(code).decode().rstrip('=')}"
