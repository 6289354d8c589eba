"""A device that keeps passkeys, and the browser before it, in Python: what both would send."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One that holds one passkey at a time. Tests change what it says."""

    origin: str
    verifies: bool = True
    count: int = 0
    client_data: dict[str, Any] = field(default_factory=dict)  # said in place of the truth
    handle: str | None = None

    def make(self, options: dict[str, Any]) -> str:
        """Answer to navigator.credentials.create()."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.rp_id = options["rp"]["id"]
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + encode_cbor(cose)
        about = {"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + attested}
        response = {
            "attestationObject": bytes_to_base64url(encode_cbor(about)),
            "transports": ["internal", "x"],
        }
        return self._say("webauthn.create", options, response)

    def use(self, options: dict[str, Any]) -> str:
        """Answer to navigator.credentials.get()."""
        self.rp_id = options["rpId"]
        data = self._data(0)
        said = self._client("webauthn.get", options)
        signature = self.key.sign(data + sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
            "userHandle": self.handle,
        }
        return self._say("webauthn.get", options, response)

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.client_data).encode()

    def _say(self, kind: str, options: dict[str, Any], response: dict[str, Any]) -> str:
        name = bytes_to_base64url(self.id)
        response["clientDataJSON"] = bytes_to_base64url(self._client(kind, options))
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def user_of(handle: str) -> str:
    """The user id that a device was given."""
    return base64url_to_bytes(handle).decode()
