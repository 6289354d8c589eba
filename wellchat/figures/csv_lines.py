"""Write a report as comma-separated values (RFC 4180): the same numbers as the page, line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from wellchat.figures.days import Span
from wellchat.figures.definitions import Value
from wellchat.figures.queries import DRAWN, Report

COLUMNS = ("figure", "from", "to", "value")


def lines(report: Report) -> Iterator[str]:
    """Yield the head; each figure of the span and of the span before; then those of each piece.

    Times are in seconds, shares between 0 and 1. An empty value is not known, or withheld.
    """
    yield _line(COLUMNS)
    for line in report.lines():
        yield _line(_row(line.figure.name, report.span, line.value))
        yield _line(_row(line.figure.name, report.span.before, line.before))
    for piece, values in report.pieces(DRAWN):
        for name, value in zip(DRAWN, values, strict=True):
            yield _line(_row(name, piece, value))


def _row(name: str, span: Span, value: Value) -> tuple[Any, ...]:
    return name, span.first.isoformat(), span.last.isoformat(), "" if value is None else value


def _line(values: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def as_json(report: Report) -> dict[str, Any]:
    """Return a report for JSON, with the same numbers under the same names."""
    return {
        "zone": report.zone,
        "measured_to": report.measured and report.measured.isoformat(),
        "to_measure": report.to_measure,
        "from": report.span.first.isoformat(),
        "to": report.span.last.isoformat(),
        "figures": {
            line.figure.name: {"value": line.value, "before": line.before} for line in report.lines()
        },
        "pieces": [
            {
                "from": piece.first.isoformat(),
                "to": piece.last.isoformat(),
                **dict(zip(DRAWN, values, strict=True)),
            }
            for piece, values in report.pieces(DRAWN)
        ],
    }
