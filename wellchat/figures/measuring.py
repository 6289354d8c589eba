"""Measure days, one after the other, each once, however many workers there are.

A step claims the series of one zone that stand at the same day, reads that day once for all of them, and
writes what it counted together with `next_day`. Whoever lost its claim meanwhile writes nothing; a crash
leaves a claim that ends with its lease. A day is measured GRACE after its midnight, so that what was being
written at midnight is in.

Late data: a day that was measured stays. What is deleted later still counted; what is put into the past (an
import) comes in with `wellchat figures measure --again`. Bookings are the exception, because platforms mark
them late: a professional's are counted anew for SETTLES days; in sums over everybody and in the standing of a
pair they come in after these days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from wellchat.db import db, insert, new_id, table, transaction
from wellchat.figures import reading, withheld
from wellchat.figures.counting import (
    AGAIN,
    AGAIN_WITH_CHAT,
    BOOKINGS,
    Booked,
    Pair,
    Said,
    Tally,
    count_booking,
)
from wellchat.figures.days import ONE, day_of, is_last_of_month, start_of
from wellchat.figures.models import FigureDay, FigurePair, FigureSeries

GRACE = timedelta(minutes=10)
LEASE = timedelta(minutes=15)
STEPS = 4  # days of one sweep
GROUP = 1000  # series of one step
BATCH = 500  # pairs of one statement
ACTIVE, SILENT, SETTLES = 60, 90, 7  # days
OF_BOOKINGS = (*BOOKINGS, AGAIN, AGAIN_WITH_CHAT)


@dataclass(frozen=True)
class Claim:
    """One day of some series in one zone, and the token that says whose work it is."""

    token: str
    zone: str
    day: date
    series: dict[str, FigureSeries]

    def back(self, days: int) -> datetime:
        """Return the start of the day so many days before."""
        return start_of(self.day - ONE * days, self.zone)


def due_after(day: date, zone: str) -> datetime:
    """Return when a day can be measured."""
    return start_of(day + ONE, zone) + GRACE


def sweep(now: datetime) -> dict[str, int]:
    """Measure what is due, a few days at a time. Return {"figure_days": how many}."""
    return {"figure_days": measure(now, STEPS)}


def measure(now: datetime, most: int) -> int:
    """Measure at most so many days that are over. Return how many were measured."""
    done = 0
    while done < most and (claim := take(now)) is not None:
        done += settle(claim, count(claim), now) > 0
    return done


def take(now: datetime) -> Claim | None:
    """Claim the day that has been due longest, for all series of its zone that stand there. None: nothing."""
    of = FigureSeries
    first = db.session.execute(
        select(of.zone, of.next_day).where(of.due_at <= now).order_by(of.due_at).limit(1)
    ).one_or_none()
    if first is None:
        return None
    same = (of.zone == first.zone, of.next_day == first.next_day, of.due_at <= now)
    token = new_id()
    with transaction() as session:
        some = select(of.id).where(*same).order_by(of.id).limit(GROUP).scalar_subquery()
        session.execute(
            update(of)
            .where(of.id.in_(some), *same)
            .values(claimed=token, due_at=now + LEASE)
            .execution_options(synchronize_session=False)
        )
        found = session.execute(
            select(of).where(of.claimed == token).execution_options(populate_existing=True)
        ).scalars()
        return Claim(token, first.zone, first.next_day, {each.id: each for each in found})


@dataclass
class Counted:
    """What a day gave: a tally for each series, and the bookings of the days that are not final."""

    tallies: dict[str, Tally]
    bookings: dict[tuple[str, date], dict[str, int]]


def count(claim: Claim) -> Counted:
    """Read the day once, and count it for each series of the claim."""
    of_person = {each.professional_id: each.id for each in claim.series.values()}
    start, end = claim.back(0), claim.back(-1)

    def owners(event: Said | Booked) -> list[str]:
        found = (of_person.get(None), of_person.get(event.professional_id))
        return [id_ for id_ in found if id_ is not None]

    said = [each for each in reading.said_between(start, end) if owners(each)]
    booked = [each for each in reading.booked_between(claim.back(SETTLES), end) if owners(each)]
    final = [each for each in booked if day_of(each.at, claim.zone) == claim.day - ONE * SETTLES]
    ids = {message.connection_id for message in said} | {booking.connection_id for booking in final}
    pairs = _load_pairs(claim, ids)
    tallies = {
        id_: Tally(
            pairs.get(id_, {}),
            silent_before=claim.back(SILENT),
            month=f"{claim.day:%Y-%m}",
            with_detail=each.professional_id is not None,
        )
        for id_, each in claim.series.items()
    }
    for each in final:
        for id_ in owners(each):
            tallies[id_].settle(each)
            if claim.series[id_].professional_id is None:
                count_booking(tallies[id_].add, each)
    for message in said:
        for id_ in owners(message):
            tallies[id_].say(message)
    return Counted(tallies, _bookings_by_day(claim, booked, of_person))


def _bookings_by_day(
    claim: Claim, booked: Iterable[Booked], of_person: dict[str | None, str]
) -> dict[tuple[str, date], dict[str, int]]:
    found: dict[tuple[str, date], dict[str, int]] = {}
    for each in booked:
        if (id_ := of_person.get(each.professional_id)) is None:
            continue
        numbers = found.setdefault((id_, day_of(each.at, claim.zone)), {})

        def add(name: str, value: int, *_people: str, to: dict[str, int] = numbers) -> None:
            to[name] = to.get(name, 0) + value

        count_booking(add, each)
    return found


def _load_pairs(claim: Claim, connection_ids: set[str]) -> dict[str, dict[str, Pair]]:
    of = table(FigurePair).c
    columns = [of[name] for name in Pair.__dataclass_fields__]
    found: dict[str, dict[str, Pair]] = {}
    all_ids = sorted(connection_ids)
    for at in range(0, len(all_ids), BATCH):
        query = (
            select(of.series_id, of.connection_id, *columns)
            .join(table(FigureSeries), table(FigureSeries).c.id == of.series_id)
            .where(
                table(FigureSeries).c.claimed == claim.token, of.connection_id.in_(all_ids[at : at + BATCH])
            )
        )
        for series_id, connection_id, *values in db.session.connection().execute(query):
            found.setdefault(series_id, {})[connection_id] = Pair(*values)
    return found


def settle(claim: Claim, counted: Counted, now: datetime) -> int:
    """Write down what was counted, and move on to the next day. Return for how many series."""
    of = FigureSeries
    with transaction() as session:
        moved = update(of).where(of.claimed == claim.token, of.next_day == claim.day)
        values = {"next_day": claim.day + ONE, "due_at": due_after(claim.day + ONE, claim.zone)}
        ids = set(
            session.execute(
                moved.values(**values, claimed=None)
                .returning(of.id)
                .execution_options(synchronize_session=False)
            ).scalars()
        )
        if not ids:
            return 0
        _write_pairs(counted, ids)
        moments = reading.moment_counts(
            ids,
            silent=claim.back(SILENT - 1),
            silent_before=claim.back(SILENT),
            active=claim.back(ACTIVE - 1),
            waits=start_of(claim.day + ONE, claim.zone) - timedelta(days=1),
            month=start_of(claim.day.replace(day=1), claim.zone),
        )
        rows = [_row(claim, id_, counted, moments.get(id_, {})) for id_ in sorted(ids)]
        _write_days(rows)
        _correct_bookings(claim, counted, ids)
    return len(ids)


def _write_pairs(counted: Counted, ids: set[str]) -> None:
    rows = [
        {"series_id": id_, "connection_id": connection_id, **pair.values()}
        for id_ in sorted(ids)
        for connection_id, pair in counted.tallies[id_].pairs.items()
    ]
    if rows:
        statement = insert(table(FigurePair))
        changed = {name: statement.excluded[name] for name in Pair.__dataclass_fields__}
        statement = statement.on_conflict_do_update(
            index_elements=["series_id", "connection_id"], set_=changed
        )
        db.session.connection().execute(statement, rows)


def _row(claim: Claim, id_: str, counted: Counted, moment: dict[str, int]) -> dict[str, Any]:
    """Return the row of the day for one series, and keep its sums over all pairs."""
    series, tally = claim.series[id_], counted.tallies[id_]
    standing = tally.standing(series.standing)
    state = _state(claim, standing, moment)
    waiting = series.waiting
    if series.professional_id is None:
        for client_id in reading.fallen_silent(id_, claim.back(SILENT), claim.back(SILENT - 1)):
            tally.add("fell_silent", 1, client_id)
        state.pop("fell_silent", None)
        shown, waiting = withheld.release(waiting, tally.numbers, tally.people)
        state["of_two"], state["two"] = reversed(reading.clients_of_two(id_, claim.back(ACTIVE - 1)))
        state = withheld.large_enough(state)
        if "talked" not in state:
            state.pop("span", None)
        if "booked" not in state:
            state.pop("bookings", None)
    else:
        shown = {**tally.numbers, **counted.bookings.get((id_, claim.day), {})}
    keep = update(FigureSeries).where(FigureSeries.id == id_).values(standing=standing, waiting=waiting)
    db.session.execute(keep.execution_options(synchronize_session=False))
    return {"series_id": id_, "day": claim.day, "numbers": {**shown, **{k: v for k, v in state.items() if v}}}


def _state(claim: Claim, standing: dict[str, int], moment: dict[str, int]) -> dict[str, int]:
    """Return what is true at the day's end: sums over all pairs, and counts of pairs."""
    state = {**standing, **moment, "silent": standing.get("pairs", 0) - moment.get("seen", 0)}
    state.pop("seen", None)
    if not is_last_of_month(claim.day):
        state.pop("month_pairs", None)
    return state


def _write_days(rows: list[dict[str, Any]]) -> None:
    statement = insert(table(FigureDay))
    statement = statement.on_conflict_do_update(
        index_elements=["series_id", "day"], set_={"numbers": statement.excluded.numbers}
    )
    db.session.connection().execute(statement, rows)


def _correct_bookings(claim: Claim, counted: Counted, ids: set[str]) -> None:
    """Write the bookings of the days before anew: their status may have been set since."""
    people = [id_ for id_ in ids if claim.series[id_].professional_id is not None]
    of = table(FigureDay).c
    first = claim.day - ONE * SETTLES
    query = select(of.series_id, of.day, of.numbers).where(
        of.series_id.in_(people), of.day >= first, of.day < claim.day
    )
    changed = []
    for id_, day, numbers in db.session.connection().execute(query).all():
        rest = {name: value for name, value in numbers.items() if name not in OF_BOOKINGS}
        right = {**rest, **counted.bookings.get((id_, day), {})}
        if right != numbers:
            changed.append({"series_id": id_, "day": day, "numbers": right})
    if changed:
        _write_days(changed)
