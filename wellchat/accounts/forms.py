"""Shapes of what people enter about themselves."""

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
_COMMON = """
password password1 password123 passw0rd 12345678 123456789 1234567890 11111111 00000000 87654321 qwertyui qwerty123
qwertyuiop 1q2w3e4r 1qaz2wsx abcd1234 abc12345 iloveyou sunshine princess football baseball superman trustno1
letmein1 welcome1 welcome123 changeme wellchat
"""
COMMON_PASSWORDS = frozenset(_COMMON.split())

SPECIAL_USE_DOMAIN_NAMES.clear()  # an installation may live on an intranet, where .local and .test are addresses

# Characters that turn the reading direction: a name with one could rewrite the words around it.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_LOOKS_LIKE_A_LINK = re.compile(r"[<>]|://|\bwww\.", re.IGNORECASE)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The names to choose from, in order; old ones that only stand for another are understood, not offered."""
    return tuple(
        sorted(name for name in known_zones() if name == "UTC" or ("/" in name and name[:4] != "Etc/"))
    )


def _email(text: str) -> str:
    """One address, lower case, spelled so that a mail server takes it. Intranet names count as addresses."""
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
    """What is no address belongs to nobody, and gets the same answer as an unknown one."""
    try:
        return _email(text)
    except ValueError:
        return text


def _one_line(text: str) -> str:
    """Words with single spaces; nothing that steers a terminal, ends a mail header or turns the reading direction."""
    text = " ".join(text.split())
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI_CONTROLS for c in text):
        raise ValueError(gettext("This contains characters that cannot be shown."))
    return text


def _name(text: str) -> str:
    """A name stands in mails to people who never heard of us: it may not carry an advertisement's address."""
    if _LOOKS_LIKE_A_LINK.search(text):
        raise ValueError(gettext("This looks like a web address, not like a name."))
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
    """The browser's own guess, which nobody typed and nobody should be blamed for."""
    return text if text in known_zones() else "UTC"


def _nothing_if_empty(text: object) -> object:
    if not isinstance(text, str):
        return text
    return text.replace("\r\n", "\n").strip() or None  # browsers send two characters for the one they counted


def _ticked(value: object) -> object:
    return value in ("1", "on", "true", True)


Email = Annotated[Text, StringConstraints(min_length=1, max_length=320), AfterValidator(_email)]
MaybeEmail = Annotated[Text, StringConstraints(min_length=1, max_length=320), AfterValidator(_maybe_email)]
Name = Annotated[
    Text, StringConstraints(min_length=1, max_length=120), AfterValidator(_one_line), AfterValidator(_name)
]
Label = Annotated[Text, StringConstraints(max_length=40), AfterValidator(_one_line)]
Bio = Annotated[Text, StringConstraints(max_length=280)]
Password = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_PASSWORD_LENGTH)]
FreshPassword = Annotated[Password, AfterValidator(_fresh_password)]
TimeZone = Annotated[Text, StringConstraints(max_length=64), AfterValidator(_known_zone)]
Ticked = Annotated[bool, BeforeValidator(_ticked)]
Role = Literal["client", "professional", "admin"]


class SignIn(Form):
    email: MaybeEmail
    password: Password


class SignInPage(SignIn):
    remember: Ticked = False


class SignUp(Form):
    email: Email
    name: Name
    password: FreshPassword
    role: Literal["client", "professional"]
    time_zone: Annotated[Text, AfterValidator(_zone_or_utc)] = "UTC"


class NewUser(Form):
    """An account made by the operator, who may choose any role and password."""

    email: Email
    name: Name
    role: Role
    password: Password | None = None
    time_zone: TimeZone = "UTC"
    role_label: Label | None = None
    bio: Bio | None = None


class ForgotPassword(Form):
    email: Email


class ResetPassword(Form):
    password: FreshPassword


class ChangePassword(Form):
    current_password: Annotated[Text, StringConstraints(max_length=MAX_PASSWORD_LENGTH)] = ""
    new_password: FreshPassword


def _known_language(text: object) -> object:
    """Nothing: what the browser asks for."""
    if not text:
        return None
    if text not in available_languages():
        raise ValueError(gettext("Choose one of these languages."))
    return text


class Profile(Form):
    name: Name
    time_zone: TimeZone
    locale: Annotated[str | None, BeforeValidator(_known_language)] = None
    bio: Annotated[Bio | None, BeforeValidator(_nothing_if_empty)] = None
    role_label: Annotated[Label | None, BeforeValidator(_nothing_if_empty)] = None
    open_to_clients: Ticked = False


class TokenName(Form):
    name: Annotated[Text, StringConstraints(max_length=80), AfterValidator(_one_line)] = ""
