"""Keep what people look for out of addresses: seal it into one value (OWASP ASVS 14.2.1).

A form with words is posted. Its answer leads to an address with `sealed`, which only we can read, and only
for its person. So a reload, the next page and the way back work, and no log, proxy or Referer has the words.
AES-256-GCM, under a key of the SECRET_KEY; nothing is stored.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from wellchat.config import secret_keys, setting
from wellchat.errors import Invalid
from wellchat.i18n import gettext

NAME = "sealed"
NONCE_BYTES = 12
MOST = 300  # characters of a value; no field takes as many, so a longer one is refused after it all the same


def address(path: str, values: Mapping[str, Any], *, words: Collection[str]) -> str:
    """Return the path with these values as its query; sealed if one of `words` is among them."""
    given = {name: str(value) for name, value in values.items() if value not in (None, "")}
    if given.keys() & set(words):
        given = {NAME: _seal(given)}
    return f"{path}?{urlencode(given)}" if given else path


def lead_to(path: str, names: Collection[str], *, words: Collection[str]) -> Response:
    """Return the redirect from a posted form to the page with these of its fields in the address."""
    given = {name: value[:MOST] for name in names if (value := request.form.get(name, ""))}
    return redirect(address(path, given, words=words), 303)


def query_args() -> dict[str, str]:
    """Return the query of this request, with what was sealed into it. Raises Invalid."""
    args = request.args.to_dict()
    return {**args, **_unseal(args.pop(NAME))} if NAME in args else args


def _seal(values: Mapping[str, str]) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(_key(setting("SECRET_KEY")))
    sealed = nonce + cipher.encrypt(nonce, json.dumps(values).encode(), _person())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _unseal(token: str) -> dict[str, str]:
    try:
        sealed = base64.urlsafe_b64decode(token.encode() + b"==")
    except (binascii.Error, ValueError):
        sealed = b""
    for secret in secret_keys():
        try:
            opened = AESGCM(_key(secret)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _person())
        # ValueError: too short for a nonce.
        except (InvalidTag, ValueError):
            continue
        return dict(json.loads(opened))
    raise Invalid({NAME: gettext("This address was made for somebody else, or is too old. Search again.")})


def _person() -> bytes:
    return str(getattr(current_user, "id", "")).encode()


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"wellchat.sealed_query:" + secret.encode()).digest()
