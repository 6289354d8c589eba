"""Every figure of the fixture, worked out by hand, on the page, in the CSV and in the JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from typing import Any

import pytest
from flask import Flask

from tests.figures.conftest import SEEN, Practice
from wellchat import clock
from wellchat.figures import queries
from wellchat.figures.days import Span
from wellchat.figures.definitions import FIGURES

OCTOBER = Span(date(2026, 10, 1), date(2026, 10, 31))

# Pia's October and September. Times of answers are the middles of their classes: at most 9.1 % off.
OF_PIA = {
    "messages": (11, 5),
    "messages_client": (6, 3),
    "messages_professional": (5, 2),
    "begun": (1, 1),
    "begun_again": (1, 0),
    "active": (4, 1),
    "clients": (5, 3),
    "per_month": (2.8, 2.5),  # 11 messages of 4 pairs; 5 of 2
    "longevity": (42.2, 9.1),
    "answer": (79_229, 7_003),  # 2 min, 24 h, 37 h, 111.5 h; 2 h
    "answer_slow": (376_879, 7_003),
    "answer_client": (3_015_036, 3_015_036),  # 22.5 h, 837 h, 126 days; 865 h
    "within_a_day": (0.5, 1.0),
    "open": (1, 1),
    "open_long": (1, 0),
    "held": (3, 2),
    "cancelled": (2, 0),
    "completion": (0.6, 1.0),
    "missed": (0.25, 0.0),
    "with_chat": (0.5, 1.0),
    "depth": (0.6, 0.8),  # three bookings of five pairs; of four
    "rebooked": (0.3333, 0.3333),
    "spoke_again": (0.5, 0.0),
}

# Everybody, in Berlin: what fewer than five people are behind is not there.
OF_EVERYBODY = dict.fromkeys((each.name for each in FIGURES), (None, None)) | {
    "messages": (9, None),  # from June on, as of 11 October: the fifth client wrote
    "messages_client": (9, None),
    "begun": (6, None),
    "active": (6, None),
    "clients": (7, None),
    "per_month": (1.5, None),
    "longevity": (30.3, None),
}

# Pia's days with a message: the day with 25 hours is one day.
DAYS = {"10-01": (0, 1), "10-05": (1, 0), "10-06": (0, 1), "10-20": (1, 0), "10-24": (1, 0),
        "10-25": (1, 2), "10-26": (1, 0), "10-27": (0, 1), "10-31": (1, 0)}  # fmt: skip


def report(practice: Practice, *, everybody: bool = False) -> queries.Report:
    reader = practice.ada if everybody else practice.pia
    found = queries.series_of(reader, everybody=everybody)
    return queries.report(found, OCTOBER, zone=reader.time_zone, now=SEEN, everybody=everybody)


def values(found: queries.Report) -> dict[str, Any]:
    return {line.figure.name: (line.value, line.before) for line in found.lines()}


@pytest.mark.each_database
def test_every_figure_is_what_a_hand_gets_everywhere(
    app: Flask, measured: Practice, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert values(report(measured)) == OF_PIA
    assert values(report(measured, everybody=True)) == OF_EVERYBODY
    pieces = report(measured).pieces(("messages_client", "messages_professional"))
    found = {f"{span.first:%m-%d}": tuple(each) for span, each in pieces}
    assert {day: each for day, each in found.items() if any(each)} == DAYS
    # New York has its own days: 03:30 UTC is the evening before.
    series = queries.series_of(measured.noa, everybody=False)
    of_noa = queries.report(series, OCTOBER, zone="America/New_York", now=SEEN, everybody=False)
    days = {span.first.day: each for span, each in of_noa.pieces(("messages",)) if any(each)}
    assert days == {10: [2], 11: [3]}
    monkeypatch.setattr(clock, "now", lambda: SEEN)
    check_page_and_csv(browse(measured.pia), "/figures", OF_PIA)
    check_page_and_csv(browse(measured.ada), "/oversight/figures", OF_EVERYBODY)
    for options, expected in ((["--professional", measured.pia.email], OF_PIA), ([], OF_EVERYBODY)):
        october = ["--from", "2026-10-01", "--to", "2026-10-31"]
        printed = app.test_cli_runner().invoke(args=["figures", "show", *october, "--json", *options])
        figures = json.loads(printed.stdout)["figures"]
        assert {name: (each["value"], each["before"]) for name, each in figures.items()} == expected


def check_page_and_csv(browser: Any, path: str, expected: dict[str, Any]) -> None:
    query = "from=2026-10-01&to=2026-10-31"
    page = browser.get(f"{path}?{query}").text
    rows = re.findall(r'<tr data-figure="(\w+)">(.*?)</tr>', page, re.S)
    shown = {name: tuple(re.findall(r'<data value="([^"]*)"', row)) for name, row in rows}
    assert shown == {name: tuple(map(as_text, pair)) for name, pair in expected.items()}
    lines = list(csv.DictReader(io.StringIO(browser.get(f"{path}/csv?{query}").text)))
    head, rest = lines[: 2 * len(expected)], lines[2 * len(expected) :]
    assert [line["value"] for line in head] == [as_text(each) for pair in expected.values() for each in pair]
    # The pieces of each chart stand in its table; the CSV has them day by day.
    assert sorted(drawn(page)) == sorted((line["from"], line["to"], line["value"]) for line in rest)
    assert len(rest) == 31 * 6


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def drawn(page: str) -> list[tuple[str, str, str]]:
    rows = re.findall(r'<tr data-from="([^"]*)" data-to="([^"]*)">(.*?)</tr>', page, re.S)
    return [
        (first, last, value)
        for first, last, row in rows
        for value in re.findall(r'<data value="([^"]*)"', row)
    ]
