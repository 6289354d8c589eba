"""Read a Content-Security-Policy as a browser does (CSP Level 3, 6.7.2), as far as hosts need it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

SCRIPT = ("script-src-elem", "script-src", "default-src")
FRAME = ("frame-src", "child-src", "default-src")
FETCH = ("connect-src", "default-src")
ANCESTORS = ("frame-ancestors",)
USUAL_PORTS = {"http": 80, "https": 443}


def sources_of(policy: str, directives: Sequence[str]) -> tuple[str, list[str]] | None:
    """Return (name, sources) of the first of these directives that the policy has; None: it has none."""
    given: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        # Of two with one name, browsers take the first.
        given.setdefault(name.lower(), sources)
    return next(((name, given[name]) for name in directives if name in given), None)


def refusing(
    policies: Sequence[str], directives: Sequence[str], url: str, *, page: str, nonce: str = ""
) -> str:
    """Return the directive that keeps `url` away from `page`; "" if none does. Every policy has to agree."""
    for policy in policies:
        found = sources_of(policy, directives)
        if found and not _is_allowed(found[1], urlsplit(url), urlsplit(page), nonce):
            return found[0]
    return ""


def _is_allowed(sources: list[str], url: SplitResult, page: SplitResult, nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    # With it, only nonces and hashes count.
    if "'strict-dynamic'" in [each.lower() for each in sources]:
        return False
    return any(_matches(source, url, page) for source in sources)


def _matches(source: str, url: SplitResult, page: SplitResult) -> bool:
    if source.lower() == "'self'":
        return (url.scheme, url.hostname, _port(url)) == (page.scheme, page.hostname, _port(page))
    if source == "*":
        return url.scheme in USUAL_PORTS
    if source.startswith("'"):
        return False
    if source.endswith(":") and "/" not in source:
        return _is_scheme(source[:-1].lower(), url.scheme)
    scheme, _, rest = source.rpartition("://")
    place, _, path = rest.partition("/")
    host, port = _split(place)
    return (
        _is_scheme(scheme.lower() or page.scheme, url.scheme)
        and _is_host(host.lower(), url.hostname or "")
        and (port == "*" or (port or str(USUAL_PORTS.get(url.scheme))) == str(_port(url)))
        and (not path or f"/{path}" == url.path or (path.endswith("/") and url.path.startswith(f"/{path}")))
    )


def _split(place: str) -> tuple[str, str]:
    host, colon, port = place.rpartition(":")
    return (host, port) if colon and (port == "*" or port.isdecimal()) else (place, "")


def _is_scheme(named: str, found: str) -> bool:
    return found == named or (named, found) == ("http", "https")


def _is_host(named: str, found: str) -> bool:
    return found.endswith(named[1:]) if named.startswith("*.") else found == named


def _port(url: SplitResult) -> int | None:
    return url.port or USUAL_PORTS.get(url.scheme)
