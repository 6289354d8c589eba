"""The bodies of requests about devices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid.utils import b64urldecode
from pydantic import AfterValidator, Field, StringConstraints

from wellchat.forms import Form, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.push.web_push import check_endpoint
from wellchat.shapes import sample

EXAMPLE = "https://push.example.com/send/6f1c"
EXAMPLE_KEYS = {
    "p256dh": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    "auth": "4vQK-SvRAN5eo-8ASlrwdQ",
}


def _endpoint(text: str) -> str:
    check_endpoint(text)
    return text


def _key(text: str) -> str:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b64urldecode(text.encode()))
    except ValueError:
        raise ValueError(gettext("This is not the public key of a subscription.")) from None
    return text


def _auth(text: str) -> str:
    try:
        known = len(b64urldecode(text.encode())) == 16
    except ValueError:
        known = False
    if not known:
        raise ValueError(gettext("This is not the secret of a subscription."))
    return text


BASE64 = r"^[A-Za-z0-9_+/-]+={0,2}$"
Endpoint = Annotated[Text, StringConstraints(min_length=1, max_length=1000), AfterValidator(_endpoint)]


class Keys(Form):
    """The keys of a subscription (RFC 8291)."""

    p256dh: Annotated[str, StringConstraints(max_length=88, pattern=BASE64), AfterValidator(_key)]
    auth: Annotated[str, StringConstraints(max_length=24, pattern=BASE64), AfterValidator(_auth)]


class PostDevice(Form, json_schema_extra=sample({"endpoint": EXAMPLE, "keys": EXAMPLE_KEYS})):
    """A subscription as browsers write it (`PushSubscription.toJSON()`). `replaces`: an earlier endpoint."""

    endpoint: Endpoint
    keys: Keys
    # milliseconds since 1970, as in browsers
    expiration_time: Annotated[float, Field(ge=0, le=8.64e15)] | None = None
    replaces: Annotated[Text, StringConstraints(max_length=1000)] | None = None

    def expires_at(self) -> datetime | None:
        """Return when the subscription ends. None: never, or not before the year 9892."""
        if self.expiration_time is None or self.expiration_time > 2.5e14:
            return None
        return datetime.fromtimestamp(self.expiration_time / 1000, UTC)


class DeleteDevice(Form, json_schema_extra=sample({"endpoint": EXAMPLE})):
    """The endpoint of a subscription."""

    endpoint: Annotated[Text, StringConstraints(min_length=1, max_length=1000)]


class PostDeviceForm(QueryForm):
    """The settings of one device on the page."""

    shows_words: bool = False
