"""What a mail says: from its ledger row and the templates under templates/emails/<name>/ to a finished message.

The row holds ids; texts and secret links are looked up at the moment of sending. Features declare what only they
know: `mail_links` make the path of a link for a person, and the context of a MailType decides once more whether the
mail is still wanted and gathers its content.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from css_inline import CSSInliner
from flask import current_app
from jinja2 import TemplateNotFound
from markupsafe import Markup

from wellchat.config import setting
from wellchat.feature import registry
from wellchat.i18n import N_, direction, force_language
from wellchat.mail.addresses import accepts_replies, digest_reply_address, reply_address
from wellchat.mail.hooks import reader_language
from wellchat.mail.models import Mail
from wellchat.mail.palette import palette
from wellchat.setting_types import mailbox

MAX_SUBJECT = 160
_SPECIAL = re.compile(r"[^\w !#$%&'*+/=?^`{|}~-]", re.ASCII)  # what makes a name one to be quoted
JOINERS = "\u200c\u200d"  # format characters that words and emoji are spelt with


class NotWanted(Exception):
    """It need not go out any more; `reason` is a sentence for the ledger."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotNow(Exception):
    """It has to wait until the moment `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


class Rendered(NamedTuple):
    content: bytes
    covers: list[dict[str, Any]]


def render(mail: Mail, *, now: datetime, content: dict[str, Any] | None = None) -> Rendered:
    """The finished message, and what of the threads it holds. Raises NotWanted and NotNow.

    `content` replaces what the mail's declared context would return.
    """
    context: dict[str, Any] = dict(mail.context)
    if content is not None:
        context |= content
    elif (declared := registry().mails.get(mail.name)) and declared.context:
        context |= declared.context(mail, now)
    # Who gathered the content knows the language, where anybody does.
    language = context["language"] if "language" in context else language_of(mail.user_id)
    with force_language(language):
        return _build(mail, context | _template_helpers(mail, now), now)


def _build(mail: Mail, context: dict[str, Any], now: datetime) -> Rendered:
    covers = context.get("covers", mail.covers)
    headers = {
        "From": _mailbox(*_sender()),
        "To": _mailbox(context.get("name", ""), mail.address),
        "Reply-To": _reply_to(mail, covers, now),
        "Subject": _encoded(one_line(_template(mail, "subject.txt", context))[:MAX_SUBJECT]),
        "Date": format_datetime(now),
        "Message-ID": mail.message_id or message_id(mail.id),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if path := context.get("unsubscribe_path"):
        headers["List-Unsubscribe"] = f"<{absolute_url(path)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = _template(mail, "body.txt", context).strip() + "\n"
    return Rendered(_mime(headers, text, _html(mail, context), boundary=f"={mail.id}="), covers)


def language_of(user_id: str | None) -> str | None:
    return next(filter(None, reader_language(user_id)), None) if user_id else None


def _mime(headers: dict[str, str | None], text: str, html: str | None, *, boundary: str) -> bytes:
    """The mail as it travels (RFC 5322, RFC 2045), in letters and lines that every relay takes.

    By hand, because the library would take finished headers apart and put them together again, which costs more than
    all the rest of a mail; and would break or encode links and reply addresses, which not every reader understands.
    """
    whole = {**headers, "MIME-Version": "1.0"}
    if html is None:
        return _head(whole) + _part(text, "plain")
    whole["Content-Type"] = (
        f'multipart/alternative; boundary="{boundary}"'  # "=" cannot begin a line of the parts
    )
    line, parts = boundary.encode(), (_part(text, "plain"), _part(html, "html"))
    body = b"".join(b"--%b\r\n%b\r\n" % (line, part) for part in parts)
    return b"%b\r\n%b--%b--\r\n" % (_head(whole), body, line)


def _head(headers: Mapping[str, str | None]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None).encode()


def _part(content: str, subtype: str) -> bytes:
    """One body with its own headers."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace")
    head = {"Content-Type": f"text/{subtype}; charset=utf-8", "Content-Transfer-Encoding": "quoted-printable"}
    return _head(head) + b"\r\n" + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _mailbox(name: str, address: str) -> str:
    """A name and an address as a header holds them."""
    name, address = one_line(name), "".join(one_line(address).split())
    if not name:
        return address
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>' if _SPECIAL.search(name) else f"{name} <{address}>"
    return f"{_encoded(name)} <{address}>"


def _encoded(text: str) -> str:
    """Text as a header holds it: encoded where it has letters beyond ASCII, in words of at most 75 characters."""
    return text if text.isascii() else Header(text, "utf-8").encode(linesep="\r\n")


def message_id(mail_id: str) -> str:
    """The same for every try of one mail, so that a reader who gets it twice shows it once."""
    return f"<{mail_id}@{_domain()}>"


def absolute_url(path: str) -> str:
    """A link under BASE_URL; where a request came from has no say in it."""
    return f"{setting('BASE_URL')}/{path.lstrip('/')}"


def one_line(text: str) -> str:
    """Text for a header: without anything that ends a line, steers a terminal or turns the reading direction."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    visible = (c for c in kept if c in JOINERS or unicodedata.category(c) not in ("Cf", "Cs", "Co"))
    # Readers find encoded words in what they are given, line breaks in them included.
    return " ".join("".join(visible).replace("=?", "= ?").split())


def _reply_to(mail: Mail, covers: list[dict[str, Any]], now: datetime) -> str | None:
    """Into the thread, if there is one. Words meant for one person must not reach another by a guess of ours."""
    if mail.user_id is None or not covers:
        return None
    threads = {each["thread_id"] for each in covers}
    if len(threads) > 1:
        return digest_reply_address(user_id=mail.user_id, mail_id=mail.id, now=now)
    return reply_address(user_id=mail.user_id, thread_id=threads.pop(), now=now)


def _template_helpers(mail: Mail, now: datetime) -> dict[str, Any]:
    @cache  # text and HTML part hold the very same link
    def link_to(name: str) -> str:
        if mail.user_id is None:
            raise NotWanted(N_("The account is gone."))
        return absolute_url(registry().mail_links[name](mail.user_id, now))

    def reply_to(thread_id: str | None) -> str | None:
        """The address that leads into one thread; None for an example, and where mails are not known to reach us."""
        if mail.user_id is None or thread_id is None or not accepts_replies():
            return None
        return reply_address(user_id=mail.user_id, thread_id=thread_id, now=now)

    return {
        "reply_to": reply_to,
        "link_to": link_to,
        "url": absolute_url,
        "address": mail.address,
        "installation": setting("NAME"),
        "style": _style(mail.name, setting("ACCENT_HUE"), direction()),
        "now": now,
    }


@cache
def _style(name: str, hue: int, direction: str) -> Markup:
    """The style sheet of all mails of a kind: most of what a template would have to put together anew for each."""
    sheet = current_app.jinja_env.select_template([f"emails/{name}/style.css", "emails/_style.css"])
    start = "right" if direction == "rtl" else "left"
    return Markup(sheet.render(palette=palette(hue), start=start))  # noqa: S704 - of our own colours


def _template(mail: Mail, part: str, context: dict[str, Any]) -> str:
    # Straight from the environment: what a request's pages are given (its viewer, its zone) has no place in a mail.
    return current_app.jinja_env.get_template(f"emails/{mail.name}/{part}").render(context)


def _html(mail: Mail, context: dict[str, Any]) -> str | None:
    try:
        page = _template(mail, "body.html", context)
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
