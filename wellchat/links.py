"""Find the addresses in a message, and decide which of them are links.

A link shows where it leads: its real host, in Punycode where its look could deceive. What hides the host is
left as plain text. static/js/lib/links.js has the same rule; tests/js/links.json is the table of both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import idna

from wellchat.scripts import has_invisible, is_imitation, mixes_scripts, script_of

# Spelled out, because \\s and \\w mean other characters in JavaScript.
_BLANK = "\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
_CANDIDATE = re.compile(
    rf"""(?:(?<![A-Za-z0-9_])[Hh][Tt][Tt][Pp][Ss]?://|(?<![A-Za-z0-9_.@/-])[Ww][Ww][Ww]\.(?=[^{_BLANK}./?\#@]))"""
    rf"""[^{_BLANK}<>"']+"""
    r"""|[A-Za-z0-9_.+-]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+"""
)
_PARTS = re.compile(r"^(https?://)?([^/?#]*)(.*)$", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$")
_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"^{_OCTET}(?:\.{_OCTET}){{3}}$")
DOTS = "\u3002\uff0e\uff61"  # read as a dot in a host (UTS #46)
_CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Link:
    """An address in a text: where it stands, where it leads, and what to show for it."""

    start: int
    end: int
    href: str
    shown: str


def find_links(text: str) -> Iterator[Link]:
    """Yield the links of a text, in order."""
    for match in _CANDIDATE.finditer(text):
        found = _without_end(match[0])
        if (link := _link(found)) is not None:
            yield Link(match.start(), match.start() + len(found), *link)


def _without_end(found: str) -> str:
    """Return the address without the punctuation of its sentence."""
    while found:
        last = found[-1]
        opening = _CLOSING.get(last)
        if last not in ".,;:!?" and not (opening and found.count(opening) < found.count(last)):
            break
        found = found[:-1]
    return found


def _link(found: str) -> tuple[str, str] | None:
    """Return (href, shown), or None for what is no link or hides where it leads."""
    scheme, authority, rest = _PARTS.match(found).groups()  # type: ignore[union-attr]
    if scheme is None and not authority.lower().startswith("www."):
        return (f"mailto:{found}", found) if "@" in found else None
    # A browser reads a backslash as a slash. What stands before an @ looks like the host, and is none.
    if "@" in authority or "\\" in found or has_invisible(found):
        return None
    named, colon, port = authority.partition(":")
    if colon and not re.fullmatch("[0-9]{1,5}", port):
        return None
    host = _host(named)
    if host is None or (scheme is None and not re.search(r"\.[a-z0-9-]{2,}", host[4:])):
        return None
    after = f"{colon}{port}{rest}"
    # What is all ASCII is left as it was written: it says what it is.
    href = (scheme or "http://") + (named if named.isascii() else host) + after
    return href, (scheme or "") + (host if _deceives(named, host) else named) + after


def _host(named: str) -> str | None:
    """Return the host in ASCII, as a browser asks for it. None: it is none, or a number in disguise."""
    host = named.lower()
    if not named.isascii():
        if not all(
            char.isascii() or char in DOTS or unicodedata.category(char)[0] in "LMN" for char in named
        ):
            return None
        try:
            host = idna.encode(named, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    if not _HOST.match(host):
        return None
    # Browsers read 2130706433, 0x7f.1 and 0177.1 as addresses too.
    if _NUMBER.search(host) and not _IPV4.match(host):
        return None
    return host


def _deceives(named: str, host: str) -> bool:
    """Return whether the host looks like another one, so that its Punycode is to be shown."""
    if named.isascii():
        return False
    labels = re.split(f"[.{DOTS}]", named)
    # Full-width letters and the like are another host than they show.
    if unicodedata.normalize("NFKC", named).lower() != named.lower() or any(dot in named for dot in DOTS):
        return True
    return any(
        mixes_scripts(label)
        or any(script_of(char) == "" for char in label)
        or (is_imitation(label) and labels[-1].isascii())
        for label in labels
        if not label.isascii()
    )
