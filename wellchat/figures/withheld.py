"""Keep figures of fewer than five people from administrators, also those that a subtraction would give.

What a day adds is put by until MIN_PEOPLE different people are behind it; then it is a figure of that day.
Every total is a sum of such cells, and so is the difference of any two totals. So no number that anybody can
see or compute is about fewer people, and none is lost: it comes later. The parts of a whole are cells of
their own, and the whole is only ever their sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wellchat.figures import histogram

MIN_PEOPLE = 5


def release(
    waiting: Mapping[str, Any], added: Mapping[str, Any], people: Mapping[str, set[str]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Add what a day gave to what waits. Return (what may be shown as of that day, what still waits).

    `added`: name -> number or histogram; `people`: name -> ids of those behind it. What waits is
    {name: {value, people}}, with at most four people.
    """
    shown, left = {}, dict(waiting)
    for name, value in added.items():
        before = left.pop(name, None)
        behind = people[name] | set(before["people"] if before else ())
        both = plus(before["value"], value) if before else value
        if len(behind) >= MIN_PEOPLE:
            shown[name] = both
        else:
            left[name] = {"value": both, "people": sorted(behind)}
    return shown, left


def plus(one: Any, other: Any) -> Any:
    """Return the sum of two numbers, or of two histograms."""
    return histogram.add((one, other)) if isinstance(one, Mapping) else one + other


def large_enough(numbers: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of a moment without those of fewer than five. Five pairs are five people or more."""
    return {name: count for name, count in numbers.items() if count >= MIN_PEOPLE}


def forget(waiting: Mapping[str, Any], user_id: str) -> dict[str, Any]:
    """Return what waits, without the name of one person. What they added stays, and needs five others."""
    return {
        name: {**each, "people": [id_ for id_ in each["people"] if id_ != user_id]}
        for name, each in waiting.items()
    }
