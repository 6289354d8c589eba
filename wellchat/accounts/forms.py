"""Check what people enter about themselves."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from wellchat.forms import Form, Text
from wellchat.i18n import available_languages, gettext

MAX_PASSWORD_LENGTH = 200
TOKEN_DAYS = (7, 30, 90, 180, 365)  # how long a token lasts, to choose from
_COMMON = """
password password1 password123 passw0rd 12345678 123456789 1234567890 11111111 00000000 87654321 qwertyui
qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx abcd1234 abc12345 iloveyou sunshine princess football baseball superman
trustno1 letmein1 welcome1 welcome123 changeme wellchat
"""
COMMON_PASSWORDS = frozenset(_COMMON.split())

# An installation may be on an intranet, where .local and .test are real addresses.
SPECIAL_USE_DOMAIN_NAMES.clear()

# Characters that change the text direction (UAX #9): a name with one could reorder the words around it.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_LOOKS_LIKE_A_LINK = re.compile(r"[<>]|://|\bwww\.", re.IGNORECASE)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Return the names of all IANA time zones."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Return the zones to choose from, sorted. Old aliases are accepted but not offered."""
    return tuple(
        sorted(name for name in known_zones() if name == "UTC" or ("/" in name and name[:4] != "Etc/"))
    )


def _email(text: str) -> str:
    """Return one address in lower case, as a mail server accepts it (RFC 5321).

    Intranet names are accepted.
    """
    try:
        found = validate_email(
            text.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            allow_smtputf8=False,
            strict=True,
        )
    except EmailNotValidError:
        raise ValueError(
            gettext("This is not an email address. Enter one such as name@example.com.")
        ) from None
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > 254:
        raise ValueError(gettext("At most 254 characters."))
    return address


def _maybe_email(text: str) -> str:
    """Return an address, or the text unchanged: an invalid one gets the same response as an unknown one."""
    try:
        return _email(text)
    except ValueError:
        return text


def _one_line(text: str) -> str:
    """Return the words with single spaces.

    Raises ValueError for control characters, which could end a mail header, and for direction marks.
    """
    text = " ".join(text.split())
    # Cc are control characters, Cs are lone surrogates, which UTF-8 cannot encode.
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI_CONTROLS for c in text):
        raise ValueError(gettext("This contains characters that cannot be shown."))
    return text


def _name(text: str) -> str:
    """Refuse a name that looks like a link.

    Names appear in mails: with a link in it, a name would carry an advertisement to strangers.
    """
    if _LOOKS_LIKE_A_LINK.search(text):
        raise ValueError(gettext("This looks like a web address, not like a name."))
    # At least one letter, number or symbol: a name of spaces and marks is invisible.
    if not any(unicodedata.category(c)[0] in "LNS" for c in text):
        raise ValueError(gettext("Enter a name with letters or digits."))
    return text


def _fresh_password(text: str) -> str:
    if len(text) < 8:
        raise ValueError(gettext("This is too short."))
    if text.lower() in COMMON_PASSWORDS or len(set(text)) < 3:
        raise ValueError(gettext("This password is too easy to guess. Choose another."))
    return text


def _known_zone(text: str) -> str:
    if text not in known_zones():
        raise ValueError(gettext("There is no such time zone. Use a name such as Europe/Paris."))
    return text


def _zone_or_utc(text: str) -> str:
    """Return the zone that the browser sent, or UTC: nobody typed it, so nobody gets an error."""
    return text if text in known_zones() else "UTC"


def _nothing_if_empty(text: object) -> object:
    if not isinstance(text, str):
        return text
    # Browsers send CR LF for one line break.
    return text.replace("\r\n", "\n").strip() or None


def _ticked(value: object) -> object:
    return value in ("1", "on", "true", True)


Email = Annotated[Text, StringConstraints(min_length=1, max_length=320), AfterValidator(_email)]
MaybeEmail = Annotated[Text, StringConstraints(min_length=1, max_length=320), AfterValidator(_maybe_email)]
Name = Annotated[
    Text, StringConstraints(min_length=1, max_length=120), AfterValidator(_one_line), AfterValidator(_name)
]
OneLine = Annotated[Text, AfterValidator(_one_line)]
Label = Annotated[OneLine, StringConstraints(max_length=40)]
Bio = Annotated[Text, StringConstraints(max_length=280)]
Password = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_PASSWORD_LENGTH)]
FreshPassword = Annotated[Password, AfterValidator(_fresh_password)]
TimeZone = Annotated[Text, StringConstraints(max_length=64), AfterValidator(_known_zone)]
Ticked = Annotated[bool, BeforeValidator(_ticked)]
Role = Literal["client", "professional", "admin"]


class SignIn(Form):
    """Sign in with an address and a password."""

    email: MaybeEmail
    password: Password


class SignInByProgram(SignIn):
    """Sign in for a token; `code` is that of an authenticator app, or a recovery code."""

    code: Annotated[Text, StringConstraints(max_length=64)] = ""


class SignInPage(SignIn):
    """Sign in on the page, with "remember me"."""

    remember: Ticked = False


class SignUp(Form):
    """Create an account."""

    email: Email
    name: Name
    password: FreshPassword
    role: Literal["client", "professional"]
    time_zone: Annotated[Text, AfterValidator(_zone_or_utc)] = "UTC"


class NewUser(Form):
    """Create an account as the operator, who may choose any role and password."""

    email: Email
    name: Name
    role: Role
    password: Password | None = None
    time_zone: TimeZone = "UTC"
    role_label: Label | None = None
    bio: Bio | None = None


class ForgotPassword(Form):
    """Ask for a reset link."""

    email: Email


class ResetPassword(Form):
    """Choose a new password after opening a reset link."""

    password: FreshPassword


class ChangePassword(Form):
    """Change the password; `current_password` is empty if there is none yet."""

    current_password: Annotated[Text, StringConstraints(max_length=MAX_PASSWORD_LENGTH)] = ""
    new_password: FreshPassword


def _known_language(text: object) -> object:
    """Return the language; None for an empty value, which means the browser's."""
    if not text:
        return None
    if text not in available_languages():
        raise ValueError(gettext("Choose one of these languages."))
    return text


class Profile(Form):
    """Edit the profile."""

    name: Name
    time_zone: TimeZone
    locale: Annotated[str | None, BeforeValidator(_known_language)] = None
    bio: Annotated[Bio | None, BeforeValidator(_nothing_if_empty)] = None
    role_label: Annotated[Label | None, BeforeValidator(_nothing_if_empty)] = None
    open_to_clients: Ticked = False


def _days(text: object) -> int:
    if str(text) not in map(str, TOKEN_DAYS):
        raise ValueError(gettext("Choose one of these times."))
    return int(str(text))


class TokenName(Form):
    """Name a bearer token."""

    name: Annotated[Text, StringConstraints(max_length=80), AfterValidator(_one_line)] = ""


class NewToken(TokenName):
    """Make a bearer token on the settings page."""

    days: Annotated[int, BeforeValidator(_days)] = 90
    scopes: Literal["read", "read send"] = "read send"
