"""Write values, days and charts as people read them. Used by templates; see queries.Report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from wellchat.figures.days import Span
from wellchat.figures.definitions import BY_NAME, CHARTS, Chart, Unit, Value
from wellchat.figures.queries import Report
from wellchat.i18n import N_, format_date, format_duration, format_number, format_share, gettext

UNKNOWN = "–"
WIDTH, HEIGHT, GAP = 600, 160, 0.25  # of a drawing, in its own units; between two bars, of one


def figure_value(value: Value, unit: Unit) -> str:
    """Return a value with its unit, in the reader's language; a dash where it is not known."""
    if value is None:
        return UNKNOWN
    if unit == "share":
        return format_share(value)
    if unit == "seconds":
        return format_duration(value)
    if unit == "days":
        return format_duration(value * 86_400)
    return format_number(value, 1 if unit == "number" else 0)


def figure_change(value: Value, unit: Unit) -> str:
    """Return a change with its sign; a share changes by points."""
    if value is None:
        return UNKNOWN
    sign = "+" if value > 0 else ""
    if unit == "share":
        return gettext("%(change)s points", change=sign + format_number(value * 100, 1))
    return sign + figure_value(value, unit)


def figure_span(span: Span) -> str:
    """Return a day, a month or a stretch of days: 12 Nov 2026; 1 Nov 2026 – 30 Nov 2026."""
    first, last = (format_date(day, "year") for day in (span.first, span.last))
    return first if span.first == span.last else f"{first} – {last}"


def figure_day(day: date) -> str:
    """Return a date with its year."""
    return format_date(day, "year")


def figure_month(day: date) -> str:
    """Return the month of a date, such as 2026-11."""
    return f"{day:%Y-%m}"


@dataclass(frozen=True)
class Bar:
    """One bar of a drawing: where it stands, and which of the chart's figures it is (0, 1)."""

    x: float
    y: float
    width: float
    height: float
    kind: int


@dataclass(frozen=True)
class Drawing:
    """A chart with its table: {label, columns, rows, bars, top}. Rows are (span, values)."""

    label: str
    columns: list[Any]
    rows: list[tuple[Span, list[Value]]]
    bars: list[Bar]
    top: str  # what the height stands for
    says: str  # for those who do not see it
    width: int = WIDTH
    height: int = HEIGHT


def drawings(report: Report) -> list[Drawing]:
    """Return the charts of a report."""
    return [_draw(chart, list(report.pieces(chart.names))) for chart in CHARTS]


def _draw(chart: Chart, rows: list[tuple[Span, list[Value]]]) -> Drawing:
    columns = [BY_NAME[name] for name in chart.names]
    bars, most = _bars([values for _, values in rows])
    top = figure_value(most, columns[0].unit)
    says = _says(len(rows), figure_span(rows[0][0]), figure_span(rows[-1][0]), top)
    return Drawing(chart.label, columns, rows, bars, top, says)


def drawing_of_months(months: list[tuple[date, int, int]]) -> Drawing | None:
    """Return the chart of a pair's messages by month: the client's, and the professional's on top."""
    if not months:
        return None
    bars, most = _bars([[client, professional] for _, client, professional in months])
    top = figure_value(most, "count")
    says = _says(len(months), figure_month(months[0][0]), figure_month(months[-1][0]), top)
    return Drawing(N_("Messages by month"), [], [], bars, top, says)


def _says(count: int, first: str, last: str, most: str) -> str:
    return gettext(
        "%(count)s bars from %(first)s to %(last)s, the highest %(most)s. The table has every value.",
        count=count, first=first, last=last, most=most,
    )  # fmt: skip


def _bars(rows: list[list[Value]]) -> tuple[list[Bar], Value]:
    """Return the bars of these values, those of one row on top of each other; and the highest sum."""
    most = max((sum(value or 0 for value in values) for values in rows), default=0)
    step = WIDTH / max(1, len(rows))
    bars = []
    for at, values in enumerate(rows):
        below = 0.0
        for kind, value in enumerate(values):
            height = HEIGHT * (value or 0) / most if most else 0
            if height:
                x, width = step * (at + GAP / 2), step * (1 - GAP)
                bars.append(Bar(round(x, 2), round(HEIGHT - below - height, 2), round(width, 2),
                                round(height, 2), kind))  # fmt: skip
            below += height
    return bars, most
