"""Visit a page of the host: what it answers, what is on it, and what a browser says of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPException
from typing import Any

from wellchat import clock

TIMEOUT = 10.0  # seconds for one call
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER_TIMEOUT = 20.0  # seconds; a page that polls never rests
LOOKS = 4000  # milliseconds that a browser looks at the page
MAX_BODY = 2 * 1024 * 1024
SAID = re.compile(r'CONSOLE[^"]*"(.*?)", source:', re.DOTALL)


class NotReached(Exception):
    """Nothing answered there."""


@dataclass(frozen=True)
class Answer:
    """What an address answered, and when."""

    url: str
    status: int
    headers: Message
    text: str
    at: datetime

    def all_of(self, name: str) -> list[str]:
        """Return every header of this name."""
        return [str(value) for value in self.headers.get_all(name) or []]


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def ask(url: str, *, method: str = "GET", cookie: str = "", follow: bool = True, **headers: str) -> Answer:
    """Return the answer of an address, a refusal too. Raises NotReached."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given |= {"User-Agent": "wellchat host check", **({"Cookie": cookie} if cookie else {})}
    body = b"" if method == "POST" else None
    request = urllib.request.Request(url, data=body, headers=given, method=method)  # noqa: S310 - by the operator
    opener = urllib.request.build_opener(*(() if follow else (_StayHere,)))
    try:
        with opener.open(request, timeout=TIMEOUT) as response:
            return _answer(response)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _answer(refusal)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NotReached(f"{url} does not answer: {reason}") from None


def _answer(response: Any) -> Answer:
    at = clock.now()
    text = response.read(MAX_BODY).decode("utf-8", "replace")
    return Answer(response.url, response.status, response.headers, text, at)


@dataclass
class Tags:
    """What the host's page has of wellchat."""

    script: dict[str, str] | None = None  # the attributes of its script tag
    elements: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)  # of meta tags


class _Reader(HTMLParser):
    def __init__(self, script_url: str) -> None:
        super().__init__()
        self.script_url = script_url
        self.tags = Tags()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and given.get("src", "").partition("?")[0] == self.script_url:
            self.tags.script = given
        if tag.startswith("wellchat-"):
            self.tags.elements.append(tag)
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.tags.policies.append(given.get("content", ""))


def tags_of(html: str, script_url: str) -> Tags:
    """Return what a page has of wellchat."""
    reader = _Reader(script_url)
    reader.feed(html)
    return reader.tags


def browser() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def complaints(program: str, url: str) -> list[str] | None:
    """Return what a browser without a window says of the page's policies; None if it did not run."""
    with tempfile.TemporaryDirectory(prefix="wellchat-") as folder:
        # Its sandbox refuses to run as root.
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        quiet = ["--headless", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={folder}"]
        words = [program, *quiet, *as_root, f"--timeout={LOOKS}", "--dump-dom", url]
        try:
            ran = subprocess.run(  # noqa: S603 - a browser of this machine
                words, capture_output=True, text=True, timeout=BROWSER_TIMEOUT, errors="replace"
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    return [
        said for said in SAID.findall(ran.stderr) if "Content Security Policy" in said or "X-Frame" in said
    ]
