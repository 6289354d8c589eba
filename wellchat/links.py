"""Find the addresses in a message, and decide which of them are links.

A link shows where it leads: its real host, in Punycode where its look could deceive. What hides the host is
left as plain text. static/js/lib/links.js has the same rule, function by function; tests/js/links.json is the
table of both, and the classes of characters are the same text there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import idna

from wellchat.scripts import is_imitation, mixes_scripts, script_of

# Parts of classes of characters. Spelled out, because \\s, \\w and \\p differ or are missing elsewhere.
BLANK = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Quotes, brackets and ends of sentences outside ASCII.
ENDS = (
    r"\u00a1\u00ab\u00bb\u00bf\u037e\u0589\u05c3\u060c\u061b\u061f\u06d4\u0964\u0965\u0f0d-\u0f12\u0f3a-\u0f3d"
    r"\u104a\u104b\u1361-\u1368\u17d4-\u17d6\u2018-\u201f\u2026\u2039\u203a\u203c\u203d\u2045-\u2049\u2329\u232a"
    r"\u27e6-\u27ef\u2983-\u2998\u3001\u3008-\u3011\u3014-\u301f\ufd3e\ufd3f\ufe12-\ufe18\ufe35-\ufe44\ufe47-\ufe5e"
    r"\uff01\uff02\uff07-\uff09\uff0c\uff1a\uff1b\uff1f\uff3b\uff3d\uff5b\uff5d\uff5f\uff60\uff62-\uff64"
)
# Scripts without spaces, and Korean, whose particles follow a word at once.
UNSPACED = (
    r"\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f"
)
# Where hosts have letters of which browsers and IDNA 2008 say the same.
HOSTS = (
    r"\u00c0-\u013e\u0141-\u024f\u0259\u0370-\u03ff\u0400-\u0487\u048a-\u04bf\u04c1-\u052f\u0531-\u0587"
    r"\u05d0-\u05ea\u0620-\u063f\u0641-\u06d5\u0900-\u0dff\u0e01-\u0e4e\u0e81-\u0ece\u0f40-\u0fbc\u1000-\u109f"
    r"\u10d0-\u10ff\u1200-\u135f\u1780-\u17b3\u17b6-\u17d3\u1e00-\u1e9d\u1e9f-\u1eff\u3005\u3006\u3041-\u309f"
    r"\u30a1-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
INVISIBLE = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb"
)
JOINED = r"\u0620-\u06d5\u0900-\u0dff"  # letters that a joiner changes
MARKS = r".,:;!?'\u00b7\u2010-\u2015\u30fb\u200d\u2190-\u2bff\ufe0f"  # no address ends with them

_START = re.compile(r"https?://|www\.|@", re.IGNORECASE | re.ASCII)
_RUN = re.compile(rf"""(?:[^{BLANK}{ENDS}<>"'\u3002\uff61]|['\u3002\uff61](?=[A-Za-z0-9]))+""")
_PATH_END = re.compile(r"[\u3002\uff61]")
_MARK = re.compile(rf"[{MARKS}\U0001f000-\U0001faff]")
_FOREIGN_TAIL = re.compile(rf"^(.*\.[A-Za-z]{{2,}})[{UNSPACED}][^.\u3002\uff0e\uff61:]*$")
_PARTS = re.compile(r"^(https?://)?([^/?#]*)(.*)$", re.IGNORECASE | re.DOTALL)
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.+-]|'(?=[A-Za-z0-9]))*$")
_DOMAIN = re.compile(rf"[A-Za-z0-9_{HOSTS}.-]+")
_HIDDEN = re.compile(rf"(?<![{JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{JOINED}])|\\")
_NOT_SEEN = re.compile(rf"(?![\u200c\u200d])[{INVISIBLE}\U000e0000-\U000e007f]")
_HOST = re.compile(r"^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$")
_HOST_LETTERS = re.compile(rf"^[\x00-\x7f\u3002\uff0e\uff01-\uff5e\uff61{HOSTS}]*$")
_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"^{_OCTET}(?:\.{_OCTET}){{3}}$")
DOTS = "\u3002\uff0e\uff61"  # read as a dot in a host (UTS #46)
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u06ff]")
# RFC 5893, simpler: in a host with letters of such scripts each label begins and ends with a letter.
_ONE_DIRECTION = re.compile(
    r"^(?:[a-z](?:[a-z0-9-]*[a-z0-9])?|[\u05d0-\u06ff](?:[\u05d0-\u06ff0-9-]*[\u05d0-\u06ff0-9])?)?$"
)
_CLOSING = {")": "(", "]": "[", "}": "{"}
MAX_LOCAL, MAX_DOMAIN, MAX_LABEL = 64, 253, 63  # RFC 5321, 4.5.3.1; RFC 1035, 2.3.4


@dataclass(frozen=True)
class Link:
    """An address in a text: where it stands, where it leads, and what to show for it."""

    start: int
    end: int
    href: str
    shown: str


def find_links(text: str) -> Iterator[Link]:
    """Yield the links of a text, in order."""
    at = 0
    for match in _START.finditer(text):
        start = match.start()
        if start < at:
            continue
        if match[0] == "@":
            link = _mail(text, at, start)
        elif _may_begin(text, start, match[0]):
            run = _RUN.match(text, start)
            found = _ending(run[0]) if run else ""
            led = _link(found)
            link = Link(start, start + len(found), *led) if led else None
            # What hides where it leads is left whole: no part of it is a link.
            at = start + len(run[0]) if run else at
        else:
            continue
        if link:
            at = link.end
            yield link


def _may_begin(text: str, start: int, what: str) -> bool:
    before = text[start - 1 : start]
    if not before:
        return True
    if re.match(r"[A-Za-z0-9_]", before):
        return False
    return what.lower() != "www." or not (before in (".", "@", "/", "-") or _is_letter(before))


def _is_letter(char: str) -> bool:
    """Return whether a letter, outside ASCII, of a script that has spaces between its words."""
    return char > "\x7f" and unicodedata.category(char)[0] in "LMN" and not re.match(f"[{UNSPACED}]", char)


def _ending(run: str) -> str:
    """Return the address without the rest of its sentence: brackets, punctuation, words behind a domain."""
    scheme, authority, rest = _PARTS.match(run).groups()  # type: ignore[union-attr]
    # No domain at the top mixes scripts: what follows is the next word.
    if cut := re.search(r"[(\[{]", authority):
        authority, rest = authority[: cut.start()], ""
    if tail := _FOREIGN_TAIL.match(authority):
        authority, rest = tail[1], ""
    if stop := _PATH_END.search(rest):
        rest = rest[: stop.start()]
    found = _balanced((scheme or "") + authority + rest)
    while found and _MARK.match(found[-1]):
        found = found[:-1]
    return found


def _balanced(found: str) -> str:
    """Return the address up to the first bracket that is not closed, or was not opened, inside it."""
    opened: list[tuple[str, int]] = []
    for at, char in enumerate(found):
        if char in "([{":
            opened.append((char, at))
        elif char in _CLOSING and (not opened or opened.pop()[0] != _CLOSING[char]):
            return found[:at]
    return found[: opened[0][1]] if opened else found


def _link(found: str) -> tuple[str, str] | None:
    """Return (href, shown), or None for what is no link or hides where it leads."""
    scheme, authority, rest = _PARTS.match(found).groups()  # type: ignore[union-attr]
    # A browser reads a backslash as a slash. What stands before an @ looks like the host, and is none.
    if "@" in authority or _HIDDEN.search(found) or _NOT_SEEN.search(found):
        return None
    written, colon, port = authority.partition(":")
    if colon and not re.fullmatch("[0-9]{1,5}", port):
        return None
    named = unicodedata.normalize("NFC", written)
    host = _host(named)
    if host is None or (scheme is None and not re.search(r"\.[a-z0-9-]{2,}", host[4:])):
        return None
    after = f"{colon}{port}{rest}"
    # What is all ASCII is left as it was written: it says what it is.
    href = (scheme or "http://") + (named if named.isascii() else host) + after
    return href, (scheme or "") + (host if _deceives(named, host) else named) + after


def _mail(text: str, least: int, at: int) -> Link | None:
    """Return the address around an @; None if it would be a part of one only."""
    local = _LOCAL.search(text[max(least, at - MAX_LOCAL - 1) : at])
    domain = _DOMAIN.match(text, at + 1, at + 2 + MAX_DOMAIN)
    if not local or len(local[0]) > MAX_LOCAL or not domain or len(domain[0]) > MAX_DOMAIN:
        return None
    start, named = at - len(local[0]), domain[0].rstrip(".-_")
    if _is_letter(text[start - 1 : start]):
        return None
    if tail := _FOREIGN_TAIL.match(named):
        named = tail[1]
    end = at + 1 + len(named)
    before, after = text[start - 1 : start], text[end : end + 1]
    # An address may not go on in letters that its host cannot have.
    if "@" in (before, after) or _is_letter(after):
        return None
    host = _host(named)
    if host is None or "." not in host:
        return None
    shown = host if _deceives(named, host) else named
    return Link(start, end, f"mailto:{local[0]}@{named if named.isascii() else host}", f"{local[0]}@{shown}")


def _host(named: str) -> str | None:
    """Return the host in ASCII, as a browser asks for it. None: it is none, or a number in disguise."""
    host = named.lower()
    if not named.isascii():
        if not _is_sound(named):
            return None
        try:
            host = idna.encode(named, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    if not _HOST.match(host) or len(host) > MAX_DOMAIN or max(map(len, host.split("."))) > MAX_LABEL:
        return None
    # Browsers read 2130706433, 0x7f.1 and 0177.1 as addresses too.
    if _NUMBER.search(host) and not _IPV4.match(host):
        return None
    return host


def _is_sound(named: str) -> bool:
    """Return whether a host with letters outside ASCII is one that all browsers read alike."""
    plain = unicodedata.normalize("NFKC", named).lower()
    if not _HOST_LETTERS.match(named) or any(
        char > "\x7f" and unicodedata.category(char)[0] not in "LM" for char in plain if char not in DOTS
    ):
        return False
    labels = re.split(f"[.{DOTS}]", plain)
    return not _NUMBER.search(".".join(labels)) and all(
        not label.startswith("-")
        and not label.endswith("-")
        and label[2:4] != "--"
        and "_" not in label
        and unicodedata.category(label[:1] or "a")[0] != "M"
        and (not _RIGHT_TO_LEFT.search(plain) or bool(_ONE_DIRECTION.match(label)))
        for label in labels
    )


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
