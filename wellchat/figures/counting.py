"""Count what a day gave, from its messages and bookings in the order of time. No database in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from wellchat.figures import histogram, withheld
from wellchat.subjects.models import is_cancelled

CLIENT, PROFESSIONAL = SIDES = ("client", "professional")
MISSED = frozenset({"missed", "no_show", "no-show", "noshow"})  # statuses of the host, in lower case
LATE = timedelta(hours=24)  # cancelled later than so long before the start
BOOKINGS = HELD, CANCELLED, CANCELLED_LATE, NOT_COME = (
    "bookings_held", "bookings_cancelled", "bookings_late", "bookings_missed",
)  # fmt: skip
AGAIN, AGAIN_WITH_CHAT = ("again_without_chat", "again_with_chat")


class Said(NamedTuple):
    """A message of one of the two; nothing of its words. `begins`: it is the first of its thread."""

    at: datetime
    side: str
    begins: bool
    connection_id: str
    client_id: str
    professional_id: str


class Booked(NamedTuple):
    """A booking of a pair, as the host last described it."""

    at: datetime
    status: str | None
    cancelled_at: datetime | None
    is_again: bool  # the pair had a booking before that was not cancelled
    had_thread: bool  # the pair had a thread before it was put
    connection_id: str
    client_id: str
    professional_id: str


@dataclass(slots=True)
class Pair:
    """How the two of a connection stand: the columns of FigurePair."""

    seen_at: datetime
    first_at: datetime | None = None
    last_at: datetime | None = None
    client_at: datetime | None = None
    professional_at: datetime | None = None
    booked_at: datetime | None = None
    asked_by: str | None = None
    asked_at: datetime | None = None
    bookings: int = 0
    detail: dict[str, Any] = field(default_factory=dict)

    def standing(self) -> dict[str, int]:
        """Return what the pair adds to the sums over all pairs. `span` is in seconds."""
        talked = self.first_at is not None and self.last_at is not None
        return {
            "pairs": 1,
            "talked": int(talked),
            "span": int((self.last_at - self.first_at).total_seconds()) if talked else 0,  # type: ignore[operator]
            "booked": int(self.bookings > 0),
            "rebooked": int(talked and self.bookings > 1),
            "bookings": self.bookings if talked else 0,
        }

    def values(self) -> dict[str, Any]:
        """Return the columns."""
        return asdict(self)


class Tally:
    """What one day gave to one series. `silent_before`: who was seen last before then had fallen silent."""

    def __init__(
        self, pairs: dict[str, Pair], *, silent_before: datetime, month: str, with_detail: bool
    ) -> None:
        self.pairs = pairs  # those of the day that are known; new ones are added
        self.silent_before, self.month, self.with_detail = silent_before, month, with_detail
        self.numbers: dict[str, Any] = {}
        self.people: dict[str, set[str]] = {}
        self.standing_before = self._standing()

    def _standing(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for pair in self.pairs.values():
            for name, value in pair.standing().items():
                total[name] = total.get(name, 0) + value
        return total

    def standing(self, before: Mapping[str, int]) -> dict[str, int]:
        """Return the sums over all pairs, from those of the day before."""
        now = self._standing()
        return {
            name: before.get(name, 0) + value - self.standing_before.get(name, 0)
            for name, value in now.items()
        } or dict(before)

    def add(self, name: str, value: Any, *people: str) -> None:
        """Add a number, or a histogram, that is about these people."""
        self.numbers[name] = withheld.plus(self.numbers[name], value) if name in self.numbers else value
        self.people.setdefault(name, set()).update(people)

    def say(self, said: Said) -> None:
        """Count one message. They come in the order of time."""
        sender = said.client_id if said.side == CLIENT else said.professional_id
        self.add(f"messages_{said.side}", 1, sender)
        pair = self._seen(said)
        if pair.first_at is None:
            pair.first_at = said.at
            self.add("begun", 1, said.client_id)
        elif said.begins:
            self.add("begun_again", 1, said.client_id)
        if pair.asked_by != said.side:
            if pair.asked_at is not None:
                self._answer(pair, said, sender)
            pair.asked_by, pair.asked_at = said.side, said.at
        pair.last_at = said.at
        setattr(pair, f"{said.side}_at", said.at)
        if self.with_detail:
            months = pair.detail.setdefault("months", {})
            of_month = months.setdefault(self.month, [0, 0])
            of_month[SIDES.index(said.side)] += 1

    def _answer(self, pair: Pair, said: Said, sender: str) -> None:
        took = {histogram.class_of((said.at - pair.asked_at).total_seconds()): 1}  # type: ignore[operator]
        name = f"answers_{said.side}"
        self.add(name, took, sender)
        if self.with_detail:
            pair.detail[name] = histogram.add((pair.detail.get(name, {}), took))

    def settle(self, booked: Booked) -> None:
        """Count a booking in the standing of its pair, once its status is final."""
        if outcome_of(booked) != HELD:
            return
        pair = self._seen(booked)
        pair.bookings += 1
        pair.booked_at = max(booked.at, pair.booked_at or booked.at)

    def _seen(self, event: Said | Booked) -> Pair:
        pair = self.pairs.get(event.connection_id)
        if pair is None:
            pair = self.pairs[event.connection_id] = Pair(seen_at=event.at)
        elif pair.seen_at < self.silent_before:
            self.add("spoke_again", 1, event.client_id)
        pair.seen_at = max(pair.seen_at, event.at)
        return pair


def outcome_of(booked: Booked) -> str:
    """Return the name under which a booking counts. Its time has passed: what is not cancelled took place."""
    if is_cancelled(booked.status):
        late = booked.cancelled_at is not None and booked.at - booked.cancelled_at < LATE
        return CANCELLED_LATE if late else CANCELLED
    return NOT_COME if (booked.status or "").lower() in MISSED else HELD


def count_booking(add: Any, booked: Booked) -> None:
    """Count a booking under the names of its day. `add` is Tally.add, or like it."""
    outcome = outcome_of(booked)
    add(outcome, 1, booked.client_id)
    if booked.is_again and outcome in (HELD, NOT_COME):
        add(AGAIN_WITH_CHAT if booked.had_thread else AGAIN, 1, booked.client_id)
