"""What the page of automatic messages accepts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from wellchat.errors import Invalid
from wellchat.forms import Form, Text
from wellchat.i18n import gettext
from wellchat.notifications.forms import Clock
from wellchat.placeholders import NAMES, refuse_unknown

MAX_TEXT = 2_000  # characters of a welcome, and of an answer outside hours
MAX_DAYS_OFF = 50
LONGEST_OFF = timedelta(days=366)
BACK = "back"  # placeholder: when they are at work again
SPANS = ("a", "b")  # two times of work on a day: before and after noon


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _welcome(text: str) -> str:
    return refuse_unknown(_tidy(text), tuple(NAMES))


def _away(text: str) -> str:
    return refuse_unknown(_tidy(text), (*NAMES, BACK))


Words = Annotated[Text, StringConstraints(max_length=MAX_TEXT)]


class Texts(Form):
    """The two texts of the page. Empty: none."""

    welcome: Annotated[Words, AfterValidator(_welcome)] = ""
    away: Annotated[Words, AfterValidator(_away)] = ""


class WelcomeForm(Form):
    """The welcome of one coupon. Empty: none."""

    body: Annotated[Words, AfterValidator(_welcome)] = ""


class _Span(Form):
    start: Clock
    end: Clock


def read_hours(typed: Mapping[str, str]) -> list[list[list[str]]]:
    """Return seven lists of [from, until], Monday first, from fields such as `d0a_from` and `d0a_to`.

    Raises Invalid with a message at each day.
    """
    week, errors = [], {}
    for day in range(7):
        try:
            week.append(
                _day([(typed.get(f"d{day}{s}_from", ""), typed.get(f"d{day}{s}_to", "")) for s in SPANS])
            )
        except ValueError as error:
            errors[f"d{day}"] = str(error)
    if errors:
        raise Invalid(errors)
    return week


def _day(given: list[tuple[str, str]]) -> list[list[str]]:
    spans = []
    for start, end in given:
        if not start and not end:
            continue
        if not start or not end:
            raise ValueError(gettext("Fill in both times, or leave both empty."))
        try:
            _Span(start=start, end=end)
        except ValueError:
            raise ValueError(gettext("Write a time of day as four digits, such as 07:30.")) from None
        # 00:00 is the end of the day.
        if end != "00:00" and start >= end:
            raise ValueError(gettext("The end comes before the beginning."))
        spans.append([start, end])
    spans.sort()
    if any(first[1] == "00:00" or first[1] > then[0] for first, then in pairwise(spans)):
        raise ValueError(gettext("These times overlap."))
    return spans


def read_days_off(typed: Mapping[str, Any], today: date) -> list[list[str]]:
    """Return the days off as [first, last], in order, without those that are over.

    They come from fields such as `off0_from` and `off0_to`; without an end it is one day. Raises Invalid.
    """
    found, errors = [], {}
    for at in range(MAX_DAYS_OFF + 1):
        first, last = typed.get(f"off{at}_from", ""), typed.get(f"off{at}_to", "")
        try:
            if span := _days(first, last):
                found.append(span)
        except ValueError as error:
            errors[f"off{at}"] = str(error)
    if len(found) > MAX_DAYS_OFF:
        errors["form"] = gettext("More than %(num)s entries of days off are not kept.", num=MAX_DAYS_OFF)
    if errors:
        raise Invalid(errors)
    return [[first.isoformat(), last.isoformat()] for first, last in sorted(found) if last >= today]


def _days(first: str, last: str) -> tuple[date, date] | None:
    if not first and not last:
        return None
    try:
        begins = date.fromisoformat(first)
        ends = date.fromisoformat(last) if last else begins
    except ValueError:
        raise ValueError(gettext("Write a date such as 2026-01-31.")) from None
    if ends < begins:
        raise ValueError(gettext("The end comes before the beginning."))
    if ends - begins > LONGEST_OFF:
        raise ValueError(gettext("Days off are a year at most."))
    return begins, ends
