"""Check the values of settings. Each check raises ValueError with a text that follows the setting's name."""

from __future__ import annotations

import re
import shutil
from email.utils import parseaddr
from functools import lru_cache
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, ValidationInfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from wellchat import money

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
MAX_DAYS = 36_500  # of a period
FOUR_EYES = ("looks",)
_FOR_TRYING = re.compile(
    r"localhost|::1|127(\.\d{1,3}){3}|(.+\.)?(test|example|invalid|localhost|example\.(com|net|org))"
)
# A reply address has 64 characters before its @ (RFC 5321). The token takes 55, or at least 44 of them.
MAX_BEFORE_TOKEN = 20
WEAK_SECRETS = {"secret", "changeme", "change-me", "dev", "development", "password", "wellchat"}


def amount_or_none(value: Any) -> Any:
    """Return (smallest units, currency) of `90.00 EUR`, None for nothing. Raises ValueError."""
    if value is None or isinstance(value, tuple):
        return value
    if (found := money.read(value)) is None:
        raise ValueError("must be an amount and a currency, such as 90.00 EUR")
    return found


def strong_secret(value: str) -> str:
    """Refuse secrets that are short, repetitive or well known."""
    # "changeme-changeme-2026" is long and has many characters, and is guessed all the same.
    letters = re.sub("[^a-z]", "", value.lower())
    weak = letters and re.fullmatch(
        f"(?:{'|'.join(re.sub('[^a-z]', '', w) for w in WEAK_SECRETS)})+", letters
    )
    if len(value) < 16 or len(set(value)) < 6 or weak:
        raise ValueError(
            "too weak: use at least 16 random characters"
            " (python -c 'import secrets; print(secrets.token_hex())')"
        )
    return value


def long_token(value: str | None) -> str | None:
    """Refuse a token that can be guessed, or that no header can hold."""
    if value is not None and not re.fullmatch(r"[\x21-\x7e]{16,}", value):
        raise ValueError("must have at least 16 characters, without blanks")
    return value


def networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check for networks, such as 10.1.0.0/16, or single addresses."""
    for value in values:
        try:
            ip_network(value)
        except ValueError:
            raise ValueError(
                f"write networks such as 10.1.0.0/16, separated by commas, not {value!r}"
            ) from None
    return values


def sentry_dsn(value: str | None) -> str | None:
    """Check the address of a collector of errors, and that the extra is there which speaks to it."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not (
        parts.username and parts.hostname and parts.path.strip("/")
    ):
        raise ValueError("must look like https://KEY@host/PROJECT")
    _port(value)
    if find_spec("sentry_sdk") is None:
        raise ValueError("needs the extra: pip install 'wellchat[sentry]'")
    return value


def strong_secrets(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check each of several secrets as `strong_secret` does."""
    return tuple(strong_secret(value) for value in values)


def audit_target(value: str) -> str:
    """Check where the security log goes: off, stdout, file:/path or syslog:host:port."""
    kind, _, rest = value.partition(":")
    host, _, port = rest.rpartition(":")
    good = {
        "off": not rest,
        "stdout": not rest,
        "file": rest.startswith("/"),
        "syslog": bool(host) and port.isascii() and port.isdecimal() and 0 < int(port) < 65536,
    }
    if not good.get(kind, False) or not value.isprintable():
        raise ValueError("must be off, stdout, file:/path/of/a/file or syslog:host:port")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must be an http:// or https:// address")
    _port(value)
    # Paths that begin with a slash are put behind it.
    return value.rstrip("/")


def _port(value: str) -> None:
    try:
        _ = urlsplit(value).port
    except ValueError:
        raise ValueError("its port is not a number from 0 to 65535") from None


def database_url(value: str) -> str:
    """Return the URL with our driver; `postgres://`, as hosting providers write it, is accepted."""
    value = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)
    try:
        driver = make_url(value).drivername if value else "sqlite"
    except ArgumentError:
        driver = ""
    if driver not in DRIVERS:
        raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
    return value


@lru_cache(maxsize=8)
def mailbox(text: str) -> tuple[str, str]:
    """Return (name, address) of `Name <name@example.com>`.

    Cached: every mail needs MAIL_FROM several times.
    """
    return parseaddr(text)


def sender(value: str) -> str:
    """Check for an email address, with or without a name."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", mailbox(value)[1]) or not value.isprintable():
        raise ValueError("must be an email address, such as Name <name@example.com>")
    return value


def plain_address_or_none(value: str | None) -> str | None:
    """Check for a plain email address; None stays None."""
    if value is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
        raise ValueError("must be an email address, such as help@example.com")
    return value


def vapid_key(value: str) -> str:
    """Check for 32 bytes in base64url. Whether they are a valid P-256 key is checked at first use."""
    if value and not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", value):
        raise ValueError("must be 32 bytes in base64url; `wellchat push keys --private` makes one")
    return value


def web_address_or_none(value: str | None) -> str | None:
    """Return an http(s) address without a trailing slash; None stays None."""
    return _web_address(value) if value else None


def one_line(value: str) -> str:
    """Check for a line that people can read: it stands in mail headers and in titles."""
    if not value.isprintable() or not value.strip():
        raise ValueError("must be one line of characters that can be shown")
    return value.strip()


def folder_of_mails(value: Path | None) -> Path | None:
    """Check for a folder that holds a folder `emails`; None stays None."""
    if value is not None and not (value / "emails").is_dir():
        raise ValueError(f"there is no folder {value / 'emails'}; put your templates of mails there")
    return value


def is_for_trying(url: str | None) -> bool:
    """Return whether nobody else can open an address: it is this machine's, or a reserved name (RFC 2606)."""
    host = urlsplit(url or "").hostname or ""
    return _FOR_TRYING.fullmatch(host) is not None


def storage_url(value: str | None) -> str | None:
    """Check that the value is a folder or a bucket, and that boto3 is installed for a bucket."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme == "s3" and parts.netloc:
        if find_spec("boto3") is None:
            raise ValueError("a bucket needs boto3; docs/files.md says how to install it")
        return value
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return value
    raise ValueError("must be s3://bucket/prefix or file:///folder")


def scanner(value: str | None) -> str | None:
    """Check the setting. Raises ValueError."""
    if not value:
        return None
    if value.startswith("command:"):
        if not value.removeprefix("command:").startswith("/") or not shutil.which(
            value.removeprefix("command:")
        ):
            raise ValueError("must name a program that can be run, by its whole path: command:/path")
        return value
    parts = urlsplit(value)
    is_socket = not parts.netloc and parts.path.startswith("/")
    if parts.scheme != "clamd" or not (parts.hostname or is_socket):
        raise ValueError("must be clamd://host:port, clamd:///path/of/socket or command:/path")
    return value


def languages(value: object) -> object:
    """Return the comma-separated language codes as a tuple; each must be known to CLDR."""
    if not isinstance(value, str):
        return value
    codes = [code.strip() for code in value.split(",") if code.strip()]
    for code in codes:
        try:
            Locale.parse(code, sep="-")
        except (ValueError, UnknownLocaleError):
            raise ValueError(f"{code} is no language we know; write codes such as en,de,fr") from None
    if not codes:
        raise ValueError("needs at least one language, such as en")
    return tuple(dict.fromkeys(codes))


def on_off_or_none(value: object) -> object:
    """Return as `on_off`; None, or nothing, stays None."""
    return None if value in (None, "") else on_off(value)


def contact(value: str | None) -> str | None:
    """Return an address for security.txt as a URI (RFC 9116, 2.5.3): mailto:, tel: or https:."""
    if value is None or value.startswith(("https://", "tel:", "mailto:")):
        return value
    if re.fullmatch(r"[^\s@:]+@[^\s@:]+", value):
        return f"mailto:{value}"
    raise ValueError("must be an email address, or an address that starts with https:, tel: or mailto:")


def four_eyes(acts: tuple[str, ...]) -> tuple[str, ...]:
    """Check the acts that need a second administrator."""
    if unknown := [act for act in acts if act not in FOUR_EYES]:
        raise ValueError(f"{unknown[0]} cannot need a second person; write {' or '.join(FOUR_EYES)}")
    return acts


def look_notice(value: str) -> str:
    """Check after how many days people are told of a look at their conversation."""
    look_notice_days(value)
    return value


def look_notice_days(value: str) -> int | None:
    """Return the days of LOOK_NOTICE, or None for `off: why`. Raises ValueError."""
    word, _, why = value.partition(":")
    if word.strip() == "off" and len(why.strip()) >= 10:
        return None
    if value.strip().isdecimal() and 0 <= int(value) <= 365:
        return int(value)
    raise ValueError("must be days, such as 30, or `off: ` and the reason in at least 10 characters")


def names(value: object) -> object:
    """Return comma-separated names as a tuple."""
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def small(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return names in small letters."""
    return tuple(value.lower() for value in values)


def ports(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check for numbers of ports."""
    for value in values:
        if not (value.isascii() and value.isdecimal() and 0 < int(value[:6]) < 65536):
            raise ValueError("must be numbers from 1 to 65535, separated by commas")
    return values


def scheme(*schemes: str) -> AfterValidator:
    """Return a check that a URL has one of these schemes, and a valid port."""

    def check(value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in schemes:
            raise ValueError(f"must start with one of {', '.join(s + '://' for s in schemes)}")
        if value is not None:
            _port(value)
        return value

    return AfterValidator(check)


@lru_cache(maxsize=8)
def reply_pattern(reply_address: str | None, mail_from: str) -> tuple[str, str] | None:
    """Return (prefix before the token, domain) of the reply addresses; None for `off`.

    `*` stands for the token; without it the token follows a plus. Without an address of its own the pattern
    is made from MAIL_FROM; only the domain is used if the local part is too long. Raises ValueError for an
    unusable address.
    """
    if reply_address == "off":
        return None
    local, _, domain = (reply_address or mailbox(mail_from)[1]).strip().rpartition("@")
    before, star, after = local.partition("*")
    if not local or not domain or after:
        raise ValueError("must be an address such as reply@example.com or *@reply.example.com, or off")
    before = (before if star else f"{local}+").lower()
    if len(before) > MAX_BEFORE_TOKEN:
        if reply_address is None:
            return "", domain.lower()
        raise ValueError(
            "what stands before the @ is too long to add to; *@reply.example.com needs nothing there"
        )
    return before, domain.lower()


def reply_address(value: str | None, info: ValidationInfo) -> str | None:
    """Check the reply address together with MAIL_FROM, from which it may be made."""
    if "MAIL_FROM" in info.data:
        reply_pattern(value, info.data["MAIL_FROM"])
    return value


def periods(value: object) -> object:
    """Return {kind: days} of "lead=365 coupon=30". Raises ValueError for what is no such list."""
    if not isinstance(value, str):
        return value
    found: dict[str, int] = {}
    for part in value.replace(",", " ").split():
        kind, _, days = part.partition("=")
        if not (kind and days.isascii() and days.isdecimal() and 0 < int(days) <= MAX_DAYS):
            raise ValueError(f"write a kind of subject and days, such as lead=365, not {part!r}")
        found[kind] = int(days)
    return found


def on_off(value: object) -> object:
    """Return True for "on" and False for "off"; pydantic reads everything else."""
    return {"on": True, "off": False}.get(str(value).lower(), value)
