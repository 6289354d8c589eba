"""A provider of OpenID Connect on loopback, written from the standard: discovery, keys, token, userinfo.

The browser of a test does not go to its pages: `Provider.authorize` stands for a person who signs in there
and agrees. What it sends can be bent in each place where real ones have been wrong, or attackers were.
"""

from __future__ import annotations

import json
import secrets
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, Key, RSAKey

ALGORITHMS = ["RS256", "RS512", "ES256", "none"]
LOOSE = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class Provider:
    """One issuer with its people, its keys and the codes that it gave."""

    def __init__(self, clock: Callable[[], float], client_id: str = "chat", secret: str = "s:e/c r") -> None:
        self.clock, self.client_id, self.secret = clock, client_id, secret
        self.first = RSAKey.generate_key(2048, {"kid": "2026-1"})
        self.reset()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def reset(self) -> None:
        """Be as new, at the same address and with the first key."""
        self.keys: list[Key] = [self.first]
        self.codes: dict[str, dict[str, Any]] = {}
        self.person: dict[str, Any] = {"sub": "p-1", "name": "Olivia Oidc"}
        self.userinfo: dict[str, Any] | None = None
        self.bend: Callable[[dict[str, Any]], None] = lambda claims: None
        self.header: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.sends_token, self.seconds_ahead = True, 0
        self.asked: list[str] = []

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # What the browser does

    def authorize(self, address: str) -> dict[str, str]:
        """The person signs in and agrees: what the redirect to the callback carries."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == self.client_id
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def logout_token(self, **more: Any) -> str:
        """A logout token (Back-Channel Logout 1.0, 2.4); None leaves a claim out."""
        event = "http://schemas.openid.net/event/backchannel-logout"
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": self.now(), "exp": self.now() + 120}
        claims |= {"jti": secrets.token_urlsafe(8), "events": {event: {}}, "sub": self.person["sub"]}
        return self.sign({k: v for k, v in (claims | more).items() if v is not None}, typ="logout+jwt")

    # What it signs

    def now(self) -> int:
        return int(self.clock()) + self.seconds_ahead

    def id_token(self, asked: dict[str, Any]) -> str:
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": self.now(), "exp": self.now() + 300}
        claims |= {"nonce": asked.get("nonce"), **self.person}
        self.bend(claims)
        return self.sign({name: value for name, value in claims.items() if value is not None})

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        key = self.keys[-1]
        head = {
            "alg": "ES256" if isinstance(key, ECKey) else "RS256",
            "kid": key.kid,
            **header,
            **self.header,
        }
        head = {name: value for name, value in head.items() if value is not None}
        return jws.serialize_compact(head, json.dumps(claims), key, registry=LOOSE)

    # What it answers

    def answer(self, method: str, path: str, form: dict[str, str], given: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, self._about()
        if path == "/keys":
            foreign = {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB", "kid": "enc"}
            return 200, {"keys": [foreign, *(key.as_dict(private=False) for key in self.keys)]}
        if path == "/token" and method == "POST":
            return self._token(form, given)
        if path == "/userinfo" and given == "Bearer access" and self.userinfo is not None:
            return 200, self.userinfo
        return 404, {"error": "not_found"}

    def _about(self) -> dict[str, Any]:
        ends = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint")
        paths = ("/authorize", "/token", "/userinfo" if self.userinfo else None, "/logout")
        found = {name: f"{self.issuer}{path}" for name, path in zip(ends, paths, strict=True) if path}
        named = {"authorization_response_iss_parameter_supported": True}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **found, **named, **self.metadata}

    def _token(self, form: dict[str, str], given: str) -> tuple[int, dict[str, Any]]:
        scheme, _, rest = given.partition(" ")
        pair = b64decode(rest).decode() if scheme == "Basic" else ""
        client, secret = map(unquote, pair.split(":")) if pair else (form["client_id"], form["client_secret"])
        if (client, secret) != (self.client_id, self.secret):
            return 401, {"error": "invalid_client"}
        # Each code is good once.
        asked = self.codes.pop(form["code"], None)
        proof = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or proof != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        id_token = {"id_token": self.id_token(asked)} if self.sends_token else {}
        return 200, {"access_token": "access", "token_type": "Bearer", **id_token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._do("GET", {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._do("POST", {name: values[0] for name, values in parse_qs(body).items()})

            def _do(self, method: str, form: dict[str, str]) -> None:
                given = self.headers.get("Authorization", "")
                status, found = provider.answer(method, urlsplit(self.path).path, form, given)
                content = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
