"""Define every figure once. Page, CSV, JSON and command take them from here, so that two never differ.

A figure is computed from the days of a Period; None means that there is nothing to compute it from, or that
it would be about fewer than five people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal

from wellchat.figures import histogram
from wellchat.figures.counting import (
    AGAIN,
    AGAIN_WITH_CHAT,
    CANCELLED,
    CANCELLED_LATE,
    HELD,
    NOT_COME,
)
from wellchat.figures.days import ONE, Span
from wellchat.i18n import N_

Unit = Literal["count", "number", "share", "seconds", "days"]
Value = int | float | None


@dataclass(frozen=True)
class Period:
    """The measured days of a span. `whole`: what is missing is 0; else it was withheld, and is None."""

    span: Span
    days: Mapping[date, Mapping[str, Any]]  # also the day before the span
    whole: bool

    @cached_property
    def _own(self) -> list[tuple[date, Mapping[str, Any]]]:
        return sorted(
            (day, numbers) for day, numbers in self.days.items() if self.span.first <= day <= self.span.last
        )

    def _within(self, name: str, span: Span | None = None) -> list[Any]:
        of = span or self.span
        return [numbers[name] for day, numbers in self._own if name in numbers and of.first <= day <= of.last]

    @property
    def is_measured(self) -> bool:
        """Return whether any day of the span was measured."""
        return bool(self._own)

    def total(self, *names: str, span: Span | None = None) -> int | None:
        """Return the sum over the days; None if none of it is known."""
        found = [value for name in names for value in self._within(name, span)]
        return sum(found) if found or (self.whole and self.is_measured) else None

    def at_end(self, name: str) -> int | None:
        """Return the value of the last measured day."""
        found: int | None = self._own[-1][1].get(name, 0 if self.whole else None) if self._own else None
        return found

    def at_start(self, name: str) -> int | None:
        """Return the value at the end of the day before; 0 where there is no such day."""
        before = self.days.get(self.span.first - ONE, {})
        found: int | None = before.get(name, 0 if self.whole or not before else None)
        return found

    def times(self, name: str) -> dict[str, int]:
        """Return the histogram of the span."""
        return histogram.of_days(self._within(name))

    def per_month(self) -> float | None:
        """Return messages ÷ pairs that had any, over the whole months of the span."""
        messages = pairs = 0
        for month in self.span.whole_months():
            of_month = self._within("month_pairs", Span(month.last, month.last))
            if of_month:
                pairs += of_month[0]
                messages += self.total("messages_client", "messages_professional", span=month) or 0
        return round(messages / pairs, 1) if pairs else None


def share(part: int | None, whole: int | None) -> float | None:
    """Return a share between 0 and 1, None where there is nothing to divide."""
    return round(min(1.0, part / whole), 4) if whole and part is not None else None


def ratio(one: int | None, other: int | None) -> float | None:
    """Return a quotient with one decimal, None where there is nothing to divide."""
    return round(one / other, 1) if other and one is not None else None


def plus(*numbers: int | None) -> int | None:
    """Return the sum of what is known; None if nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


@dataclass(frozen=True)
class Figure:
    """One figure: its name in CSV and JSON, what people read, and how it is computed."""

    name: str
    label: str
    about: str
    unit: Unit
    compute: Callable[[Period], Value]
    target: str | None = None
    of_everybody: bool = False  # for administrators alone


def _median(name: str, part: float = 0.5) -> Callable[[Period], Value]:
    return lambda period: histogram.quantile(period.times(name), part)


def _within_a_day(period: Period) -> Value:
    times = period.times("answers_professional")
    return share(histogram.within_a_day(times), sum(times.values()))


def _total(*names: str) -> Callable[[Period], Value]:
    return lambda period: period.total(*names)


def _longevity(period: Period) -> Value:
    span, talked = period.at_end("span"), period.at_end("talked")
    return round(span / talked / histogram.DAY, 1) if span is not None and talked else None


def _spoke_again(period: Period) -> Value:
    silent = plus(period.at_start("silent"), period.total("fell_silent"))
    return share(period.total("spoke_again"), silent)


def _completion(period: Period) -> Value:
    whole = plus(*(period.total(name) for name in (HELD, NOT_COME, CANCELLED_LATE)))
    return share(period.total(HELD), whole)


FIGURES = (
    Figure("messages", N_("Messages"), N_("Written by both sides."), "count",
           _total("messages_client", "messages_professional")),
    Figure("messages_client", N_("Messages of clients"), N_("Written by clients."), "count",
           _total("messages_client")),
    Figure("messages_professional", N_("Messages of professionals"), N_("Written by professionals."), "count",
           _total("messages_professional")),
    Figure("begun", N_("New conversations"), N_("Pairs whose first message was written."), "count",
           _total("begun")),
    Figure("begun_again", N_("Another conversation of a pair"),
           N_("Conversations begun by two who had one already."), "count", _total("begun_again"),
           target=N_("0")),
    Figure("active", N_("Active conversations"), N_("Both wrote within 60 days, as of the last day."),
           "count", lambda period: period.at_end("active")),
    Figure("clients", N_("Active clients"),
           N_("Pairs in which the client wrote or was there within 60 days, as of the last day."), "count",
           lambda period: period.at_end("clients")),
    Figure("per_month", N_("Messages per relationship and month"),
           N_("Whole months only: messages, divided by the pairs that had any."), "number", Period.per_month),
    Figure("longevity", N_("How long relationships last"),
           N_("From the first message to the last one, on average, as of the last day."), "days", _longevity),
    Figure("answer", N_("Response time of professionals"),
           N_("Half of all answers came sooner. From the first message without an answer to the next of the "
              "other one, nights included."), "seconds", _median("answers_professional")),
    Figure("answer_slow", N_("Nine of ten answers within"), N_("Of professionals."), "seconds",
           _median("answers_professional", 0.9)),
    Figure("answer_client", N_("Response time of clients"), N_("Half of all answers came sooner."), "seconds",
           _median("answers_client")),
    Figure("within_a_day", N_("Answered within a day"), N_("Of the answers of professionals."), "share",
           _within_a_day),
    Figure("open", N_("Clients without an answer"), N_("At the end of the last day."), "count",
           lambda period: period.at_end("open")),
    Figure("open_long", N_("Without an answer for longer than a day"), N_("At the end of the last day."),
           "count", lambda period: period.at_end("open_long")),
    Figure("held", N_("Bookings that took place"), N_("By the day on which they began."), "count",
           _total(HELD)),
    Figure("cancelled", N_("Bookings cancelled"), N_("By the day on which they would have begun."), "count",
           _total(CANCELLED, CANCELLED_LATE)),
    Figure("completion", N_("Completed"),
           N_("Of those that took place, were missed, or were cancelled less than 24 hours before."),
           "share", _completion),
    Figure("missed", N_("Missed"), N_("Of the bookings that took place or were missed."), "share",
           lambda p: share(p.total(NOT_COME), plus(p.total(NOT_COME), p.total(HELD)))),
    Figure("with_chat", N_("Repeat bookings with a conversation"),
           N_("Of second and later bookings, those whose pair had a conversation before."), "share",
           lambda p: share(p.total(AGAIN_WITH_CHAT), plus(p.total(AGAIN), p.total(AGAIN_WITH_CHAT))),
           target=N_("80 percent")),
    Figure("depth", N_("Bookings per conversation"), N_("Of all pairs who talked, as of the last day."),
           "number", lambda p: ratio(p.at_end("bookings"), p.at_end("talked")), target=N_("3 or more")),
    Figure("rebooked", N_("Conversations across several bookings"),
           N_("Pairs who talk and had two bookings or more, of those who had any, as of the last day."),
           "share", lambda p: share(p.at_end("rebooked"), p.at_end("booked"))),
    Figure("spoke_again", N_("Silent pairs who came back"),
           N_("Spoke or booked again after 90 days, of the pairs who were or fell silent."), "share",
           _spoke_again),
    Figure("two", N_("Clients with two professionals or more"),
           N_("Of the clients with an active conversation, as of the last day."), "share",
           lambda p: share(p.at_end("two"), p.at_end("of_two")), target=N_("60 percent"), of_everybody=True),
)  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """Figures that are drawn together, piece by piece of the span."""

    label: str
    names: tuple[str, ...]
    stacked: bool = True


CHARTS = (
    Chart(N_("Messages"), ("messages_client", "messages_professional")),
    Chart(N_("Response time"), ("answer",)),
    Chart(N_("Bookings"), ("held", "cancelled")),
    Chart(N_("Active conversations"), ("active",)),
)
BY_NAME = {each.name: each for each in FIGURES}
