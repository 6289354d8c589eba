"""The forms of services and hours. One form serves the page, the JSON call and the command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from wellchat import money
from wellchat.accounts.forms import TimeZone
from wellchat.errors import Invalid
from wellchat.forms import Filled, Form, QueryForm, Text
from wellchat.i18n import gettext

CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
SPANS = 3  # fields of a day on the page; a break is what lies between two
MAX_SPANS = 12  # of one day by JSON


def minute_of(clock: str) -> int:
    """Return the minutes of "09:30"; "24:00" is the end of the day. Raises ValueError."""
    found = CLOCK.fullmatch(clock)
    if found is None or (minutes := int(found[1]) * 60 + int(found[2])) > 1440:
        raise ValueError(gettext("Write a time such as 09:30. The end of the day is 24:00."))
    return minutes


def clock_of(minutes: int) -> str:
    """Return "09:30" of minutes since midnight."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _price(text: str) -> str:
    if text.strip():
        money.parse(text)
    return text.strip()


def or_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Day = Annotated[date, Field(ge=date(1970, 1, 2), le=date(2199, 12, 31))]
Price = Annotated[Text, StringConstraints(max_length=20), AfterValidator(_price)]
Most = Annotated[Annotated[int, Field(ge=1, le=100)] | None, BeforeValidator(or_none)]


class PutService(Form):
    """A service. `price` is such as `75.00 EUR`; empty, it is reckoned by the hour."""

    name: Annotated[Filled, StringConstraints(max_length=120)]
    minutes: int = Field(ge=5, le=480)
    before: int = Field(default=0, ge=0, le=480)
    after: int = Field(default=0, ge=0, le=480)
    price: Price = ""
    about: Annotated[Text, StringConstraints(max_length=1000)] = ""
    place: Annotated[Text, StringConstraints(max_length=300)] = ""
    asks: bool = False
    window_hours: int = Field(default=24, ge=0, le=720)
    late_percent: int = Field(default=0, ge=0, le=100)


class PutRules(Form):
    """The rules of a calendar."""

    zone: TimeZone
    step: int = Field(default=30, ge=5, le=240)
    notice_hours: int = Field(default=12, ge=0, le=720)
    horizon_days: int = Field(default=60, ge=1, le=730)
    most_per_day: Most = None
    most_per_week: Most = None
    week_starts: int = Field(default=0, ge=0, le=6)


class PutException(Form):
    """Days that differ: off, on the clock of another place, or one day with hours of its own."""

    kind: Literal["off", "stay", "special"]
    first: Day
    last: Annotated[Day | None, BeforeValidator(or_none)] = None  # none: the same day
    zone_there: Annotated[TimeZone | None, BeforeValidator(or_none)] = None
    special_from: Annotated[Text, StringConstraints(max_length=5)] = ""
    special_to: Annotated[Text, StringConstraints(max_length=5)] = ""


class AskStarts(QueryForm):
    """Which free times: `from` is a date in `zone`, and `days` of them."""

    since: Annotated[Day | None, BeforeValidator(or_none)] = Field(default=None, alias="from")
    days: int = Field(default=14, ge=1, le=31)
    zone: Annotated[TimeZone | None, BeforeValidator(or_none)] = None


def span_of(begin: str, end: str) -> tuple[int, int]:
    """Return (from, until) in minutes. Raises ValueError with a sentence for people."""
    span = minute_of(begin), minute_of(end)
    if span[0] >= span[1]:
        raise ValueError(gettext("The end must be after the start. Until midnight is 24:00."))
    return span


class AskServiceStarts(AskStarts):
    """Which free times of which service."""

    service: Annotated[Text, StringConstraints(max_length=13)]


class PutHours(Form):
    """Hours on one weekday, 0 is Monday; `every` 2 is every second week."""

    weekday: int = Field(ge=0, le=6)
    begin: Annotated[Text, StringConstraints(max_length=5)]
    until: Annotated[Text, StringConstraints(max_length=5)]
    every: Literal[1, 2] = 1


class PutAvailability(PutRules):
    """All weekly hours and the rules of a calendar."""

    hours: Annotated[list[PutHours], Field(max_length=1000)]


def week_of_json(form: PutAvailability) -> list[tuple[int, int, int, int]]:
    """Return (weekday, from, until, every) of each. Raises Invalid."""
    found: list[tuple[int, int, int, int]] = []
    errors = {}
    for at, each in enumerate(form.hours):
        try:
            found.append((each.weekday, *span_of(each.begin, each.until), each.every))
        except ValueError as problem:
            errors[f"hours.{at}"] = str(problem)
    # Each question for free times goes through all of them, day by day.
    if any(count > MAX_SPANS for count in Counter(each.weekday for each in form.hours).values()):
        errors["hours"] = gettext("There are as many as there may be. Take one away first.")
    if errors:
        raise Invalid(errors)
    return found


def read_week(values: Mapping[str, str]) -> list[tuple[int, int, int, int]]:
    """Return (weekday, from, until, every) of the fields `d0a_from`, `d0a_to`, `d0a_every` ... of a page.

    Raises Invalid with an error for each day that cannot be.
    """
    found, errors = [], {}
    for day in range(7):
        spans = []
        for name in "abc":
            begin, end = (values.get(f"d{day}{name}_{which}", "").strip() for which in ("from", "to"))
            if not begin and not end:
                continue
            try:
                spans.append((*span_of(begin, end), 2 if values.get(f"d{day}{name}_every") == "2" else 1))
            except ValueError as problem:
                errors[f"d{day}"] = str(problem)
        if _overlap(spans):
            errors.setdefault(f"d{day}", gettext("These times overlap."))
        found += [(day, *span) for span in spans]
    if errors:
        raise Invalid(errors)
    return found


def _overlap(spans: list[tuple[int, int, int]]) -> bool:
    ordered = sorted(spans)
    # Hours of every second week may stand beside others of the same time.
    pairs = pairwise(ordered)
    return any(after[0] < before[1] and before[2] == after[2] == 1 for before, after in pairs)
