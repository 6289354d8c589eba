"""Put the subjects of two people in the order in which somebody needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from wellchat.subjects.models import Subject

CARDS = 2  # of coupons, leads and the like with a button, beside the next booking


class Arranged(NamedTuple):
    """`cards` are shown large, what is next first. `coming` are later bookings. `earlier` is over."""

    cards: list[Subject]
    coming: list[Subject]
    earlier: list[Subject]


def arrange(subjects: Sequence[Subject], now: datetime, here_id: str | None = None) -> Arranged:
    """Return subjects arranged. That of the open thread, `here_id`, is a card in any case, and the first."""
    here = [subject for subject in subjects if subject.id == here_id]
    rest = [subject for subject in subjects if subject.id != here_id]
    earlier = [subject for subject in rest if is_over(subject, now)]
    left = [subject for subject in rest if not is_over(subject, now)]
    dated = sorted((s for s in left if s.starts_at is not None), key=lambda s: (s.starts_at, s.id))
    undated = [subject for subject in left if subject.starts_at is None]
    return Arranged(
        cards=[*here, *dated[:1], *undated[:CARDS]],
        coming=[*dated[1:], *undated[CARDS:]],
        # Newest first, as they came.
        earlier=earlier,
    )


def is_over(subject: Subject, now: datetime) -> bool:
    """Return whether a subject lies behind its people: called off, or at its end."""
    if subject.is_cancelled:
        return True
    ends = subject.ends_at or subject.starts_at
    if ends is None:
        return subject.declared.scope == "connection" and (subject.status or "").lower() == "completed"
    return ends <= now
