"""Tell requests of this host and its private network from those of the internet."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from flask import current_app, request

LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))
# Networks of a home or an office. Python's `is_private` includes more, also addresses reachable from outside.
PRIVATE_NETWORKS = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP")


def is_loopback_request() -> bool:
    """Return whether the client is on this host, and the Host header and BASE_URL are loopback too."""
    return _is_direct() and all(_is_in(LOOPBACK, host) for host in _request_hosts())


def is_lan_request() -> bool:
    """Return whether the request stays on this host or its private network.

    The client, the Host header and BASE_URL must all be loopback or private.
    """
    return _is_direct() and all(is_private_host(host) for host in _request_hosts())


def is_peer_of(networks: Iterable[str]) -> bool:
    """Return whether the client is on this host or in one of these networks, with no proxy in between."""
    return _is_direct() and _is_in((*LOOPBACK, *map(ip_network, networks)), request.remote_addr)


def listens_on_loopback() -> bool:
    """Return whether the server itself can be reached from this host alone.

    SERVER_NAME is the address of the listening socket (PEP 3333), not what the asker put into Host.
    """
    # On a Unix socket gunicorn takes it from Host; then there is no address of a client either.
    return bool(request.remote_addr) and _is_in(LOOPBACK, request.environ.get("SERVER_NAME"))


def is_private_host(host: str | None) -> bool:
    """Return whether `host` is localhost, a loopback or a private address.

    Any other name may resolve to an address elsewhere.
    """
    return _is_in((*LOOPBACK, *PRIVATE_NETWORKS), host)


def narrow_network(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 one.

    Whoever has one IPv6 address has its whole /64 (RFC 6177), so a single address limits nobody.
    """
    return _network(address, 32, 64)


def wide_network(address: str) -> str:
    """Return the neighbourhood of an address: the /24 of an IPv4, the /48 of an IPv6 address."""
    return _network(address, 24, 48)


def _network(address: str, of_ipv4: int, of_ipv6: int) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        # A socket of this host, or a server that does not know: all of them are one place.
        return "elsewhere"
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network(f"{found}/{of_ipv4 if found.version == 4 else of_ipv6}", strict=False))


def is_loopback_host(host: str | None) -> bool:
    """Return whether `host` is localhost or a loopback address."""
    return _is_in(LOOPBACK, host)


def _is_direct() -> bool:
    """Return whether no proxy is in between: behind one, every client would look local."""
    return not current_app.config["TRUSTED_PROXIES"] and not any(
        header in request.headers for header in PROXY_HEADERS
    )


def _request_hosts() -> tuple[str | None, ...]:
    """Return the client's address, the Host of the request and the host of BASE_URL.

    A page of another site can make a browser of this network send the request (DNS rebinding): then Host
    differs.
    """
    named = (request.host_url, current_app.config["BASE_URL"])
    return (request.remote_addr, *(urlsplit(each).hostname for each in named))


def _is_in(networks: tuple[IPv4Network | IPv6Network, ...], host: str | None) -> bool:
    # Browsers resolve localhost to loopback themselves (RFC 6761), so no DNS answer can redirect it.
    if host == "localhost":
        return True
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return any(address in network for network in networks)
