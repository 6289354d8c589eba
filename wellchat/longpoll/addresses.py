"""Count the connections of each client address, so that one of them cannot take all places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from gunicorn.workers.gthread import TConn


def address_key(client: object) -> str:
    """Return the IPv4 address or the IPv6 /64 of a peer, or "" for one without an address (a Unix socket)."""
    if not isinstance(client, tuple):
        return ""
    # Without the zone of a link-local address (RFC 4007).
    found = ip_address(str(client[0]).partition("%")[0])
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    # A household has at least a /64, and could take another address for each connection.
    return str(ip_network((found, 64), strict=False))


class Places:
    """The connections of one process, by address. `limit`: of one address; 0 for none."""

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit
        self._taken: Counter[str] = Counter()

    def take(self, client: object) -> Callable[[], None] | None:
        """Take a place. Return what gives it back, or None if this address has as many as it may."""
        key = address_key(client) if self.limit else ""
        if key and self._taken[key] >= self.limit:
            return None
        self._taken[key] += 1
        return lambda: self._give_back(key)

    def _give_back(self, key: str) -> None:
        self._taken[key] -= 1
        # Or it would keep every address that was ever here.
        if self._taken[key] <= 0:
            del self._taken[key]


class Connection(TConn):  # type: ignore[misc]
    """A connection of gunicorn's thread worker that gives back its place when it is closed."""

    def __init__(self, cfg: Any, sock: Any, client: Any, server: Any, give_back: Callable[[], None]) -> None:
        super().__init__(cfg, sock, client, server)
        self._give_back: Callable[[], None] | None = give_back

    def close(self, graceful: bool = False) -> None:
        """Close the socket, and give back the place, once."""
        if self._give_back is not None:
            self._give_back()
            self._give_back = None
        super().close(graceful)
