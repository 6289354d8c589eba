"""Check the setting of the embed: the sites whose pages may show conversations in a frame."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?:\*\.)?{LABEL}(?:\.{LABEL})*|\[[0-9a-f:.]+\]")
DEFAULT_PORTS = {"https": 443, "http": 80}


def embed_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check origins of pages: `https://host[:port]`, `https://*.host`, and http for this machine alone.

    They stand in `frame-ancestors` (CSP Level 3, 6.4.2), where a path never matches in some browsers.
    """
    for value in values:
        if (wrong := _wrong(value)) is not None:
            raise ValueError(f"{value} {wrong}")
    return values


def _wrong(value: str) -> str | None:
    """Return what is wrong with an origin, in words that follow it; None if it is good."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return "is no origin; write such as https://www.example.com"
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        return "is no origin; write such as https://www.example.com"
    if parts.path or parts.query or parts.fragment:
        return f"has something behind the host; write {parts.scheme}://{parts.netloc}"
    if value != value.lower():
        return f"has capital letters; write {value.lower()}"
    if not HOST.fullmatch(_host(parts)) or (port is None and parts.netloc.endswith(":")):
        return "is no origin; write such as https://www.example.com"
    if parts.scheme == "http" and _host(parts) not in LOOPBACK and not _host(parts).endswith(".localhost"):
        return f"is not encrypted; write https://{parts.netloc}"
    if port == DEFAULT_PORTS[parts.scheme]:
        return f"names the usual port; write {parts.scheme}://{_host(parts)}"
    return None


def _host(parts: SplitResult) -> str:
    """Return the host as it stands in the address, with the brackets of IPv6 and without the port."""
    return re.sub(r":\d*$", "", parts.netloc) if not parts.netloc.endswith("]") else parts.netloc


def allows(origins: tuple[str, ...], origin: str) -> bool:
    """Return whether one of these settings is the origin, or stands for it. A `*` is one name or more."""
    return any(origin == each or ("//*." in each and _is_below(each, origin)) for each in origins)


def _is_below(pattern: str, origin: str) -> bool:
    scheme, _, rest = pattern.partition("//*")
    # `rest` is `.host[:port]`: what stands before it is the names, and nothing else.
    if not origin.startswith(f"{scheme}//") or not origin.endswith(rest):
        return False
    names = origin[len(scheme) + 2 : -len(rest)]
    return re.fullmatch(rf"{LABEL}(?:\.{LABEL})*", names) is not None
