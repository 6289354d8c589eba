"""Where `next` may lead: only ever to a page of ours, however it is spelled."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from wellchat.web import safe_next

TARGETS = [
    "https://evil.example",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "ftp://evil.example",
    "file:///etc/passwd",
    "/%09/evil.example",
    "%2F%2Fevil.example",
    "%5C%5Cevil.example",
    "https%3A%2F%2Fevil.example",
    "evil.example",
    "www.evil.example",
    "evil.example/path",
    "@evil.example",
    "/@evil.example",
    "//@evil.example",
    "//localhost@evil.example",
    "//localhost:80@evil.example",
    "http://localhost@evil.example",
    "http://localhost.evil.example",
    "//[::1]",
    "//[evil.example]",
    "//1.1.1.1",
    "//0x7f.1",
    "?next=//evil",
    "#//evil.example",
    ".//evil.example",
    "..//evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/;//evil.example",
    "//evil%E3%80%82example",
    "////localhost/..//evil.example",
    "://evil.example",
    ":evil.example",
    "http:\\\\evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    " //evil.example",
    "\u0000//evil.example",
    "/\u0000/evil.example",
    "java\nscript:alert(1)",
    "\u2028//evil.example",
    "/\u3000\\evil.example",
    "/x\r\nSet-Cookie: a=b",
]


def goes_to(location: str, base: str = "http://localhost/sign-in") -> str:
    """The origin a browser ends on: WHATWG's reading, which drops tabs and line ends and takes \\ for /."""
    text = location.strip("".join(map(chr, range(33))))
    text = "".join(c for c in text if c not in "\t\r\n").replace("\\", "/")
    parts = urlsplit(urljoin(base, text))
    return f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("target", TARGETS)
def test_next_never_leads_to_another_site(target):
    assert goes_to(safe_next(target)) == "http://localhost"


def test_the_table_of_hostile_targets_is_complete():
    assert len(TARGETS) >= 60
