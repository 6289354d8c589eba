"""What the checker finds: which promise was broken, and the calls that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

FOREVER = float("inf")
MAX_SHOWN = 3  # findings of one kind that are spelled out


class Violation(NamedTuple):
    kind: str
    words: str
    at: float = FOREVER  # when it showed; FOREVER: only in the end

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


def spell_out(found: list[Violation]) -> Iterator[str]:
    """The findings for a person: a few of each kind."""
    shown: Counter[str] = Counter()
    for violation in found:
        shown[violation.kind] += 1
        if shown[violation.kind] <= MAX_SHOWN:
            yield str(violation)
    yield from (f"{kind}: {count} in all" for kind, count in shown.items() if count > MAX_SHOWN)
