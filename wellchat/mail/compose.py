"""What a mail says: from its ledger row and the templates under templates/emails/<name>/ to a finished message.

The row holds ids; texts and secret links are looked up at the moment of sending. Features hang in here what only
they know: `LINKS` makes the path of a link for a person, `CONTEXTS` decides once more whether the mail is still
wanted and gathers its content.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from css_inline import CSSInliner
from flask import current_app
from jinja2 import TemplateNotFound

from wellchat.config import setting
from wellchat.mail.models import Mail
from wellchat.mail.palette import palette

LINKS: dict[str, Callable[[str, datetime], str]] = {}
"""name -> (user id, now) -> path with its secret, such as `verify` and `reset`."""

CONTEXTS: dict[str, Callable[[Mail, datetime], dict[str, Any]]] = {}
"""name of a mail -> (mail, now) -> what its template is given. May raise NotWanted or NotNow.

Two keys mean more: `covers` is what the mail really holds, `unsubscribe_path` makes it one that can be left.
"""

MAX_SUBJECT = 160
JOINERS = "\u200c\u200d"  # format characters that words and emoji are spelt with


SHARED = {"From", "Date", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe-Post"}
SHARED |= {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


class _Policy(EmailPolicy):
    """The standard's, except that a link is not folded: the library would turn a long one into encoded words,
    which is not what the readers of that header look for.

    The library takes long to read and to fold a header, so those that many mails share are kept.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name in SHARED and type(value) is str:
            return _read_header(self, name, value)
        return super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return _folded_header(self, name, value) if name in SHARED else super().fold_binary(name, value)


@lru_cache(maxsize=64)
def _read_header(policy: _Policy, name: str, value: str) -> tuple[str, Any]:
    return EmailPolicy.header_store_parse(policy, name, value)


@lru_cache(maxsize=64)
def _folded_header(policy: _Policy, name: str, value: Any) -> bytes:
    return EmailPolicy.fold_binary(policy, name, value)


class _Registry(HeaderRegistry):
    """The standard's, which makes a class anew for every header it is asked about."""

    @cache  # noqa: B019  # there is one, for good
    def __getitem__(self, name: str) -> type[Any]:
        made: type[Any] = super().__getitem__(name)
        return made


_policy = _Policy(
    linesep=SMTP.linesep,
    max_line_length=SMTP.max_line_length,
    cte_type="7bit",  # not every relay takes 8 bit
    header_factory=_Registry(),
)


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
    message: EmailMessage
    covers: list[dict[str, Any]]


def render(mail: Mail, *, now: datetime, content: dict[str, Any] | None = None) -> Rendered:
    """The finished message, and what of the threads it holds. Raises NotWanted and NotNow.

    `content` is what CONTEXTS would answer, from who has just gathered it.
    """
    context: dict[str, Any] = dict(mail.context)
    if content is not None:
        context |= content
    elif mail.name in CONTEXTS:
        context |= CONTEXTS[mail.name](mail, now)
    context |= _tools(mail, now)
    message = EmailMessage(policy=_policy)
    message["From"] = _address(*_sender())
    message["To"] = _address(context.get("name", ""), mail.address)
    message["Subject"] = one_line(_template(mail, "subject.txt", context))[:MAX_SUBJECT]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id or message_id(mail.id)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if path := context.get("unsubscribe_path"):
        message["List-Unsubscribe"] = f"<{absolute(path)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_template(mail, "body.txt", context).strip() + "\n")
    if html := _html(mail, context):
        message.add_alternative(html, subtype="html")
        message.set_boundary(f"=_{mail.id}_=")  # nobody can have written it, so the text need not be searched for it
    return Rendered(message, context.get("covers", mail.covers))


def flatten(message: EmailMessage, *, international: bool) -> bytes:
    """The message as it travels; `international` where an address of it has letters beyond ASCII."""
    return message.as_bytes(policy=_policy.clone(utf8=True) if international else _policy)


def message_id(mail_id: str) -> str:
    """The same for every try of one mail, so that a reader who gets it twice shows it once."""
    return f"<{mail_id}@{_domain()}>"


def absolute(path: str) -> str:
    """A link under BASE_URL; where a request came from has no say in it."""
    return f"{setting('BASE_URL')}/{path.lstrip('/')}"


def one_line(text: str) -> str:
    """Text for a header: without anything that ends a line, steers a terminal or turns the reading direction."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    visible = (c for c in kept if c in JOINERS or unicodedata.category(c) not in ("Cf", "Cs", "Co"))
    # The library reads encoded words in what it is given, line breaks in them included.
    return " ".join("".join(visible).replace("=?", "= ?").split())


def _tools(mail: Mail, now: datetime) -> dict[str, Any]:
    @cache  # text and HTML part hold the very same link
    def link_to(name: str) -> str:
        if mail.user_id is None:
            raise NotWanted("The account is gone.")
        return absolute(LINKS[name](mail.user_id, now))

    return {
        "link_to": link_to,
        "url": absolute,
        "address": mail.address,
        "installation": setting("NAME"),
        "palette": palette(setting("ACCENT_HUE")),
        "now": now,
    }


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
    name, address = parseaddr(setting("MAIL_FROM"))
    return name or setting("NAME"), address


def _address(name: str, address: str) -> Address:
    return Address(display_name=one_line(name), addr_spec=one_line(address))


def _domain() -> str:
    domain = _sender()[1].rpartition("@")[2]
    return domain if "." in domain else urlsplit(setting("BASE_URL")).hostname or "localhost"
