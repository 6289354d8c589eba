"""A push service on this machine, and browsers that subscribe to it and decrypt with their own keys."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wellchat.accounts.models import User
from wellchat.accounts.session_rows import start_session
from wellchat.clock import now as clock_now
from wellchat.push.actions import register
from wellchat.push.models import Device


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def unseal(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Decrypt a push as a browser does (RFC 8291), without the library of the sender."""
    salt, length = body[:16], body[20]
    sender, sealed = body[21 : 21 + length], body[21 + length :]
    ours = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    seed = _derive(shared, auth, b"WebPush: info\0" + ours + sender, 32)
    content_key = _derive(seed, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(seed, salt, b"Content-Encoding: nonce\0", 12)
    text, _, padding = AESGCM(content_key).decrypt(nonce, sealed, None).rpartition(b"\x02")
    assert not padding.strip(b"\0")
    return text


def check_signature(authorization: str, audience: str) -> dict[str, Any]:
    """Return the claims of a VAPID header (RFC 8292). Raises if its signature is wrong."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "vapid"
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = fields["t"].split(".")
    raw = unb64(signature)
    numbers = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(fields["k"]))
    key.verify(numbers, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    found: dict[str, Any] = json.loads(unb64(claims))
    assert found["aud"] == audience
    return found | {"k": fields["k"]}


@dataclass
class Pushed:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Takes pushes. It replies with `answers` first, one for each: a status, or a function of the handler."""

    pushed: list[Pushed] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> PushService:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.pushed.append(Pushed(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer = outer.answers.pop(0) if outer.answers else 201
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


class Subscriber:
    """A browser's subscription, with the private half of its keys."""

    def __init__(self, service: PushService) -> None:
        self.service = service
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.path = f"/push/{b64(os.urandom(9))}"

    @property
    def endpoint(self) -> str:
        return self.service.url + self.path

    def keys(self) -> dict[str, str]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": b64(point), "auth": b64(self.auth)}

    def as_json(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "keys": self.keys(), "expiration_time": None}

    def got(self) -> list[dict[str, Any]]:
        """Return what was pushed here, decrypted."""
        mine = [pushed for pushed in self.service.pushed if pushed.path == self.path]
        return [json.loads(unseal(pushed.body, self.key, self.auth)) for pushed in mine]

    def register(self, user: User, **more: Any) -> Device:
        user.session_id, user.session, now = "", None, clock_now()
        user.get_id()
        start_session(user=user, network="", device="", now=now)
        assert user.session is not None
        values = {"session": user.session.id, "token_id": None, "label": "Chrome on Linux", "now": now}
        device, _ = register(user=user, endpoint=self.endpoint, **self.keys(), **values | more)
        return device


@pytest.fixture
def push_service(app: Any) -> Iterator[PushService]:
    """Run a real server, with settings that let pushes go to it."""
    app.config["PUSH_ALLOW_PRIVATE"] = True
    with PushService() as service:
        yield service


@pytest.fixture
def devices(push_service: PushService) -> Callable[[], Subscriber]:
    return lambda: Subscriber(push_service)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte at a time, for ever."""
    try:
        for byte in b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 10_000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)
    except OSError:
        return
