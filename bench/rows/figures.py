"""Measure the page of figures where much was measured and where little was, and the measuring of one day.

The page reads what the worker wrote. So the table is filled as it stands after two years of ten thousand
messages (3 professionals) and of ten million (500 professionals, each day with every name and full
histograms); the page shows a year beside the year before. The measuring reads real messages of the two
worlds: one day, for everybody.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import psycopg

from bench.counting import counting
from bench.load import WrongAnswer
from bench.stage import Stage
from bench.table import Row, ms
from bench.world import BEGAN, professional_id, token_of
from tests.services import plain
from wellchat.db import db
from wellchat.figures import measuring
from wellchat.figures.histogram import HIGHEST, LOWEST
from wellchat.figures.models import FigureSeries

GOAL = 1.2
DAYS = 730
LAST = date(2026, 11, 29)
PATH = "/figures?from=2025-12-01&to=2026-11-29"
NAMES = (
    "messages_client", "messages_professional", "begun", "begun_again", "spoke_again", "fell_silent",
    "bookings_held", "bookings_cancelled", "bookings_late", "bookings_missed", "again_with_chat",
    "again_without_chat", "pairs", "talked", "span", "booked", "rebooked", "bookings", "active", "clients",
    "open", "open_long", "silent",
)  # fmt: skip


def measure(stage: Stage) -> list[Row]:
    sides = {"small": (3, 14), "crowd": (500, 14_000)}  # professionals, messages of a day
    for size, (professionals, messages) in sides.items():
        _fill(stage, size, 3 if stage.quick else professionals, messages)
    apps = {size: stage.app(size) for size in sides}
    counts = {size: _statements(app) for size, app in apps.items()}
    times: dict[str, list[float]] = {size: [] for size in sides}
    for _ in range(2 if stage.quick else 40):
        for size in sides:
            began = time.perf_counter()
            _open(apps[size])
            times[size].append(time.perf_counter() - began)
    small, large = median(times["small"]), median(times["crowd"])
    page = Row(
        "figures",
        "a year of figures, as of ten million messages",
        f"{ms(large)}, {counts['crowd']} queries",
        f"of ten thousand: {ms(small)}, {counts['small']} queries",
        large / small,
        f"< {GOAL:g}, same queries",
        large / small <= GOAL and counts["small"] == counts["crowd"],
    )
    return [page, _measuring(apps)]


def _fill(stage: Stage, size: str, professionals: int, messages: int) -> None:
    """Put DAYS days of figures for so many professionals; the first one is whose page is measured."""
    spread = [messages // 50 or int(k % 8 == 0) for k in range(LOWEST, HIGHEST + 1)]
    numbers = {name: messages + place for place, name in enumerate(NAMES)}
    numbers |= {"answers_professional": spread, "answers_client": spread}  # type: ignore[dict-item]
    with psycopg.connect(plain(stage.database(size))) as connection:
        connection.execute("DELETE FROM figure_series")
        for number in range(professionals):
            connection.execute(
                "INSERT INTO figure_series (id, professional_id, zone, first_day, next_day, due_at, standing,"
                " waiting) SELECT %s, id, time_zone, %s, %s, '9000-01-01Z', '{}', '{}'"
                " FROM users WHERE id = %s",
                (f"s{number}", LAST - timedelta(days=DAYS - 1), LAST + timedelta(days=1),
                 professional_id(number)),
            )  # fmt: skip
        connection.execute(
            "INSERT INTO figures (series_id, day, numbers)"
            " SELECT id, %s::date - n, %s::json FROM figure_series, generate_series(0, %s) n",
            (LAST, json.dumps(numbers), DAYS - 1),
        )
    with psycopg.connect(plain(stage.database(size)), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE figures")


def _open(app: Any) -> None:
    headers = {"Authorization": f"Bearer {token_of(professional_id(0))}"}
    answer = app.test_client().get(PATH, headers=headers)
    if answer.status_code != 200 or 'data-figure="messages"' not in answer.text:
        raise WrongAnswer(f"{answer.status} {answer.text[:200]}")


def _statements(app: Any) -> int:
    _open(app)
    with counting(app) as statements:
        _open(app)
    return len(statements)


def _measuring(apps: dict[str, Any]) -> Row:
    """Count a day of each world for everybody, and compare the time of one message."""
    took = {size: _count_a_day(app) for size, app in apps.items()}
    (few, short), (many, long) = took["small"], took["crowd"]
    ratio = (long / max(1, many)) / (short / max(1, few))
    return Row(
        "figures",
        "measuring a day, for one message",
        f"{long / max(1, many) * 1e6:.0f} us of {many:,}",
        f"{short / max(1, few) * 1e6:.0f} us of {few:,}",
        ratio,
        "no goal",
        True,
    )


def _count_a_day(app: Any) -> tuple[int, float]:
    day = BEGAN.date()
    now = datetime(2026, 11, 30, tzinfo=UTC)
    with app.app_context():
        series = FigureSeries(id="everybody", professional_id=None, zone="UTC", first_day=day, next_day=day,
                              due_at=now, standing={}, waiting={})  # fmt: skip
        claim = measuring.Claim("none", "UTC", day, {series.id: series})
        times, tally = [], {}
        for _ in range(3):
            began = time.perf_counter()
            tally = measuring.count(claim).tallies[series.id].numbers
            times.append(time.perf_counter() - began)
            db.session.rollback()
    return _messages(tally), median(times)


def _messages(numbers: dict[str, Any]) -> int:
    return int(numbers.get("messages_client", 0) + numbers.get("messages_professional", 0))
