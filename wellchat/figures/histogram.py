"""Count times in classes that grow by a fixed factor, so that days can be added up.

A median over any range then differs from the true one by at most ERROR of it: both lie in the same class.
A day (24 hours) is the upper end of a class, so that "within a day" is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, log2

DAY = 86_400  # seconds
STEPS = 4  # classes for each doubling
LOWEST, HIGHEST = -64, 28  # 1.3 seconds, 128 days
ERROR = 2 ** (1 / (2 * STEPS)) - 1  # 9.05 per cent: from the middle of a class to its ends

Histogram = Mapping[str, int]
"""Number of the class, as text (it is JSON) -> how many."""


def class_of(seconds: float) -> str:
    """Return the class of a time: class k ends at DAY * 2 ** (k / STEPS), which belongs to it."""
    return str(min(HIGHEST, max(LOWEST, ceil(STEPS * log2(max(seconds, 1) / DAY)))))


def add(histograms: Iterable[Histogram]) -> dict[str, int]:
    """Return the sum of histograms."""
    found: dict[str, int] = {}
    for each in histograms:
        for name, count in each.items():
            found[name] = found.get(name, 0) + count
    return found


def quantile(histogram: Histogram, share: float) -> int | None:
    """Return the time, in seconds, that `share` of all do not exceed (nearest rank); None without any."""
    rank = ceil(share * sum(histogram.values()))
    for number in sorted(map(int, histogram)):
        rank -= histogram[str(number)]
        if rank <= 0:
            return round(DAY * 2 ** ((number - 0.5) / STEPS))
    return None


def within_a_day(histogram: Histogram) -> int:
    """Return how many took at most 24 hours."""
    return sum(count for name, count in histogram.items() if int(name) <= 0)
