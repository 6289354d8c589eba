"""Look at a host from outside: six things that keep its people from their messages, and what mends each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urljoin, urlsplit

from flask import current_app

from wellchat import doctor
from wellchat.config import setting
from wellchat.host_setup.hooks import Wrong, webhooks_looked_at
from wellchat.host_setup.keys import missing_settings, origin_of
from wellchat.host_setup.policies import ANCESTORS, FETCH, FRAME, SCRIPT, refusing
from wellchat.host_setup.visiting import Answer, NotReached, Tags, ask, browser, complaints, tags_of
from wellchat.mail.outbox_key import outbox_key
from wellchat.networks import is_loopback_host
from wellchat.own_command import own_command
from wellchat.sso import keys as sso_keys
from wellchat.sso.tokens import LEEWAY, BadToken, read_host_token

SCRIPT_PATH, FRAME_PATH, FEED_PATH = "/embed/v1.js", "/embed/hub", "/api/host/events/cursor"
TOKEN_PATH = "/wellchat-token"  # noqa: S105 - where the host hands tokens out, if its tag does not say
ASKS_WHO = (204, 301, 302, 303, 307, 308, 401, 403)
POLICY = "Content-Security-Policy: script-src 'self' {here}; frame-src {here}; connect-src 'self'"


@dataclass(frozen=True)
class Visit:
    """A page of the host, and what one look at it brought."""

    page: Answer
    tags: Tags
    origin: str
    here: str  # wellchat's own address
    cookie: str = ""  # of somebody who is signed in at the host
    token_url: str = ""
    said: list[str] | None = None  # by a browser; None: there was none

    @property
    def policies(self) -> list[str]:
        """Return every policy that the page has to obey."""
        return [*self.page.all_of("Content-Security-Policy"), *self.tags.policies]

    @property
    def token_address(self) -> str:
        """Return where the page gets its tokens."""
        path = self.token_url or (self.tags.script or {}).get("data-token-url") or TOKEN_PATH
        return urljoin(self.page.url, path)

    def complaint(self, *, of_frame: bool) -> str | None:
        """Return what a browser said of wellchat: that it may not be framed, or that the page refuses it."""
        mine = [each for each in self.said or [] if self.here in each]
        return next((each for each in mine if ("frame-ancestors" in each) == of_frame), None)


@dataclass(frozen=True)
class Finding:
    """What one look found. `mend` is the line that mends it; empty where nothing is wrong."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def visit(url: str, *, cookie: str = "", token_url: str = "", with_browser: bool = True) -> Visit:
    """Open a page of the host. Raises NotReached, and ValueError for what is no address."""
    here = str(setting("BASE_URL"))
    origin_of(url)
    page = ask(url, cookie=cookie)
    program = browser() if with_browser else None
    said = complaints(program, url) if program else None
    # Where it led to counts: browsers look at the address they end at.
    tags, origin = tags_of(page.text, here + SCRIPT_PATH), origin_of(page.url)
    return Visit(page, tags, origin, here, cookie, token_url, said)


def look(visited: Visit, now: datetime) -> list[Finding]:
    """Return the six findings, in order."""
    found = []
    for name, check in CHECKS.items():
        try:
            found.append(Finding(name, True, check(visited, now)))
        except Wrong as wrong:
            found.append(Finding(name, False, wrong.detail, wrong.mend))
        except NotReached as error:
            found.append(Finding(name, False, str(error), own_command("up")))
    return found


def _csp(visited: Visit, _now: datetime) -> str:
    nonce, mend = (visited.tags.script or {}).get("nonce", ""), POLICY.format(here=visited.here)
    for url, directives, what in (
        (visited.here + SCRIPT_PATH, SCRIPT, f"the script of {visited.here} out"),
        (visited.here + FRAME_PATH, FRAME, f"the frame of {visited.here} out"),
        (visited.token_address, FETCH, "its own scripts from its token"),
    ):
        by = refusing(visited.policies, directives, url, page=visited.page.url, nonce=nonce)
        if by:
            raise Wrong(f"{by} of the page keeps {what}", mend)
    if said := visited.complaint(of_frame=False):
        raise Wrong(said, mend)
    # The browser has no cookie: what it saw is the page of a stranger.
    whose = ", as a stranger," if visited.cookie else ""
    looked = "by its headers" if visited.said is None else f"by its headers and{whose} in a browser"
    return f"the page {'lets wellchat in' if visited.policies else 'sends no policy'}; looked {looked}"


def _frame(visited: Visit, _now: datetime) -> str:
    if visited.origin.startswith("https:") and visited.here.startswith("http:"):
        place = urlsplit(visited.here).netloc
        raise Wrong("browsers show no http frame in an https page", f"WELLCHAT_BASE_URL=https://{place}")
    mend = _setting_line("WELLCHAT_EMBED_ORIGINS", visited.origin)
    hub = ask(f"{visited.here}{FRAME_PATH}?{urlencode({'origin': visited.origin})}")
    if hub.status != 200:
        raise Wrong(
            f"{visited.here}{FRAME_PATH} answers {hub.status}: {visited.origin} may not show it", mend
        )
    if hub.all_of("X-Frame-Options"):
        raise Wrong("a proxy in front of wellchat adds X-Frame-Options", "proxy_hide_header X-Frame-Options;")
    if refusing(hub.all_of("Content-Security-Policy"), ANCESTORS, visited.origin, page=visited.here):
        raise Wrong(f"frame-ancestors of wellchat does not name {visited.origin}", mend)
    if said := visited.complaint(of_frame=True):
        raise Wrong(said, mend)
    elements = ", ".join(dict.fromkeys(visited.tags.elements))
    if not elements and not visited.cookie:
        seen = "as a stranger it has no element of it; --cookie looks as somebody"
    else:
        seen = f"this page has {elements or 'no element of it, also with this cookie'}"
    return f"{visited.origin} may show wellchat; {seen}"


def _setting_line(name: str, origin: str) -> str:
    # This process may know less than the one that serves: the value stands even if it is set here.
    return f"{name}={missing_settings(origin).get(name, origin)}"


def _token(visited: Visit, now: datetime) -> str:
    good = [key for key in sso_keys.keys_in_order() if not key.is_over(now)]
    if not good:
        raise Wrong("no key signs tokens", own_command("host", "init", visited.origin))
    url = visited.token_address
    path = url.removeprefix(visited.origin)
    try:
        given = ask(
            url,
            method="POST",
            cookie=visited.cookie,
            follow=False,
            Origin=visited.origin,
            Accept="application/json",
            Sec_Fetch_Site="same-origin",
        )
    except NotReached as error:
        raise Wrong(str(error), f'data-token-url="{TOKEN_PATH}"') from None
    if given.status in ASKS_WHO and not visited.cookie:
        return f"POST {path} asks who it is ({given.status}); with --cookie the token itself is looked at"
    if given.status in ASKS_WHO:
        raise Wrong(
            f"POST {path} answers {given.status}, also with this cookie",
            "--cookie NAME=VALUE of who is signed in",
        )
    if given.status != 200:
        raise Wrong(f"POST {path} answers {given.status}", f'data-token-url="{path}"')
    return _read_token(given.text, path, visited, now)


def _read_token(text: str, path: str, visited: Visit, now: datetime) -> str:
    shape = 'answer with the JSON {"token": "..."}'
    try:
        answered = json.loads(text)
        token = answered["token"]
    except (ValueError, TypeError, KeyError):
        raise Wrong(f"POST {path} answers no token", shape) from None
    try:
        claims = read_host_token(str(token), now)
    except BadToken as bad:
        raise Wrong(f"{bad.code}: {bad.reason}", "docs/integrate.md, When a token is refused") from None
    if not visited.cookie:
        raise Wrong(
            f"POST {path} gives a stranger a token of {claims.sub}", "answer 401 where nobody is signed in"
        )
    return f"a good one, of {claims.sub}, for {int((claims.exp - now).total_seconds())} s"


def _clock(visited: Visit, _now: datetime) -> str:
    said = visited.page.headers.get("Date")
    if said is None:
        return "the page sends no Date; its tokens tell"
    try:
        theirs = parsedate_to_datetime(str(said))
    except ValueError:
        return "the page sends no Date that can be read; its tokens tell"
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    # Read when the page answered, and to the second only.
    apart = round((theirs - visited.page.at).total_seconds())
    if abs(apart) > LEEWAY:
        word = "ahead of" if apart > 0 else "behind"
        raise Wrong(f"its clock is {abs(apart)} s {word} ours", "timedatectl set-ntp true")
    return f"{abs(apart)} s apart"


def _webhook(visited: Visit, now: datetime) -> str:
    # The one that serves counts, whatever this process was given.
    if ask(visited.here + FEED_PATH).status == 404:
        raise Wrong(
            "events are off, so nobody tells it what happens", _setting_line("WELLCHAT_FEATURES", "events")
        )
    said = webhooks_looked_at(visited.origin, now)
    mine = "its webhooks were not looked at, for this shell lacks WELLCHAT_FEATURES=events"
    return said[0] if said else f"events are on; {mine}"


def _mail(visited: Visit, _now: datetime) -> str:
    mine = "WELLCHAT_SMTP_URL=smtp://USER:PASSWORD@mail.example.com:587?starttls=1"
    if setting("SMTP_URL") is None:
        if is_loopback_host(urlsplit(visited.here).hostname or ""):
            return f"kept, and not sent: {visited.here}/outbox?key={outbox_key()}"
        raise Wrong("no mail server is set: nobody who is away hears of a message", mine)
    if str(setting("MAIL_FROM")).endswith("@localhost"):
        raise Wrong(
            "mails come from an address that nobody can answer", "WELLCHAT_MAIL_FROM=chat@example.com"
        )
    found = doctor.run_check(current_app._get_current_object(), "mail")  # type: ignore[attr-defined]
    if not found.ok:
        raise Wrong(found.detail, mine)
    return found.detail


CHECKS: dict[str, Callable[[Visit, datetime], str]] = {
    "csp": _csp,
    "frame": _frame,
    "token": _token,
    "clock": _clock,
    "webhook": _webhook,
    "mail": _mail,
}
