"""Draw lines over time as SVG: a few panels below each other, each with its scale and its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, GAP = 720, 150, 60, 40
COLOURS = ("#3366aa", "#aa5522", "#2a7d4f", "#7a4da0", "#886600", "#222222")


@dataclass(frozen=True)
class Panel:
    """One panel: a title, and lines by name, each with a value for every time."""

    title: str
    lines: Mapping[str, Sequence[float]]


def drawing(minutes: Sequence[float], panels: Sequence[Panel]) -> str:
    """Return the panels as one SVG document; the time runs from 0 to the last minute."""
    height = len(panels) * (HEIGHT + GAP) + GAP
    body = "".join(_panel(minutes, panel, GAP + n * (HEIGHT + GAP)) for n, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{body}</svg>\n'
    )


def _panel(minutes: Sequence[float], panel: Panel, top: int) -> str:
    most = max((value for line in panel.lines.values() for value in line), default=0) or 1
    last = max(minutes, default=0) or 1
    right = WIDTH - 150
    parts = [
        f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{escape(panel.title)}</text>',
        f'<path d="M{LEFT} {top}V{top + HEIGHT}H{right}" fill="none" stroke="#888888"/>',
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most:.3g}</text>',
        f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>',
        f'<text x="{right}" y="{top + HEIGHT + 14}" text-anchor="end">{last:.0f} min</text>',
    ]
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{LEFT + at / last * (right - LEFT):.1f},{top + HEIGHT - value / most * HEIGHT:.1f}"
            for at, value in zip(minutes, line, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        label = f"{name}: {line[-1]:.3g}" if line else name
        parts.append(
            f'<text x="{right + 8}" y="{top + 12 + 15 * number}" fill="{colour}">{escape(label)}</text>'
        )
    return "".join(parts)
