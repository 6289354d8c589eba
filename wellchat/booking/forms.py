"""The forms of bookings. One form serves the page and the JSON call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from wellchat.accounts.forms import TimeZone
from wellchat.availability.forms import Day, or_none
from wellchat.forms import Form, Instant, QueryForm, Text
from wellchat.i18n import gettext

Words = Annotated[Text, StringConstraints(max_length=2000)]
Ident = Annotated[Text, StringConstraints(max_length=13)]
Key = Annotated[Text, StringConstraints(min_length=1, max_length=64)]


def _moment(value: Any) -> Any:
    """Return the time of a text: a strict form reads none from JSON. Raises ValueError."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(gettext("Write a time as text, such as 2026-01-31T12:00:00Z.")) from None


At = Annotated[Instant, BeforeValidator(_moment)]


class BookPage(QueryForm):
    """Where somebody is in booking: the service, the day and the zone in which they read."""

    service: Annotated[Ident | None, BeforeValidator(or_none)] = None
    day: Annotated[Day | None, BeforeValidator(or_none)] = None
    zone: Annotated[TimeZone | None, BeforeValidator(or_none)] = None


class PickTime(Form):
    """A time that was picked on the page."""

    service: Ident
    at: At


class PostBooking(Form):
    """Hold a free time. With the same `client_key` the call may be repeated."""

    service: Ident
    starts_at: At
    client_key: Key | None = None


class Details(Form):
    """What the client says about a booking."""

    agenda: Words = ""


class MoveBooking(Form):
    """Move a booking."""

    starts_at: At
    reason: Annotated[Text, StringConstraints(max_length=500)] = ""


class CancelBooking(Form):
    """Cancel a booking. `cost` is what the person was shown, in the smallest unit: refused if it changed."""

    reason: Annotated[Text, StringConstraints(max_length=500)] = ""
    cost: int | None = Field(default=None, ge=0)


class MarkBooking(Form):
    """Say whether the client came."""

    missed: bool


class ListBookings(QueryForm):
    """Which bookings, and where the page before ended."""

    when: Literal["upcoming", "past", "cancelled"] = "upcoming"
    before: Annotated[Text, StringConstraints(max_length=200)] | None = None
