"""Read the origin of an act from the request: the person signed in, the address, the device."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

from flask import Flask, g, request

from wellchat.audit.origin import Origin, current_origin

# The order matters: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
# Here too: Android calls itself Linux, and an iPhone is "like Mac OS X".
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_label(user_agent: str) -> str:
    """Return "Firefox on Windows", or the first word of an unknown User-Agent; at most 80 characters."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    return (browser or system or "".join(filter(str.isprintable, user_agent)).partition(" ")[0])[:80]


# Each request with a token asks, and most come from few places.
@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """Return the /24 of an IPv4 address, the /48 of an IPv6 one, or "" for anything else."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    # A server that listens on IPv6 sees the clients of IPv4 like this.
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def _origin() -> Origin:
    # Only who is loaded already: current_user would ask the database, also for a refused request.
    user = g.get("_login_user")
    address = (request.remote_addr or "")[:45]
    return Origin(
        actor_id=user.id if user is not None and user.is_authenticated else None,
        address=address,
        network=network_of(address),
        # What acts by a key of its own says which one; see `act_as`.
        device=g.get("audit_device") or device_label(request.headers.get("User-Agent", "")),
        request_id=g.get("request_id"),
        kind=g.get("audit_kind"),
    )


def act_as(kind: str, device: str) -> None:
    """Let the acts of this request be those of a program of this kind (ACTOR_KINDS), known as `device`."""
    g.audit_kind, g.audit_device = kind, device[:80]


def init_app(app: Flask) -> None:
    """Give every request its origin, and take it away at the end: threads are used again."""
    # In front of what is there: a request that is refused on its way has an origin too.
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: current_origin.set(_origin) and None)
    app.teardown_request(lambda error: current_origin.set(None) and None)
