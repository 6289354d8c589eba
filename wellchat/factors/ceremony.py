"""Ask a browser for passkeys, and check what it answers (WebAuthn Level 3). Nothing is stored here.

A passkey belongs to one host name (RP ID), that of BASE_URL. The origin that a browser reports has no path
and no slash at its end, so that of BASE_URL is brought into the same form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from wellchat.accounts.models import User
from wellchat.config import setting
from wellchat.errors import Invalid
from wellchat.factors.models import Passkey

# The library takes a twelfth of the start of a process, and most never see a passkey: functions import it.
if TYPE_CHECKING:
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor
    from webauthn.registration.verify_registration_response import VerifiedRegistration
from wellchat.i18n import gettext

T = TypeVar("T")
DEFAULT_PORTS = {"https": 443, "http": 80}
TRANSPORTS = {"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"}  # that the library knows
ATTACHMENTS = {"platform", "cross-platform"}
MAX_CREDENTIAL_ID = 1023  # bytes (WebAuthn, 4)


class Site(NamedTuple):
    """The names by which browsers know this installation."""

    rp_id: str
    origin: str


def site() -> Site | None:
    """Return the site of BASE_URL; None where browsers make no passkeys: on http, and on bare IP addresses.

    http is good enough for localhost alone.
    """
    parts = urlsplit(setting("BASE_URL"))
    host = _ascii_host(parts.hostname or "")
    if _is_address(host) or (parts.scheme != "https" and host != "localhost"):
        return None
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return Site(host, f"{parts.scheme}://{host}{port}")


def _ascii_host(host: str) -> str:
    try:
        # Browsers compare and report a host in its ASCII form.
        return host.encode("idna").decode().lower()
    except UnicodeError:
        return host.lower()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def needed_site() -> Site:
    """Return the site. Raises Invalid where there can be no passkeys."""
    found = site()
    if found is None:
        raise Invalid({"response": gettext("Passkeys need an https address with a name.")})
    return found


def add_options(user: User, own: Sequence[Passkey], challenge: bytes) -> dict[str, Any]:
    """Return the options for a new passkey, as JSON. Devices that hold one of `own` refuse by themselves."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return options_to_json_dict(
        webauthn.generate_registration_options(
            rp_id=needed_site().rp_id,
            rp_name=setting("NAME"),
            # Our random id, no address: devices show it to whoever asks (WebAuthn, 14.6.1).
            user_id=user.id.encode(),
            user_name=user.email or user.name,
            user_display_name=user.name,
            challenge=challenge,
            # Without this no key can be found without a name, and so none could sign in alone.
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(own),
        )
    )


def use_options(allowed: Sequence[Passkey], challenge: bytes) -> dict[str, Any]:
    """Return the options for the use of one of these passkeys; of any on the device where none is named."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=needed_site().rp_id,
            challenge=challenge,
            allow_credentials=_descriptors(allowed),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id,
            transports=[AuthenticatorTransport(name) for name in each.transports.split()] or None,
        )
        for each in passkeys
    ]


def read_response(text: str) -> dict[str, Any]:
    """Return what the browser said. Raises Invalid if it cannot be read, or came from inside another site."""
    from webauthn.helpers import base64url_to_bytes

    def read() -> dict[str, Any]:
        said = json.loads(text)
        about = json.loads(base64url_to_bytes(said["response"]["clientDataJSON"]))
        # A page that frames ours could have made the person touch their key.
        if about.get("crossOrigin") or "topOrigin" in about:
            raise ValueError("cross-origin")
        # Unknown words count as none (WebAuthn Level 3, 5.1); the library would refuse them.
        if said.get("authenticatorAttachment") not in ATTACHMENTS:
            said.pop("authenticatorAttachment", None)
        return dict(said)

    return _checked(read)


def credential_of(said: dict[str, Any]) -> tuple[bytes, str | None]:
    """Return (credential id, user id) of the passkey that was used; the user id may be missing.

    Raises Invalid.
    """
    from webauthn.helpers import base64url_to_bytes

    def read() -> tuple[bytes, str | None]:
        handle = said["response"].get("userHandle")
        return base64url_to_bytes(said["id"]), base64url_to_bytes(handle).decode() if handle else None

    return _checked(read)


def transports_of(said: dict[str, Any]) -> str:
    """Return how the device can be reached, as the browser says: those of its words that are known."""
    named = said["response"].get("transports")
    words = named if isinstance(named, list) else []
    return " ".join(sorted({word for word in words if isinstance(word, str)} & TRANSPORTS))


def check_new(said: dict[str, Any], challenge: bytes) -> VerifiedRegistration:
    """Return the new passkey. Raises Invalid."""
    import webauthn

    rp_id, origin = needed_site()

    def verify() -> VerifiedRegistration:
        made = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
        if len(made.credential_id) > MAX_CREDENTIAL_ID:
            raise ValueError("too long")
        return made

    return _checked(verify)


def check_use(said: dict[str, Any], challenge: bytes, passkey: Passkey) -> VerifiedAuthentication:
    """Return what the device said of this use. Its count is compared by the caller. Raises Invalid."""
    import webauthn

    rp_id, origin = needed_site()
    return _checked(
        lambda: webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            # The library refuses a count that went backwards for good; we warn.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    )


def _checked(check: Callable[[], T]) -> T:
    try:
        return check()
    # The answer is made by whoever sends it, and the library's parsers raise many kinds of errors.
    except Exception as error:
        raise Invalid({"response": gettext("This passkey could not be checked. Try again.")}) from error
