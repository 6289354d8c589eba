"""Measure a month of free times at 2,000 bookings, against a loop over slots and bookings.

The loop is what one writes first: every slot of every day, and for each of them every booking.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert

from bench.stage import Stage
from bench.table import Row, alternate, ms, percentile, rate_row
from wellchat.accounts.models import User
from wellchat.availability import queries
from wellchat.availability.actions import put_service, set_hours, set_rules
from wellchat.availability.forms import PutRules, PutService
from wellchat.availability.free import Taken
from wellchat.availability.hooks import taken_between
from wellchat.availability.models import Service
from wellchat.booking import taken
from wellchat.booking.models import BOOKED, Booking
from wellchat.clock import now
from wellchat.connections.queries import connection_between
from wellchat.db import db, new_id, table, transaction
from wellchat.feature import registry
from wellchat.zones import VERSION

BOOKINGS, DAYS, STEP, ZONE = 2000, 31, 15, "Europe/Berlin"
HOURS = (8, 20)
EVERY = timedelta(hours=8, minutes=40)  # one booking, of twenty minutes: two years of them
YEAR = timedelta(days=365)
GOAL, LIMIT = 20, 0.010


def measure(stage: Stage) -> list[Row]:
    pair = stage.pairs("small", 1)[0]
    with stage.app("small").app_context():
        registry().handlers[taken_between.name] = (taken.taken_between,)
        client = db.session.get_one(User, pair.client_id)
        begin = now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        service = _furnish(client, pair.professional_id, begin)
        until, took = begin + timedelta(days=DAYS), []

        def ours() -> int:
            return len(queries.free(service, since=begin, until=until, now=begin))

        def loop() -> int:
            there = taken.taken_between(service.professional_id, begin - YEAR, begin + YEAR, begin, None)
            return len(_by_loop(there, begin, service.minutes))

        assert ours() > 0
        for _ in range(3 if stage.quick else 50):
            began = time.perf_counter()
            ours()
            took.append(time.perf_counter() - began)
        rates = alternate(stage.rounds, lambda: _rate(stage, ours), lambda: _rate(stage, loop))
        with transaction() as session:
            session.execute(delete(Booking).where(Booking.service_id == service.id))
        db.session.remove()
        db.engine.dispose()
    half, what = percentile(took, 0.5), "a month of free times at 2,000 bookings"
    return [
        Row("free-times", what, f"p50 {ms(half)}", "limit", None, f"< {ms(LIMIT)}", half < LIMIT),
        rate_row("free-times", what, *rates, GOAL, "a loop over slots"),
    ]


def _rate(stage: Stage, work: Callable[[], int]) -> float:
    began, done = time.perf_counter(), 0
    while done == 0 or time.perf_counter() - began < stage.seconds:
        work()
        done += 1
    return done / (time.perf_counter() - began)


def _furnish(client: User, professional_id: str, begin: datetime) -> Service:
    """Return a service of somebody who works every day, with their bookings around the clock."""
    professional = db.session.get_one(User, professional_id)
    rules = PutRules(zone=ZONE, step=STEP, notice_hours=0, horizon_days=400)
    set_rules(viewer=professional, form=rules, now=begin)
    week = [(day, HOURS[0] * 60, HOURS[1] * 60, 1) for day in range(7)]
    set_hours(viewer=professional, week=week, now=begin)
    service = put_service(viewer=professional, form=PutService(name="Short", minutes=5), now=begin)
    pair = connection_between(client.id, professional_id)
    assert pair is not None
    same = {
        "connection_id": pair.id,
        "professional_id": professional_id,
        "client_id": client.id,
        "service_id": service.id,
        "state": BOOKED,
        "title": "Short",
        "place": "",
        "asks": False,
        "starts_local": "",
        "fold": 0,
        "zone": ZONE,
        "zone_data": VERSION[:10],
        "window_minutes": 0,
        "late_share": 0,
        "agenda": "",
        "sequence": 0,
        "booked_by": client.id,
        "late": False,
        "reason": "",
        "created_at": begin,
        "updated_at": begin,
    }
    rows = []
    for number in range(BOOKINGS):
        start = begin - YEAR + number * EVERY
        end = start + timedelta(minutes=20)
        times = {"starts_at": start, "ends_at": end, "blocks_from": start, "blocks_until": end}
        rows.append({"id": new_id(), "free_until": start, **times, **same})
    with transaction() as session:
        session.execute(insert(table(Booking)), rows)
    return service


def _by_loop(there: list[Taken], begin: datetime, minutes: int) -> list[datetime]:
    """Return the free starts as one writes it first."""
    found, length = [], timedelta(minutes=minutes)
    first = begin.astimezone(ZoneInfo(ZONE)).replace(hour=0)
    for day in range(DAYS):
        opens = (first + timedelta(days=day)).replace(hour=HOURS[0])
        for slot in range((HOURS[1] - HOURS[0]) * 60 // STEP):
            start = (opens + timedelta(minutes=slot * STEP)).astimezone(UTC)
            if not any(each.blocks_from < start + length and each.blocks_until > start for each in there):
                found.append(start)
    return found
