"""Read which days somebody wants to see: a preset, or two dates."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import model_validator

from wellchat.errors import Invalid
from wellchat.figures.days import ONE, Span
from wellchat.forms import QueryForm, Text
from wellchat.i18n import N_, gettext

LONGEST = 1830  # days of one page: five years
PRESETS = {
    "7": N_("7 days"),
    "30": N_("30 days"),
    "90": N_("90 days"),
    "month": N_("This month"),
    "last_month": N_("Last month"),
    "year": N_("This year"),
}
DEFAULT = "30"


class Range(QueryForm):
    """The query of a page of figures. `from` and `to` go before a preset."""

    preset: Text = DEFAULT
    first: Text = ""
    last: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _names(cls, given: dict[str, str]) -> dict[str, str]:
        return {
            "first": given.get("from", ""),
            "last": given.get("to", ""),
            "preset": given.get("preset", DEFAULT),
        }


def span_of(asked: Range, today: date) -> Span:
    """Return the days. Presets end yesterday: today is not over. Raises Invalid, by field."""
    if not asked.first and not asked.last:
        return _preset(asked.preset, today)
    errors: dict[str, str] = {}
    found: dict[str, date] = {}
    for name, text in (("from", asked.first), ("to", asked.last)):
        try:
            found[name] = date.fromisoformat(text)
        except ValueError:
            errors[name] = gettext("Write a date such as 2026-01-31.")
    if not errors and found["from"] > found["to"]:
        errors["to"] = gettext("The last day is before the first one.")
    elif not errors and (found["to"] - found["from"]).days >= LONGEST:
        errors["to"] = gettext("Choose at most five years.")
    elif not errors and not 1970 <= found["from"].year <= found["to"].year <= today.year + 1:
        errors["from"] = gettext("There is no such time.")
    if errors:
        raise Invalid(errors)
    return Span(found["from"], found["to"])


def _preset(name: str, today: date) -> Span:
    yesterday = today - ONE
    if name in ("7", "30", "90"):
        return Span(today - timedelta(days=int(name)), yesterday)
    if name == "month":
        return Span(yesterday.replace(day=1), yesterday)
    if name == "last_month":
        last = today.replace(day=1) - ONE
        return Span(last.replace(day=1), last)
    if name == "year":
        return Span(yesterday.replace(month=1, day=1), yesterday)
    raise Invalid({"preset": gettext("Choose one of %(choices)s.", choices=", ".join(PRESETS))})
