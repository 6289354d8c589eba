"""The key pair that identifies this installation to push services (VAPID, RFC 8292).

Browsers subscribe with its public half. With another key all subscriptions would be void.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import current_app
from py_vapid import Vapid02
from py_vapid.utils import b64urlencode, num_to_bytes

from wellchat.config import SettingsError, persistent_secret


def vapid() -> Vapid02:
    """Return the key pair: from WELLCHAT_VAPID_KEY, or made once and kept in the instance folder."""
    known: Vapid02 | None = current_app.extensions.get("vapid")
    if known is None:
        known = current_app.extensions["vapid"] = _load(private_key())
    return known


def private_key() -> str:
    """Return the private key as WELLCHAT_VAPID_KEY takes it, for a second host."""
    given: str = current_app.config["VAPID_KEY"]
    return given or persistent_secret(current_app.config["INSTANCE"], "vapid_key", _make)


def public_key() -> str:
    """Return the public key as browsers take it: the uncompressed point in base64url."""
    point = vapid().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return str(b64urlencode(point))


def _make() -> str:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return str(b64urlencode(num_to_bytes(number, 32)))


def _load(key: str) -> Vapid02:
    try:
        key_pair = Vapid02.from_raw(key.encode())
    except ValueError:
        raise SettingsError(
            "WELLCHAT_VAPID_KEY: is not a key; `wellchat push keys --private` makes one"
        ) from None
    # In strict mode py_vapid refuses contacts such as mailto:...@localhost.
    key_pair.conf["no-strict"] = True
    return key_pair
