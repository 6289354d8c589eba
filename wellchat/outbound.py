"""Call an https address that somebody else chose: of a push service, of a webhook, of a set of keys.

Such an address must not lead into the operator's own network. So this client takes only https and named ports
and only public addresses: every address of a name is looked at, and the one that was looked at is the one
connected to (no second lookup, so a name that changes its answer gains nothing). It follows no redirects,
reads no more than it was told, and ends in time however slowly the other side speaks. No ordinary HTTP client
does all of that.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

from wellchat.i18n import gettext

TIMEOUT = 10.0  # seconds for one call, after the name was looked up
MAX_ADDRESSES = 2  # of one name that are tried
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


class NotAllowed(ValueError):
    """The address is none that may be called. Nothing was sent."""


class Unreachable(Exception):
    """There was no connection, or no safe one. Nothing was sent."""


class NoAnswer(Exception):
    """The call was handed over, and no answer came: nobody knows what became of it."""


@dataclass(frozen=True)
class Reach:
    """Which addresses may be called. `anywhere`: also http, every port, and private addresses."""

    ports: tuple[int, ...] = (443,)
    anywhere: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back. `is_whole` is False where the body was longer than asked for, or ended early."""

    status: int
    headers: Mapping[str, str]  # the names in small letters
    body: bytes
    is_whole: bool

    def retry_after(self, most: int, now: datetime | None = None) -> int | None:
        """Return for how many seconds the other side asks us to wait (RFC 9110, 10.2.3), at most `most`.

        None: it does not ask, or not in a way that can be understood. A date is read only with `now`.
        """
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdecimal():
            # Python refuses to read very long numbers.
            return most if len(asked) > 9 else min(int(asked), most)
        if now is None:
            return None
        try:
            until = parsedate_to_datetime(asked)
        except (ValueError, OverflowError, IndexError, TypeError):
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max(0, round((until - now).total_seconds())), most)


def check_address(address: str, reach: Reach) -> SplitResult:
    """Return the parts of an address that may be called, as far as can be told without DNS.

    Raises NotAllowed.
    """
    # Before urlsplit, which silently drops tabs and line ends.
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        raise NotAllowed(gettext("An address has only letters, digits and signs of ASCII."))
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise NotAllowed(gettext("This is not an address.")) from None
    if parts.scheme != "https" and not (reach.anywhere and parts.scheme == "http"):
        raise NotAllowed(gettext("The address must begin with https://."))
    if not parts.hostname:
        raise NotAllowed(gettext("The address names no host."))
    if parts.username is not None or parts.password is not None:
        raise NotAllowed(gettext("The address must hold no name or password."))
    if (port or 443) not in reach.ports and not reach.anywhere:
        raise NotAllowed(gettext("Port %(port)s is not open to calls.", port=port))
    try:
        host = ipaddress.ip_address(parts.hostname)
    except ValueError:
        # What urlsplit takes for an address of a later IP version would be looked up as a name.
        if "[" in parts.netloc:
            raise NotAllowed(gettext("This is not an address.")) from None
        return parts
    if not reach.anywhere and not is_public(host):
        raise NotAllowed(gettext("The address is not public."))
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


def call(
    method: str,
    address: str,
    *,
    reach: Reach,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
    most: int = 65_536,
) -> Answer:
    """Call an address and return the answer, of any status; of its body at most `most` bytes.

    A redirect is an answer like others. The answer is cut off `timeout` seconds after the lookup of the name.
    Raises NotAllowed, Unreachable or NoAnswer.
    """
    parts = check_address(address, reach)
    with _connected(parts, reach, timeout) as connection:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(f"No answer came ({type(error).__name__}).") from None
        text, is_whole = _read(response, most)
        # A header that comes twice is one list (RFC 9110, 5.3).
        named = {each.lower(): ", ".join(response.headers.get_all(each, ())) for each in response.headers}
        return Answer(response.status, named, text, is_whole)


def _read(response: HTTPResponse, most: int) -> tuple[bytes, bool]:
    """Return the body as far as it comes. The other side has answered, whatever becomes of the rest."""
    text = b""
    try:
        while len(text) <= most and (piece := response.read1(most + 1 - len(text))):
            text += piece
    except (OSError, HTTPException, ValueError):
        return text[:most], False
    # read1() does not say that the connection ended early.
    return text[:most], len(text) <= most and not response.length


@contextmanager
def _connected(parts: SplitResult, reach: Reach, timeout: float) -> Iterator[HTTPConnection]:
    """Yield a connection to an address that was looked at, cut off in time however slowly data comes."""
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    addresses = _resolve(host, port, reach)
    ends = time.monotonic() + timeout
    connection = HTTPConnection(host, port, timeout=timeout)
    raw = _connect(addresses, port, timeout / (MAX_ADDRESSES + 1))
    # A duplicate, because wrap_socket takes `raw` over, and the timer must still be able to shut it down.
    with raw, raw.dup() as handle:
        raw.settimeout(timeout)
        cut = threading.Timer(ends - time.monotonic(), _shutdown, [handle])
        cut.start()
        try:
            connection.sock = _wrap_tls(raw, host) if parts.scheme == "https" else raw
            yield connection
        finally:
            cut.cancel()
            connection.close()


def _resolve(host: str, port: int, reach: Reach) -> list[str]:
    """Return the first addresses of the host. Raises NotAllowed if any of all its addresses is not public."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    # UnicodeError: a label that is empty or too long.
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"The address cannot be reached ({type(error).__name__}).") from None
    if not reach.anywhere and not all(is_public(ipaddress.ip_address(a.partition("%")[0])) for a in found):
        raise NotAllowed(gettext("The address is not public."))
    return found[:MAX_ADDRESSES]


def _connect(addresses: list[str], port: int, timeout: float) -> socket.socket:
    error_name = "OSError"
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            error_name = type(error).__name__
    raise Unreachable(f"The address cannot be reached ({error_name}).")


def _wrap_tls(raw: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    except (OSError, ValueError) as error:
        raise Unreachable(f"No safe connection ({type(error).__name__}).") from None


def _shutdown(raw: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already
        raw.shutdown(socket.SHUT_RDWR)
