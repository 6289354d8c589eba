"""Turn a token of the host into claims: the one way in, for every door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from wellchat import clock
from wellchat.accounts.forms import Email, Label, Name
from wellchat.config import setting
from wellchat.errors import WellchatError, errors_by_field
from wellchat.forms import Form, Text
from wellchat.i18n import N_, gettext
from wellchat.request_ids import request_id
from wellchat.sso.jose import NAMES, Unfit, read_claims, read_header
from wellchat.sso.keys import find_key

MAX_TOKEN = 4096  # bytes
LEEWAY = 30  # seconds that the host's clock may differ
LASTS_MOST = 300  # seconds from `iat` to `exp`
NO_NAME = "It is too long, looks like a link, is hidden in part, or mixes two alphabets in a word."
# A number of milliseconds is above it for all times since 2004.
MAX_TIME = 2**40
PLAIN = re.compile(r"[\w.:-]{1,60}", re.ASCII)


class BadToken(WellchatError):
    """A token that is not taken. Strangers get a reference; `code` and `reason` are for developers."""

    status = 401
    heading = N_("You could not be signed in")

    def __init__(self, code: str, reason: str, *, kid: str | None = None) -> None:
        self.code, self.reason, self.kid = code, reason, kid
        super().__init__(
            gettext(
                "Go back to where you came from and try again. If it goes on, tell them: %(reference)s",
                reference=request_id() or "",
            )
        )


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError(gettext("This contains characters that cannot be shown."))
    return text


def _own_id(text: str) -> str:
    if text.startswith("id:"):
        raise ValueError(gettext("It must not begin with id:"))
    return text


def _moment(value: object) -> object:
    """Return the moment of a number of seconds, or of a text with an offset."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_TIME:
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and re.search(r"(Z|[+-]\d\d:?\d\d)$", value):
        return clock.moment(value)
    raise ValueError(gettext("Write whole seconds, or a time with its offset."))


Ext = Annotated[
    Text, Field(min_length=1, max_length=120), AfterValidator(_printable), AfterValidator(_own_id)
]
Word = Annotated[Text, Field(min_length=1, max_length=200), AfterValidator(_printable)]


class _Claims(Form):
    """The claims about the person. Others, which every host has, are left unread."""

    sub: Ext
    jti: Word | None = None
    name: Name | None = None
    email: Email | None = None
    email_verified: bool = False
    role: Literal["client", "professional"] | None = None
    role_label: Label | None = None
    locale: Word | None = None
    zoneinfo: Word | None = None
    as_of: Annotated[datetime, BeforeValidator(_moment)] | None = None
    amr: Annotated[list[Word], Field(max_length=20)] = Field(default_factory=list)
    auth_time: Annotated[int, Field(ge=0, lt=MAX_TIME)] | None = None


@dataclass(frozen=True)
class HostClaims:
    """What a good token says. What it does not say is None."""

    kid: str
    joins_by_email: bool  # of the key: see people.py
    sub: str  # the host's own id of the person
    exp: datetime
    iat: datetime
    jti: str | None
    name: str | None
    email: str | None
    email_verified: bool
    role: str | None
    role_label: str | None
    locale: str | None
    zoneinfo: str | None
    as_of: datetime | None
    amr: tuple[str, ...]
    auth_time: int | None = None


def read_host_token(text: str, now: datetime) -> HostClaims:
    """Return the claims of a token that one of our keys signed for here, and that is good at this moment.

    Whether a `jti` comes for the first time is not looked at. Raises BadToken, with a code and a reason for
    developers, whatever is wrong; nothing else.
    """
    kid: str | None = None
    try:
        header = read_header(text, max_size=MAX_TOKEN)
        kid = _header_text(header, "kid")
        row, key = find_key(kid, now)
        kid = row.kid
        if _header_text(header, "alg") not in NAMES[row.alg]:
            raise Unfit("wrong_algorithm", f"The header's alg is not that of the key, {row.alg}.")
        claims = read_claims(text, key, NAMES[row.alg])
        _check_times(claims, int(now.timestamp()))
        _check_purpose(claims)
        return HostClaims(kid=kid, joins_by_email=row.joins_by_email, **_about(claims))
    except Unfit as unfit:
        # Of a kid that nobody made only what may be one, for it goes into the log.
        known = kid if kid is not None and PLAIN.fullmatch(kid) else None
        raise BadToken(unfit.code, unfit.reason, kid=known) from None


def _header_text(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise Unfit(f"no_{name}", f"The header needs {name}, a text.")
    return value


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    issued, ends = _time(claims, "iat"), _time(claims, "exp")
    if not 0 < ends - issued <= LASTS_MOST:
        raise Unfit("lasts_too_long", f"exp must be 1 to {LASTS_MOST} seconds after iat.")
    if ends <= now - LEEWAY:
        raise Unfit("expired", f"The token ended {now - ends} s ago. Make a new one for each sign-in.")
    if issued > now + LEEWAY:
        raise Unfit("from_the_future", f"iat is {issued - now} s ahead of our clock. Set the clock.")
    if "nbf" in claims and _time(claims, "nbf") > now + LEEWAY:
        raise Unfit("not_yet_valid", "nbf is ahead of our clock.")


def _time(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit("time_not_a_number", f"{name} is needed: a whole number of seconds since 1970.")
    if not 0 < value < MAX_TIME:
        raise Unfit("time_not_in_seconds", f"{name} is no number of seconds since 1970; milliseconds?")
    return value


def _check_purpose(claims: Mapping[str, Any]) -> None:
    here = setting("BASE_URL")
    if claims.get("aud") not in (here, [here]):
        raise Unfit("wrong_audience", f"aud must be exactly {here}.")
    if "act" in claims:
        raise Unfit("act_refused", "The token is of an employee who looks on. That is not possible here.")


def _about(claims: Mapping[str, Any]) -> dict[str, Any]:
    # null says nothing, as leaving it out does.
    given = {name: claims[name] for name in _Claims.model_fields if claims.get(name) is not None}
    try:
        found = _Claims.model_validate(given)
    except ValidationError as error:
        field, message = next(iter(errors_by_field(error).items()))
        # The log holds no words of anybody, and a message about a name may quote it.
        reason = NO_NAME if field in ("name", "role_label") else message
        raise Unfit("bad_claim", f"{field}: {reason}") from None
    times = {name: datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp")}
    return {**dict(found), **times, "amr": tuple(found.amr)}
