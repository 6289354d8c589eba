"""Settings: read from `WELLCHAT_` variables, checked once, and put into `app.config` without the prefix.

The table of names, defaults and meanings is in docs/settings.md; `wellchat doctor` prints what is in force.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from flask import current_app
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "WELLCHAT_"
DAY, YEAR = 86_400, 31_536_000  # seconds
DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
BROKERS = ("redis", "rediss", "unix", "valkey", "amqp", "amqps", "memory")
MAX_BEFORE_TOKEN = 20  # a reply address has 64 characters before its @ (RFC 5321), 44 of them the token
WEAK_SECRETS = {"secret", "changeme", "change-me", "dev", "development", "password", "wellchat"}
OLD_NAMES = {  # still read where the new name is not set
    "KEPT_THREADS": "OFFLINE_THREADS",
    "MOST_EMAILS": "MAX_EMAILS_PER_DAY",
    "MOST_EMAILS_PER_THREAD": "MAX_EMAILS_PER_THREAD",
    "PUSH_ANYWHERE": "PUSH_ALLOW_PRIVATE",
    "PROXIES": "TRUSTED_PROXIES",
    "FILES_URL": "STORAGE_URL",
    "MAIL_LANES": "SMTP_CONNECTIONS",
}


class SettingsError(Exception):
    """A setting that cannot be used; one line, fit to print."""


def _strong_secret(value: str) -> str:
    letters = re.sub("[^a-z]", "", value.lower())
    weak = letters and re.fullmatch(
        f"(?:{'|'.join(re.sub('[^a-z]', '', w) for w in WEAK_SECRETS)})+", letters
    )
    if len(value) < 16 or len(set(value)) < 6 or weak:
        raise ValueError(
            "too weak: use at least 16 random characters (python -c 'import secrets; print(secrets.token_hex())')"
        )
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must be an http:// or https:// address")
    _port(value)
    return value.rstrip("/")


def _port(value: str) -> None:
    try:
        _ = urlsplit(value).port
    except ValueError:
        raise ValueError("its port is not a number from 0 to 65535") from None


def _database_url(value: str) -> str:
    """A URL that we have a driver for; `postgres://`, as hosting providers write it, means ours."""
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
    """The name and the address of `Name <name@example.com>`. Every mail asks for those of MAIL_FROM several times."""
    return parseaddr(text)


def _sender(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", mailbox(value)[1]) or not value.isprintable():
        raise ValueError("must be an email address, such as Name <name@example.com>")
    return value


def _vapid_key(value: str) -> str:
    """32 bytes in base64url; what they are to a curve is looked at when the first push is signed."""
    if value and not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", value):
        raise ValueError("must be 32 bytes in base64url; `wellchat push keys --private` makes one")
    return value


def _web_address_or_none(value: str | None) -> str | None:
    return _web_address(value) if value else None


def _storage_url(value: str | None) -> str | None:
    """A folder or a bucket; for a bucket, what speaks with it has to be there."""
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


def _languages(value: object) -> object:
    """Codes apart by commas; each one that the world's book of locales knows."""
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


def _names(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in schemes:
            raise ValueError(f"must start with one of {', '.join(s + '://' for s in schemes)}")
        if value is not None:
            _port(value)
        return value

    return AfterValidator(check)


@lru_cache(maxsize=8)
def reply_pattern(reply_address: str | None, mail_from: str) -> tuple[str, str] | None:
    """What stands before the token of a reply address, and the domain behind it; None for `off`.

    `*` stands for the token, else it is put behind a plus. Without an address of its own it is made from MAIL_FROM, of
    which only the domain is kept where its name leaves no room. Raises ValueError where no address could be made.
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


def _reply_address(value: str | None, info: ValidationInfo) -> str | None:
    if "MAIL_FROM" in info.data:
        reply_pattern(value, info.data["MAIL_FROM"])
    return value


def _on_off(value: object) -> object:
    return {"on": True, "off": False}.get(str(value).lower(), value)


class Settings(BaseModel):
    """Every setting there is; names as in the environment, without `WELLCHAT_`."""

    model_config = ConfigDict(extra="forbid")

    INSTANCE: Path = Path("instance")
    DATABASE_URL: Annotated[str, AfterValidator(_database_url)] = ""
    REDIS_URL: Annotated[str | None, _scheme("redis", "rediss", "unix", "valkey")] = None
    BROKER_URL: Annotated[str | None, _scheme(*BROKERS)] = None
    SMTP_URL: Annotated[str | None, _scheme("smtp", "smtps")] = None
    MAIL_FROM: Annotated[str, AfterValidator(_sender)] = "wellchat@localhost"
    REPLY_ADDRESS: Annotated[str | None, AfterValidator(_reply_address)] = Field(
        default=None, validate_default=True
    )
    AUTHSERV_ID: str | None = None  # of the mail server whose Authentication-Results are believed
    BASE_URL: Annotated[str | None, AfterValidator(_web_address_or_none)] = None
    SECRET_KEY: Annotated[str, AfterValidator(_strong_secret)] = ""
    VAPID_KEY: Annotated[str, AfterValidator(_vapid_key)] = ""
    PUSH_ALLOW_PRIVATE: Annotated[bool, BeforeValidator(_on_off)] = (
        False  # for tests: http, private addresses
    )
    NAME: str = Field(default="wellchat", min_length=1, max_length=40)
    LANGUAGES: Annotated[tuple[str, ...], BeforeValidator(_languages)] = (
        "en",
        "de",
        "fr",
    )  # the first where none fits
    ACCENT_HUE: int = Field(default=262, ge=0, le=360)
    EMAIL_DELAY: float = Field(default=1800, ge=0, le=YEAR)
    SMTP_CONNECTIONS: int = Field(default=4, ge=1, le=16)  # at once, in a run of many mails
    MAX_EMAILS_PER_DAY: int = Field(default=20, ge=1)
    MAX_EMAILS_PER_THREAD: int = Field(default=10, ge=1)
    AWAY_AFTER: float = Field(default=120, ge=0, le=YEAR)
    SWEEP_EVERY: float = Field(default=5, gt=0, le=DAY)
    POLL_INTERVAL: float = Field(default=3, gt=0, le=DAY)
    MAX_WAIT: float = Field(default=25, ge=0, le=300)
    MAX_WAITING: int = Field(default=0, ge=0)  # hanging polls of one process; 0: see docs/settings.md
    THREADS: int = Field(default=256, ge=4)
    STORAGE_URL: Annotated[str | None, AfterValidator(_storage_url)] = None
    S3_ENDPOINT: Annotated[str | None, AfterValidator(_web_address_or_none)] = None
    MAX_UPLOAD: int = Field(default=20, ge=1, le=500)  # MB of one file
    OFFLINE_THREADS: int = Field(
        default=20, ge=0, le=200
    )  # conversations a browser keeps for reading offline
    FEATURES: Annotated[
        tuple[str, ...], BeforeValidator(_names)
    ] = ()  # optional packages: `name` on, `-name` off
    RATE_LIMITS: Annotated[bool, BeforeValidator(_on_off)] = True
    TRUSTED_PROXIES: int = Field(default=0, ge=0, le=5)  # trusted reverse proxies in front
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    def model_post_init(self, _context: object) -> None:
        self.INSTANCE = self.INSTANCE.absolute()
        self.DATABASE_URL = self.DATABASE_URL or f"sqlite:///{self.INSTANCE / 'wellchat.db'}"
        self.REDIS_URL = self.REDIS_URL or _runtime_file(self.INSTANCE, "valkey.url")
        self.BASE_URL = self.BASE_URL or _runtime_file(self.INSTANCE, "base.url") or "http://127.0.0.1:8000"
        self.BROKER_URL = self.BROKER_URL or self.REDIS_URL
        self.SECRET_KEY = self.SECRET_KEY or persistent_secret(
            self.INSTANCE, "secret_key", lambda: secrets.token_hex(32)
        )


def read_settings(environ: Mapping[str, str] = os.environ, **overrides: object) -> Settings:
    """Settings from the environment, `overrides` first.

    Raises SettingsError with one line that names the variable, what is wrong and what to do.
    """
    given: dict[str, object] = {**_given(environ), **overrides}
    try:
        settings = Settings(**{k: v for k, v in given.items() if k in Settings.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{PREFIX}{_name_in_use(str(first['loc'][0]), environ)}: {reason}") from None
    except OSError as error:
        raise SettingsError(f"{PREFIX}INSTANCE: cannot use the folder: {error}") from None
    return settings


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the environment that are not empty, each by its new name, without the prefix."""
    values = {
        name.removeprefix(PREFIX): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value
    }
    renamed = {new: values[old] for old, new in OLD_NAMES.items() if old in values}
    return {**renamed, **{name: value for name, value in values.items() if name not in OLD_NAMES}}


def _name_in_use(name: str, environ: Mapping[str, str]) -> str:
    """Return the name by which the environment sets a setting: an error names what its reader has written."""
    old = next((old for old, new in OLD_NAMES.items() if new == name and environ.get(PREFIX + old)), name)
    return name if environ.get(PREFIX + name) else old


def unknown_settings(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names that look like ours and are not, sorted. Most are typing slips, so they are reported."""
    known = {PREFIX + name for name in (*Settings.model_fields, *OLD_NAMES)}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def overruled_settings(environ: Mapping[str, str] = os.environ) -> list[tuple[str, str]]:
    """Return (old, new) for each setting whose two names are both set, to different values: the new one counts."""
    pairs = [(PREFIX + old, PREFIX + new) for old, new in OLD_NAMES.items()]
    values = [(old, new, environ.get(old), environ.get(new)) for old, new in pairs]
    return [(old, new) for old, new, was, now in values if was and now and was != now]


def _runtime_file(instance: Path, name: str) -> str | None:
    """What `wellchat up` notes while it runs: other commands of this machine use the same Redis, and link there."""
    path = instance / name
    return path.read_text().strip() if path.exists() else None


def persistent_secret(instance: Path, name: str, make: Callable[[], str]) -> str:
    """A secret of the installation's own, made once. Processes that start together agree on the first one written."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)  # conversations and keys: nobody else reads here
    path = instance / name
    temporary = instance / f".{name}.{os.getpid()}"
    if not path.exists():
        temporary.write_text(make())
        temporary.chmod(0o600)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()


def setting(name: str) -> Any:
    """A setting of the application in whose context we are; for code that knows nothing of the web."""
    return current_app.config[name]
