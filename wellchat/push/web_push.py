"""Speak to push services (RFC 8030, 8188, 8291, 8292).

An endpoint is an address that a stranger chose, because a browser sends it. So this client takes only https,
only public addresses, connects to the very address that it checked, follows no redirects, and ends after
`TIMEOUT`. No ordinary HTTP client does all of that.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid.utils import b64urldecode

from wellchat.config import setting

TIMEOUT = 10.0  # seconds for one push, whatever the other side does
MAX_RETRY_AFTER = 3600  # seconds that a service may ask us to wait
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What is outside has special uses, or none yet (RFC 4291, 2.4). Python's `is_global` asks for less.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "2001::/23",  # protocols of the IETF: Teredo, ORCHID, benchmarking (RFC 2928)
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4 (RFC 7526)
            "2620:4f:8000::/48",  # AS112 (RFC 7534)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)


class Temporary(Exception):
    """Refused for now, or not reached. Try again, after `after` seconds if the service says so."""

    def __init__(self, reason: str, after: int | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Permanent(Exception):
    """Refused for good."""


class Gone(Exception):
    """The subscription or the service does not exist. Never send there again."""


class OutcomeUnknown(Exception):
    """The push was handed over, and no answer came."""


def check_endpoint(endpoint: str) -> SplitResult:
    """Return the parts of an endpoint that may be pushed to, as far as can be told without DNS.

    Raises ValueError.
    """
    parts = urlsplit(endpoint)
    anywhere = setting("PUSH_ALLOW_PRIVATE")
    if parts.scheme != "https" and not (anywhere and parts.scheme == "http"):
        raise ValueError("A push service is at an https address.")
    odd = (
        not parts.hostname
        or parts.username is not None
        or not endpoint.isascii()
        or not endpoint.isprintable()
        or " " in endpoint
    )
    # parts.port raises ValueError itself.
    if odd or (parts.port not in (None, 443) and not anywhere):
        raise ValueError("This is not the address of a push service.")
    host, hosts = str(parts.hostname), setting("PUSH_HOSTS")
    if hosts and not any(f".{host}".endswith(f".{each.lower()}") for each in hosts):
        raise ValueError("This installation does not push there.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return parts
    if not anywhere and not is_public(address):
        raise ValueError("This is not a public address.")
    return parts


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether anybody can reach this address.

    Of IPv6 these are the global unicast addresses that are in no special range. Addresses that wrap an IPv4
    one count as not public, but for NAT64, through which an IPv6-only host reaches every IPv4 service.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return is_public(ipaddress.IPv4Address(address.packed[-4:]))
        if address not in GLOBAL_UNICAST or any(address in network for network in SPECIAL):
            return False
    return address.is_global and not address.is_multicast


def encrypt(text: bytes, *, p256dh: str, auth: str) -> bytes:
    """Return the text encrypted for one subscription (RFC 8291)."""
    sealed: bytes = http_ece.encrypt(
        text,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=b64urldecode(p256dh.encode()),
        auth_secret=b64urldecode(auth.encode()),
        version="aes128gcm",
    )
    return sealed


def post(endpoint: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Hand over one push. Raises Temporary, Permanent, Gone or OutcomeUnknown."""
    try:
        parts = check_endpoint(endpoint)
    except ValueError as error:
        raise Gone(str(error)) from None
    with _connected(parts) as connection:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            connection.request("POST", target, body, dict(headers))
            response = connection.getresponse()
        except (OSError, HTTPException, ValueError) as error:
            raise OutcomeUnknown(
                f"The push service took it and did not answer ({type(error).__name__})."
            ) from None
        _raise_for_status(response)


def _raise_for_status(response: HTTPResponse) -> None:
    reason = f"The push service answered {response.status}."
    if 200 <= response.status < 300:
        return
    if response.status in (404, 410):
        raise Gone(reason)
    if response.status in (408, 425, 429) or response.status >= 500:
        after = response.headers.get("Retry-After", "")
        raise Temporary(
            reason, min(int(after), MAX_RETRY_AFTER) if after.isascii() and after.isdecimal() else None
        )
    raise Permanent(reason)


@contextmanager
def _connected(parts: SplitResult) -> Iterator[HTTPConnection]:
    """Yield a connection to an address that was checked, cut after `TIMEOUT` however slowly data comes."""
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    connection = HTTPConnection(host, port, timeout=TIMEOUT)
    raw = _connect(host, port)
    # A duplicate, because wrap_socket takes `raw` over, and the timer must still be able to shut it down.
    with raw, raw.dup() as handle:
        cut = threading.Timer(TIMEOUT, _shutdown, [handle])
        cut.start()
        try:
            connection.sock = _wrap_tls(raw, host) if parts.scheme == "https" else raw
            yield connection
        finally:
            cut.cancel()
            connection.close()


def _connect(host: str, port: int) -> socket.socket:
    error_name = "OSError"
    try:
        for address in _resolve(host, port):
            try:
                return socket.create_connection((address, port), TIMEOUT / 2)
            except OSError as error:
                error_name = type(error).__name__
    except OSError as error:
        error_name = type(error).__name__
    raise Temporary(f"The push service cannot be reached ({error_name}).")


def _wrap_tls(raw: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    except (OSError, ValueError) as error:
        raise Temporary(f"No safe connection to the push service ({type(error).__name__}).") from None


def _shutdown(raw: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already
        raw.shutdown(socket.SHUT_RDWR)


def _resolve(host: str, port: int) -> list[str]:
    """Return up to two addresses of the host.

    Raises OSError if the name is unknown, and Gone if any of its addresses is not public.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not setting("PUSH_ALLOW_PRIVATE") and not all(
        is_public(ipaddress.ip_address(a.partition("%")[0])) for a in found
    ):
        raise Gone("The push service is at an address that is not public.")
    return found[:2]
