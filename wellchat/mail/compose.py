"""Compose a mail: from its ledger row and the templates under templates/emails/<name>/ to a finished message.

The row holds ids; texts and secret links are looked up when the mail is sent. Features declare the rest:
`mail_links` make the path of a link for a person, and the context of a MailType decides once more whether the
mail is still wanted, and gathers its content.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from css_inline import CSSInliner
from flask import current_app
from jinja2 import TemplateNotFound
from markupsafe import Markup

from wellchat.branding import keep_fresh
from wellchat.config import setting
from wellchat.feature import registry
from wellchat.graphemes import cut
from wellchat.i18n import N_, direction, force_language, gettext
from wellchat.mail import mime
from wellchat.mail.addresses import UNSUBSCRIBE, accepts_replies, reply_address, unsubscribe_address
from wellchat.mail.hooks import mail_vetoed, present_address, reader_language, unsubscribe_kind, way_in
from wellchat.mail.models import Mail
from wellchat.mail.palette import palette
from wellchat.mail.templates import render_mail
from wellchat.next_page import with_next
from wellchat.setting_types import mailbox

MAX_SUBJECT = 160
EXAMPLE_ADDRESS = "somebody@example.com"
DISCREET = "discreet"  # the folder of templates without names and words


class NotWanted(Exception):
    """The mail need not be sent any more. `reason` is a sentence for the ledger."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotNow(Exception):
    """The mail has to wait until the moment `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


class Rendered(NamedTuple):
    """A finished message, and the stretches of threads that it holds."""

    content: bytes
    covers: list[dict[str, Any]]


def render(mail: Mail, *, now: datetime, content: dict[str, Any] | None = None) -> Rendered:
    """Return the finished message. Raises NotWanted and NotNow.

    `content` replaces what the mail's declared context would return.
    """
    keep_fresh()
    context: dict[str, Any] = dict(mail.context)
    if content is not None:
        # Its writer has just looked whether the person may be written to.
        context |= content
    elif why := _veto(mail):
        raise NotWanted(why)
    elif declared := registry().mails.get(mail.name):
        context |= declared.context(mail, now) if declared.context else {}
    elif _has_templates(mail.name):
        raise NotWanted(N_("This kind of email is switched off."))
    # A feature that gathered the content knows the language of its reader.
    language = context["language"] if "language" in context else language_of(mail.user_id)
    with force_language(language):
        return _build(mail, context | _template_helpers(mail, now), now)


def render_example(name: str, sample: dict[str, Any], *, language: str, now: datetime) -> bytes:
    """Return a mail of this kind as it would be with `sample` as its context. It holds no link that works."""
    keep_fresh()
    mail = Mail(id="example", user_id=None, address=EXAMPLE_ADDRESS, name=name, context={}, covers=[])
    with force_language(language):
        context = sample | _template_helpers(mail, now)
        context["link_to"] = lambda link: absolute_url(f"/{link}/example")
        return _build(mail, context, now).content


def _veto(mail: Mail) -> str | None:
    """Return why the reader is sent nothing; None: send it."""
    declared = registry().mails.get(mail.name)
    if mail.user_id is None:
        return None
    if not (declared and declared.to_old_address):
        # A link is made now, for the account as it is now: whoever reads the old address must not get it.
        present = next(filter(None, present_address(mail.user_id)), None)
        if present is not None and present != mail.address:
            return N_("The person has another address now.")
    if declared and declared.to_disabled:
        return None
    return next((why for why in mail_vetoed(mail.user_id) if why), None)


def _has_templates(name: str) -> bool:
    """Return whether this is a kind of mail of ours, though none of the features that are on declares it."""
    return f"emails/{name}/body.txt" in current_app.jinja_env.list_templates()


def _build(mail: Mail, context: dict[str, Any], now: datetime) -> Rendered:
    covers = context.get("covers", mail.covers)
    discreet = bool(context.get("discreet"))
    template = DISCREET if discreet else mail.name
    if discreet:
        context["style"] = _style(DISCREET, *_looks())
    headers = {
        "From": mime.mailbox(*_sender()),
        "To": mime.mailbox("" if discreet else context.get("name", ""), mail.address),
        "Reply-To": _reply_to(mail, covers, now),
        "Subject": mime.encoded(cut(mime.one_line(_template(template, "subject.txt", context)), MAX_SUBJECT)),
        "Date": format_datetime(now),
        "Message-ID": mail.message_id or message_id(mail.id),
        **_thread_headers(mail, covers),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if path := context.get("unsubscribe_path"):
        headers["List-Unsubscribe"] = ", ".join(_ways_to_unsubscribe(mail, path, now))
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = _template(template, "body.txt", context).strip() + "\n" + _links_below(context["brand_links"])
    calendar = None if discreet else context.get("calendar")
    html, boundary = _html(template, context), f"={mail.id}="
    return Rendered(mime.message(headers, text, html, boundary=boundary, calendar=calendar), covers)


def language_of(user_id: str | None) -> str | None:
    """Return the language a person reads, from the feature that knows. None: unknown."""
    return next(filter(None, reader_language(user_id)), None) if user_id else None


def message_id(mail_id: str) -> str:
    """Return the Message-ID (RFC 5322): the same for every attempt, so that a repeat is shown once."""
    return f"<{mail_id}@{_domain()}>"


def _thread_headers(mail: Mail, covers: list[dict[str, Any]]) -> dict[str, str]:
    """Return the headers by which mail programs show all mails about one conversation together.

    All refer to one Message-ID that no mail has, so that a mail needs no look at those before it and stays in
    its place when they are deleted (RFC 5322, section 3.6.4). It is a hash: it names nobody.
    """
    threads = {each["thread_id"] for each in covers}
    if mail.user_id is None or len(threads) != 1:
        return {}
    key = hashlib.sha256(b"wellchat.mail.thread:" + setting("SECRET_KEY").encode()).digest()
    digest = hmac.new(key, f"{mail.user_id}:{threads.pop()}".encode(), "sha256").hexdigest()[:32]
    root = f"<thread.{digest}@{_domain()}>"
    return {"In-Reply-To": root, "References": root}


def _ways_to_unsubscribe(mail: Mail, path: str, now: datetime) -> list[str]:
    """Return the links of List-Unsubscribe (RFC 2369): by one click, and by a mail where mails reach us."""
    ways = [f"<{absolute_url(path)}>"]
    kind = next(filter(None, unsubscribe_kind(path)), None)
    address = unsubscribe_address(user_id=mail.user_id, now=now) if mail.user_id and kind else None
    # The first is the one that most programs take, so the one-click link stays there (RFC 8058).
    return [*ways, f"<mailto:{address}?subject={UNSUBSCRIBE}%20{quote(str(kind))}>"] if address else ways


def absolute_url(path: str) -> str:
    """Return a link under BASE_URL, never under the host of a request."""
    return f"{setting('BASE_URL')}/{path.lstrip('/')}"


def _reply_to(mail: Mail, covers: list[dict[str, Any]], now: datetime) -> str | None:
    """Return the Reply-To address: into the thread, if there is exactly one.

    For several threads there is none, and the mail names an address for each: words meant for one person must
    not reach another by a guess.
    """
    if mail.user_id is None or not covers:
        return None
    threads = {each["thread_id"] for each in covers}
    if len(threads) > 1:
        return None
    return reply_address(user_id=mail.user_id, thread_id=threads.pop(), now=now)


def _template_helpers(mail: Mail, now: datetime) -> dict[str, Any]:
    # Cached, so that the text and the HTML part hold the same link.
    @cache
    def link_to(name: str) -> str:
        if mail.user_id is None:
            raise NotWanted(N_("The account is gone."))
        path = registry().mail_links[name](mail.user_id, now)
        return absolute_url(with_next(path, mail.context.get("next")))

    def reply_to(thread_id: str | None) -> str | None:
        """Return the address that leads into one thread. None: an example, or mails may not reach us."""
        if mail.user_id is None or thread_id is None or not accepts_replies():
            return None
        return reply_address(user_id=mail.user_id, thread_id=thread_id, now=now)

    def enter(path: str) -> str:
        """Return the link to a page of this person's, which may sign them in on the way."""
        found = way_in(mail.user_id, path, mail.id, now) if mail.user_id else []
        return absolute_url(next(filter(None, found), path))

    return {
        "enter": enter,
        "reply_to": reply_to,
        "link_to": link_to,
        "url": absolute_url,
        "address": mail.address,
        "installation": setting("NAME"),
        "brand_links": _brand_links(),
        "style": _style(mail.name, *_looks()),
        "now": now,
    }


def _brand_links() -> list[tuple[str, str]]:
    """Return (label, address) of what the installation leads to; see layouts/_brand_links.html for pages."""
    mailbox = setting("SUPPORT_EMAIL")
    found = (
        (setting("NAME"), setting("HOME_URL")),
        (gettext("Terms"), setting("TERMS_URL")),
        (gettext("Privacy policy"), setting("PRIVACY_URL")),
        (gettext("Help"), mailbox and f"mailto:{mailbox}"),
    )
    return [(label, address) for label, address in found if address]


def _links_below(links: list[tuple[str, str]]) -> str:
    lines = [f"{label}: {address.removeprefix('mailto:')}\n" for label, address in links]
    return "".join(["\n", *lines]) if lines else ""


def _looks() -> tuple[int, str, Path | None]:
    return setting("ACCENT_HUE"), direction(), setting("TEMPLATES")


# Per name, hue and direction; a template would render the same sheet for each mail.
@cache
def _style(name: str, hue: int, direction: str, _templates: Path | None) -> Markup:
    """Return the style sheet of all mails of a name. `_templates` is part of the key only."""
    start = "right" if direction == "rtl" else "left"
    for sheet in (f"emails/{name}/style.css", "emails/_style.css"):
        with suppress(TemplateNotFound):
            return Markup(render_mail(sheet, {"palette": palette(hue), "start": start}))  # noqa: S704 - no words
    raise TemplateNotFound("emails/_style.css")


def _template(name: str, part: str, context: dict[str, Any]) -> str:
    return render_mail(f"emails/{name}/{part}", context)


def _html(name: str, context: dict[str, Any]) -> str | None:
    try:
        page = _template(name, "body.html", context)
    except TemplateNotFound:
        return None
    return _inliner.inline(page)


_inliner = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, apply_width_attributes=True)


def _sender() -> tuple[str, str]:
    name, address = mailbox(setting("MAIL_FROM"))
    return name or setting("NAME"), address


def _domain() -> str:
    domain = _sender()[1].rpartition("@")[2]
    return domain if "." in domain else urlsplit(setting("BASE_URL")).hostname or "localhost"
