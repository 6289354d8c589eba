"""Read the settings from `WELLCHAT_` variables and check them once.

They are kept in `app.config` without the prefix. The table of names, defaults and meanings is in
docs/settings.md; `wellchat doctor` prints the values in use.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from flask import current_app
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from wellchat.embed_settings import embed_origins
from wellchat.logos import logo_file
from wellchat.setting_types import (
    amount_or_none,
    audit_target,
    contact,
    database_url,
    folder_of_mails,
    four_eyes,
    is_for_trying,
    languages,
    long_token,
    look_notice,
    names,
    networks,
    on_off,
    on_off_or_none,
    one_line,
    periods,
    plain_address_or_none,
    ports,
    reply_address,
    scanner,
    scheme,
    sender,
    sentry_dsn,
    small,
    storage_url,
    strong_secret,
    strong_secrets,
    vapid_key,
    web_address_or_none,
)
from wellchat.sso_settings import link_or_none, oidc_variables, origins, providers

PREFIX = "WELLCHAT_"
DAY, YEAR = 86_400, 31_536_000  # seconds
BROKERS = ("redis", "rediss", "unix", "valkey", "amqp", "amqps", "memory")
OLD_NAMES = {  # still read where the new name is not set
    "KEPT_THREADS": "OFFLINE_THREADS",
    "MOST_EMAILS": "MAX_EMAILS_PER_DAY",
    "MOST_EMAILS_PER_THREAD": "MAX_EMAILS_PER_THREAD",
    "PUSH_ANYWHERE": "PUSH_ALLOW_PRIVATE",
    "PROXIES": "TRUSTED_PROXIES",
    "FILES_URL": "STORAGE_URL",
    "MAIL_LANES": "SMTP_CONNECTIONS",
}
# as good, and read where the name of the table below is not set
OTHER_NAMES = {"BRAND": "NAME", "DISCREET": "DISCREET_MAILS"}
# names in WELLCHAT_FEATURES that stand for several packages
PRESETS = dict.fromkeys(("coaching", "salon"), ("availability", "booking", "calendars"))
_TO_TABLE = OLD_NAMES | OTHER_NAMES


OldSecret = Annotated[str, AfterValidator(strong_secret)]


class SettingsError(Exception):
    """A setting that cannot be used. The message is one line, fit to print."""


class Settings(BaseModel):
    """Every setting, named as in the environment without `WELLCHAT_`."""

    model_config = ConfigDict(extra="forbid")

    INSTANCE: Path = Path("instance")
    DATABASE_URL: Annotated[str, AfterValidator(database_url)] = ""
    REDIS_URL: Annotated[str | None, scheme("redis", "rediss", "unix", "valkey")] = None
    BROKER_URL: Annotated[str | None, scheme(*BROKERS)] = None
    SMTP_URL: Annotated[str | None, scheme("smtp", "smtps")] = None
    MAIL_FROM: Annotated[str, AfterValidator(sender)] = "wellchat@localhost"
    REPLY_ADDRESS: Annotated[str | None, AfterValidator(reply_address)] = Field(
        default=None, validate_default=True
    )
    # name of the mail server whose Authentication-Results are trusted (RFC 8601)
    AUTHSERV_ID: str | None = None
    BASE_URL: Annotated[str | None, AfterValidator(web_address_or_none)] = None
    # replies without proof of their author; None: taken only where BASE_URL is no real address
    UNPROVEN_REPLIES: Annotated[bool | None, BeforeValidator(on_off_or_none)] = None
    REPLIES_END_WITH_SESSIONS: Annotated[bool, BeforeValidator(on_off)] = False
    # those of version 0.2 have fewer bits; the last of them ends by itself on 2027-03-15
    SHORT_REPLY_ADDRESSES: Annotated[bool, BeforeValidator(on_off)] = True
    SECRET_KEY: Annotated[str, AfterValidator(strong_secret)] = ""
    # who must have a second factor, where the address is https
    MFA: Literal["off", "admins", "professionals", "everyone"] = "admins"
    # they verify what was signed before, and sign nothing; latest first
    OLD_SECRET_KEYS: Annotated[tuple[OldSecret, ...], BeforeValidator(names)] = ()
    # the names in the security log come from it; by default from the oldest secret
    PSEUDONYM_KEY: Annotated[str, AfterValidator(strong_secret)] = ""
    VAPID_KEY: Annotated[str, AfterValidator(vapid_key)] = ""
    # names of the hosts that are pushed to, and of all below them; empty: every public one
    PUSH_HOSTS: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    PUSH_ALLOW_PRIVATE: Annotated[bool, BeforeValidator(on_off)] = False  # for tests: http, private addresses
    # whom people ask who disagree with a decision; by default MAIL_FROM
    SUPPORT_EMAIL: Annotated[str | None, AfterValidator(plain_address_or_none)] = None
    # shown at a report of danger: a text, with the address of a page if there is one
    HELP_LINES: str | None = Field(default=None, max_length=500)
    # NAME to HOME_URL: what is not set here, an owner may change on a page (branding.py)
    NAME: Annotated[str, AfterValidator(one_line)] = Field(default="wellchat", min_length=1, max_length=40)
    BRAND_LOGO: Annotated[Any, BeforeValidator(logo_file)] = None  # a Logo
    TERMS_URL: Annotated[str | None, AfterValidator(web_address_or_none)] = None
    PRIVACY_URL: Annotated[str | None, AfterValidator(web_address_or_none)] = None
    HOME_URL: Annotated[str | None, AfterValidator(web_address_or_none)] = None  # the host's own site
    # templates of mails that take the place of ours: a folder with `emails` in it
    TEMPLATES: Annotated[Path | None, AfterValidator(folder_of_mails)] = None
    CLIENT_VIEW: Literal["list", "one-thread"] = "list"
    # the first is for readers who want none of them
    LANGUAGES: Annotated[tuple[str, ...], BeforeValidator(languages)] = (
        "en",
        "de",
        "fr",
    )
    ACCENT_HUE: int = Field(default=262, ge=0, le=360)
    EMAIL_DELAY: float = Field(default=1800, ge=0, le=YEAR)
    SMTP_CONNECTIONS: int = Field(default=4, ge=1, le=16)  # at once, in a run of many mails
    MAX_EMAILS_PER_DAY: int = Field(default=20, ge=1)
    MAX_EMAILS_PER_THREAD: int = Field(default=10, ge=1)
    AWAY_AFTER: float = Field(default=120, ge=0, le=YEAR)
    SWEEP_EVERY: float = Field(default=5, gt=0, le=DAY)
    POLL_INTERVAL: float = Field(default=3, gt=0, le=DAY)
    MAX_WAIT: float = Field(default=25, ge=0, le=300)
    MAX_WAITING: int = Field(default=0, ge=0)  # waiting polls per process; 0: see docs/settings.md
    MAX_WAITING_PER_PERSON: int = Field(default=10, ge=1)  # waiting polls per process
    THREADS: int = Field(default=256, ge=4)
    # seconds for the head of a request, and until BODY_PACE counts
    REQUEST_PATIENCE: float = Field(default=10, ge=1, le=300)
    BODY_PACE: int = Field(default=1, ge=0, le=1024)  # kB a second that a request body comes with, on average
    # percent of a process's places that one client address may take
    ADDRESS_SHARE: int = Field(default=25, ge=1, le=100)
    STORAGE_URL: Annotated[str | None, AfterValidator(storage_url)] = None
    S3_ENDPOINT: Annotated[str | None, AfterValidator(web_address_or_none)] = None
    PRIVACY_CONTACT: str | None = Field(default=None, max_length=200)
    ERASURE_GRACE: int = Field(default=7, ge=0, le=90)  # days
    # days by kind of subject, counted from the last message of its thread
    RETENTION: Annotated[dict[str, int], BeforeValidator(periods)] = Field(default_factory=dict)
    RETENTION_MESSAGES: int = Field(default=0, ge=0, le=36_500)  # days; 0: no message is removed for its age
    DISCREET_MAILS: Annotated[bool, BeforeValidator(on_off)] = False
    MAX_UPLOAD: int = Field(default=20, ge=1, le=500)  # MB of one file
    SCANNER: Annotated[str | None, AfterValidator(scanner)] = None  # what checks files for viruses
    # conversations a browser keeps for reading offline
    OFFLINE_THREADS: int = Field(default=20, ge=0, le=200)
    # whether browsers may keep words: drafts, unsent messages, searches, pages for reading offline
    BROWSER_STORAGE: Annotated[bool, BeforeValidator(on_off)] = True
    # whether browsers may keep files and pictures, and ask each time if they are still good
    BROWSER_CACHE: Annotated[bool, BeforeValidator(on_off)] = True
    # optional packages: `name` on, `-name` off
    FEATURES: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    # of booking: what an hour costs where nothing else says, such as `90.00 EUR`
    HOUR_PRICE: Annotated[tuple[int, str] | None, BeforeValidator(amount_or_none)] = None
    HOLD: float = Field(default=600, ge=30, le=3600)  # seconds for which a picked time is kept
    # seconds without an act, and in all, after which a session ends
    IDLE: float = Field(default=30 * DAY, ge=60, le=90 * DAY)
    IDLE_ADMIN: float = Field(default=1800, ge=60, le=90 * DAY)
    SESSION: float = Field(default=90 * DAY, ge=300, le=90 * DAY)
    SESSION_ADMIN: float = Field(default=43_200, ge=300, le=90 * DAY)
    # minutes that a link in a mail works at the most, if it stands for a password or an address
    LINK_MINUTES: int = Field(default=4320, ge=5, le=4320)
    TOTP_DRIFT: int = Field(default=1, ge=0, le=1)  # steps of 30 s beside the present one whose codes count
    SIGN_UP: Literal["open", "invited", "off"] = "open"
    # sites whose forms may bring a token of the host, and where people without a session are sent
    SSO_ORIGINS: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(origins)] = ()
    SSO_URL: Annotated[str | None, AfterValidator(link_or_none)] = None
    SSO_MAKES: Annotated[bool, BeforeValidator(on_off)] = (
        True  # accounts of people who come for the first time
    )
    # keys and providers on http, on any port, and in the operator's own network
    SSO_ANYWHERE: Annotated[bool, BeforeValidator(on_off)] = False
    ACCOUNT_URL: Annotated[str | None, AfterValidator(link_or_none)] = (
        None  # where people of the host manage theirs
    )
    # sites whose pages may show conversations in a frame; none: there is no embed
    EMBED_ORIGINS: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(embed_origins)] = ()
    # WELLCHAT_OIDC_<NAME> and WELLCHAT_OIDC_<NAME>_<PART>
    OIDC: Annotated[dict[str, Any], BeforeValidator(providers)] = Field(default_factory=dict)
    # hides contact data in messages until a booking; needs the extra `masking`
    MASK: Literal["off", "before_booking"] = "off"
    # states of a subject in which its two people have booked
    MASK_ENDS: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(small)] = (
        "confirmed",
        "claimed",
        "done",
    )
    # links to them and to all below them stay
    MASK_HOSTS: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(small)] = ()
    # whose national telephone numbers are known (ISO 3166)
    REGIONS: Annotated[tuple[str, ...], BeforeValidator(names)] = ("DE", "AT", "CH", "FR", "GB")
    CONFIRM_PROFESSIONALS: Annotated[bool, BeforeValidator(on_off)] = False
    OPEN_DEMO: Annotated[bool, BeforeValidator(on_off)] = False  # on the private network too
    METRICS_TOKEN: Annotated[str | None, AfterValidator(long_token)] = None
    # from where /metrics may be read without the token, beside this host
    METRICS_NETWORKS: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(networks)] = ()
    # a collector of errors that speaks as Sentry; needs the extra `sentry`
    SENTRY_DSN: Annotated[str | None, AfterValidator(sentry_dsn)] = None
    SLOW_STATEMENT: float = Field(default=0.5, ge=0, le=DAY)  # seconds; 0: slow statements are not noted
    FOUR_EYES: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(four_eyes)] = ()
    # days until the two people are told of a look, or `off: why`
    LOOK_NOTICE: Annotated[str, AfterValidator(look_notice)] = "30"
    RATE_LIMITS: Annotated[bool, BeforeValidator(on_off)] = True
    TRUSTED_PROXIES: int = Field(default=0, ge=0, le=5)  # trusted reverse proxies in front
    # the first seals the security log, all verify it
    AUDIT_KEY: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(strong_secrets)] = ()
    AUDIT_TO: Annotated[str, AfterValidator(audit_target)] = "off"
    # days; 0: what is left out of a mail is not kept
    QUOTED_TEXT_DAYS: int = Field(default=90, ge=0, le=36_500)
    AUDIT_DAYS: int = Field(default=400, ge=30, le=36_500)
    AUDIT_ADMIN_DAYS: int = Field(default=2557, ge=30, le=36_500)  # seven years
    LOG: Literal["text", "json"] = "text"
    # types of events that are written beside those that always are
    EVENTS: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    WEBHOOK_PORTS: Annotated[tuple[str, ...], BeforeValidator(names), AfterValidator(ports)] = ("443",)
    # for a host in the same network, and for tests: http, every port, private addresses
    WEBHOOK_ANYWHERE: Annotated[bool, BeforeValidator(on_off)] = False
    SECURITY_CONTACT: Annotated[str | None, AfterValidator(contact)] = None  # of /.well-known/security.txt
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @property
    def switches(self) -> tuple[str, ...]:
        """Return FEATURES with what presets stand for, and what a setting of its own switches on."""
        chosen = [name for each in self.FEATURES for name in PRESETS.get(each, (each,))]
        return (*chosen, *(["masking"] if self.MASK != "off" else []))

    def model_post_init(self, _context: object) -> None:
        """Fill in the defaults that depend on other settings or on a running `wellchat up`."""
        self.INSTANCE = self.INSTANCE.absolute()
        self.DATABASE_URL = self.DATABASE_URL or f"sqlite:///{self.INSTANCE / 'wellchat.db'}"
        self.REDIS_URL = self.REDIS_URL or _runtime_file(self.INSTANCE, "valkey.url")
        self.BASE_URL = self.BASE_URL or _runtime_file(self.INSTANCE, "base.url") or "http://127.0.0.1:8000"
        if self.UNPROVEN_REPLIES is None:
            self.UNPROVEN_REPLIES = is_for_trying(self.BASE_URL)
        self.BROKER_URL = self.BROKER_URL or self.REDIS_URL
        self.SECRET_KEY = self.SECRET_KEY or persistent_secret(
            self.INSTANCE, "secret_key", lambda: secrets.token_hex(32)
        )


def read_settings(environ: Mapping[str, str] = os.environ, **overrides: object) -> Settings:
    """Return the settings of the environment; `overrides` win.

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
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        if isinstance(error, FileExistsError | NotADirectoryError):
            what = f"{error.filename} is a file; name a folder"
        raise SettingsError(f"{PREFIX}INSTANCE: cannot use the folder: {what}") from None
    return settings


def _given(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of the environment that are not empty, each by its new name, without the prefix."""
    values = {
        name.removeprefix(PREFIX): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value
    }
    renamed = {new: values[old] for old, new in _TO_TABLE.items() if old in values}
    given = {name: value for name, value in values.items() if name not in _TO_TABLE}
    of_providers = oidc_variables(given)
    # One setting of our own holds what many variables say.
    return {**renamed, **given, **({"OIDC": of_providers} if of_providers else {})}


def _name_in_use(name: str, environ: Mapping[str, str]) -> str:
    """Return the name by which the environment sets a setting: an error names what its reader has written."""
    old = next((old for old, new in _TO_TABLE.items() if new == name and environ.get(PREFIX + old)), name)
    return name if environ.get(PREFIX + name) else old


def unknown_settings(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names that look like ours and are not, sorted. Most are typing slips, so they are logged."""
    known = {PREFIX + name for name in (*Settings.model_fields, *_TO_TABLE)}
    ours = [name for name in environ if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}OIDC_")]
    return sorted(name for name in ours if name not in known)


def overruled_settings(environ: Mapping[str, str] = os.environ) -> list[tuple[str, str]]:
    """Return (old, new) for each setting whose two names are set to different values.

    The new one counts.
    """
    pairs = [(PREFIX + old, PREFIX + new) for old, new in _TO_TABLE.items()]
    values = [(old, new, environ.get(old), environ.get(new)) for old, new in pairs]
    return [(old, new) for old, new, was, now in values if was and now and was != now]


def _runtime_file(instance: Path, name: str) -> str | None:
    """Return what `wellchat up` wrote while it runs, or None.

    Other commands of this machine then use the same Redis and link to the same address.
    """
    path = instance / name
    return path.read_text().strip() if path.exists() else None


def persistent_secret(instance: Path, name: str, make: Callable[[], str]) -> str:
    """Return a secret of this installation from the file `name`; create it with `make` on first use."""
    # 0700: the folder holds conversations and keys.
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = instance / name
    temporary = instance / f".{name}.{os.getpid()}"
    if not path.exists():
        temporary.write_text(make())
        temporary.chmod(0o600)
        try:
            # link() fails if the file exists: processes that start together agree on the secret of the first
            # one.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()


def setting(name: str) -> Any:
    """Return a setting of the current application, for modules that know nothing of the web."""
    return current_app.config[name]


def secret_keys() -> list[str]:
    """Return the secrets that verify, oldest first. The last one signs, as itsdangerous takes them."""
    return [*reversed(setting("OLD_SECRET_KEYS")), setting("SECRET_KEY")]
