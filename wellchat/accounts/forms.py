"""Check what people enter about themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo

from wellchat.accounts import names, password_rules
from wellchat.accounts.addresses import parse_address
from wellchat.forms import Form, Text
from wellchat.i18n import available_languages, gettext
from wellchat.shapes import sample

MAX_PASSWORD_LENGTH = 200
TOKEN_DAYS = (7, 30, 90, 180, 365)  # how long a token lasts, to choose from


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


def _maybe_email(text: str) -> str:
    """Return an address, or the text unchanged: an invalid one gets the same response as an unknown one."""
    try:
        return parse_address(text)
    except ValueError:
        return text


def _own(check: Callable[[str], str], *, spares_staff: bool = False) -> AfterValidator:
    """Return a check of what people call themselves. `context` of the validation says of whom it is.

    What they have already passes, in `kept` by field: a rule that is newer than a name must not stop its
    owner from saving the rest of the form.
    """

    def validate(text: str, info: ValidationInfo) -> str:
        context = info.context or {}
        is_kept = text == context.get("kept", {}).get(info.field_name)
        return text if is_kept or (spares_staff and context.get("is_staff")) else check(text)

    return AfterValidator(validate)


def _fresh_password(text: str) -> str:
    if (why_not := password_rules.refusal(text)) is not None:
        raise ValueError(why_not)
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


Email = Annotated[Text, StringConstraints(min_length=1, max_length=320), AfterValidator(parse_address)]
MaybeEmail = Annotated[Text, StringConstraints(min_length=1, max_length=320), AfterValidator(_maybe_email)]
Name = Annotated[
    Text,
    StringConstraints(min_length=1, max_length=120),
    _own(names.one_line),
    _own(names.plain_name),
]
Label = Annotated[Text, StringConstraints(max_length=40), _own(names.one_line), _own(names.one_alphabet)]
# What people choose for themselves. The operator, who fills in NewUser, may call somebody "Support".
OwnName = Annotated[Name, _own(names.unposed, spares_staff=True)]
OwnLabel = Annotated[Label, _own(names.unposed, spares_staff=True)]
OneLine = Annotated[Text, AfterValidator(names.one_line)]
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


SIGN_IN = sample({"email": "hannah@example.com", "password": "a long pass phrase"})


class SignInByProgram(SignIn, json_schema_extra=SIGN_IN):
    """Sign in for a token; `code` is that of an authenticator app, or a recovery code."""

    code: Annotated[Text, StringConstraints(max_length=64)] = ""


class SignInPage(SignIn):
    """Sign in on the page, with "remember me"."""

    remember: Ticked = False


class SignUp(Form):
    """Create an account."""

    email: Email
    name: OwnName
    password: FreshPassword
    role: Literal["client", "professional"]
    time_zone: Annotated[Text, AfterValidator(_zone_or_utc)] = "UTC"


class Invited(Form):
    """Create the account of an invitation, which says the address and the role."""

    name: OwnName
    password: FreshPassword
    time_zone: Annotated[Text, AfterValidator(_zone_or_utc)] = "UTC"


class NewUser(Form):
    """Create an account as the operator, who may choose any role."""

    email: Email
    name: Name
    role: Role
    password: FreshPassword | None = None
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

    name: OwnName
    time_zone: TimeZone
    locale: Annotated[str | None, BeforeValidator(_known_language)] = None
    bio: Annotated[Bio | None, BeforeValidator(_nothing_if_empty)] = None
    role_label: Annotated[OwnLabel | None, BeforeValidator(_nothing_if_empty)] = None
    open_to_clients: Ticked = False


def _days(text: object) -> int:
    if str(text) not in map(str, TOKEN_DAYS):
        raise ValueError(gettext("Choose one of these times."))
    return int(str(text))


class TokenName(Form):
    """Name a bearer token."""

    name: Annotated[Text, StringConstraints(max_length=80), AfterValidator(names.one_line)] = ""


class NewToken(TokenName):
    """Make a bearer token on the settings page."""

    days: Annotated[int, BeforeValidator(_days)] = 90
    scopes: Literal["read", "read send"] = "read send"
