"""Decide whether a mail is proven to be from whom it says, by the results that our mail server wrote into it.

SPF, DKIM and DMARC are checked where the connection from outside ends. That server writes what it found into
`Authentication-Results` (RFC 8601). Anybody else can write such a header too, so only the server that the
operator has named counts, and each result counts only for the domain that it is about.
"""

from __future__ import annotations

import authres
from authres.core import AuthenticationResult

from wellchat.config import setting
from wellchat.replies.reading import Incoming

MAX_HEADER = 8_000  # characters; a longer one is not read
# Where each method says which domain it is about, the more exact one first (RFC 8601, section 2.7).
IDENTITIES = {
    "dkim": (("header", "d"), ("header", "i")),
    "spf": (("smtp", "mailfrom"),),
    "dmarc": (("header", "from"),),
}


def missing_proof(mail: Incoming) -> str | None:
    """Return what is missing as proof that the author wrote this mail, or None if nothing is.

    Proof is `dmarc=pass`, or `dkim=pass` or `spf=pass` for the author's own domain, and no `dmarc=fail`.
    """
    if setting("UNPROVEN_REPLIES") and not setting("AUTHSERV_ID"):
        return None
    author_domain = (mail.author or "").rpartition("@")[2]
    results = _trusted_results(mail)
    # First: the owner of the domain says what a failure means, and no other pass outweighs it.
    if any((result.method, result.result) == ("dmarc", "fail") for result in results):
        return "dmarc=fail"
    if any(_proves(result, author_domain) for result in results):
        return None
    # For the operator: what there was, without who it was.
    return ", ".join(f"{result.method}={result.result}" for result in results)[:200] or "no results"


def _trusted_results(mail: Incoming) -> list[AuthenticationResult]:
    """Return the results of the named server, of all its headers: each filter of it adds one of its own."""
    trusted = (setting("AUTHSERV_ID") or "").lower()
    found: list[AuthenticationResult] = []
    for value in mail.headers("Authentication-Results"):
        if not trusted or len(value) > MAX_HEADER:
            continue
        try:
            header = authres.parse_value(value)
        # What cannot be read proves nothing. The parser descends into nested comments by recursion.
        except (authres.AuthResError, RecursionError, ValueError):
            continue
        if header.authserv_id == trusted:
            found += header.results
    return found


def _proves(result: AuthenticationResult, author_domain: str) -> bool:
    domain: str | None
    if result.result != "pass" or result.method not in IDENTITIES:
        return False
    named = {(each.type, each.name): each.value or "" for each in result.properties}
    domain = next((named[each] for each in IDENTITIES[result.method] if each in named), None)
    if domain is None:
        # DMARC is about the domain of From by definition (RFC 7489); the others are about any domain.
        return str(result.method) == "dmarc"
    return is_aligned(domain, author_domain)


def is_aligned(domain: str, author_domain: str) -> bool:
    """Return whether a result about `domain` (or an address in it) says something about the author's domain.

    It must be the same, or a domain above it. A single label, such as a country's, is above too many.
    """
    domain = domain.rpartition("@")[2].lower().strip(".")
    return "." in domain and f".{author_domain}".endswith(f".{domain}")
