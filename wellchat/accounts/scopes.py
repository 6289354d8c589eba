"""Say what a bearer token may do: one table for every route, read by sessions.py at each call with one."""

from __future__ import annotations

from functools import lru_cache

READ, SEND, HOST, ADMIN = SCOPES = ("read", "send", "host", "admin")
DEFAULT_SCOPES = (READ, SEND)

ANY = ""  # whatever the scopes of the token are
CLOSED = None  # to every token: it is done by a person in a browser

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# The first that fits counts. Left: how the path of the rule begins.
_SPECIAL: tuple[tuple[str, str | None], ...] = (
    # The password in its body is what counts there; a token beside it adds nothing.
    ("/api/tokens", ANY),
    # It reads; only its words are in the body.
    ("/api/search", READ),
    # The host has keys of its own, and no person a token for it.
    ("/api/host/", CLOSED),
    ("/api/oversight/", ADMIN),
    ("/oversight", CLOSED),
    ("/settings", CLOSED),
    ("/prove", CLOSED),
)


# Every call with a token asks. As many entries as there are routes.
@lru_cache(maxsize=1_000)
def needed_scope(rule: str, method: str) -> str | None:
    """Return the scope that a call of this route needs, ANY or CLOSED.

    `read` is for safe methods, `send` for all others under /api. Forms are for browsers.
    """
    for start, scope in _SPECIAL:
        if rule.startswith(start):
            return scope
    if method in _SAFE:
        return READ
    return SEND if rule.startswith("/api/") else CLOSED
