"""Format the table, and compute its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    name: str  # of the measurement that made it; what --only takes
    what: str
    ours: str
    reference: str
    ratio: float | None
    goal: str
    met: bool


def rate_row(
    name: str, what: str, ours: Sequence[float], reference: Sequence[float], goal: float, by: str
) -> Row:
    """Return the row of our requests per second against those of `by`; more is better."""
    ratio = median(ours) / median(reference)
    return Row(
        name,
        what,
        f"{median(ours):,.0f} /s",
        f"{by}: {median(reference):,.0f} /s",
        ratio,
        f"{goal:g}",
        ratio >= goal,
    )


def alternate(
    rounds: int, ours: Callable[[], float], reference: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Measure ours, reference, ours, reference ...: other load on the machine falls on both.

    The first pair only warms up.
    """
    ours(), reference()
    pairs = [(ours(), reference()) for _ in range(rounds)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def show(rows: Sequence[Row], console: Console) -> None:
    table = Table(title="wellchat, measured", title_justify="left")
    for heading in ("what", "ours", "reference, same run", "ratio", "goal", "", "again with"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = "[green]met[/]" if row.met else "[red]short[/]"
        table.add_row(row.what, row.ours, row.reference, ratio, row.goal, verdict, f"--only {row.name}")
    console.print(table)
