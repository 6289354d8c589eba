"""Draw the application's icons from the brand mark, in the colours of the installation."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from wellchat.mail.palette import oklch

FINER = 4  # pixels drawn per pixel kept, for smooth edges
STEPS = 24  # line segments per curve
VIEW = 28  # side of the view box of the mark

# name: (pixels, share of the side that the mark takes, corner radius as share of the side). Maskable icons
# are cut to a shape by the system, and Apple rounds the corners itself: both are full squares.
ICONS = {
    "icon-192": (192, 0.66, 0.22),
    "icon-512": (512, 0.66, 0.22),
    "maskable-192": (192, 0.52, 0.0),
    "maskable-512": (512, 0.52, 0.0),
    "apple-touch": (180, 0.62, 0.0),
}
Point = tuple[float, float]


@lru_cache(maxsize=len(ICONS))
def icon(name: str, hue: int, logo: Path) -> bytes:
    """Return a PNG. `hue` is in degrees; `logo` is the SVG whose paths are drawn."""
    side, share, corner = ICONS[name]
    big = side * FINER
    picture = Image.new("RGBA", (big, big), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rounded_rectangle(
        (0, 0, big - 1, big - 1), corner * big, fill=oklch(0.515, 0.172, hue)
    )
    for path, opacity in _paths(logo.read_text()):
        layer = Image.new("RGBA", (big, big), (0, 0, 0, 0))
        scale, start = big * share / VIEW, big * (1 - share) / 2
        outline = [(start + x * scale, start + y * scale) for x, y in _outline(path)]
        ImageDraw.Draw(layer).polygon(outline, fill=(255, 255, 255, round(255 * opacity)))
        picture = Image.alpha_composite(picture, layer)
    out = io.BytesIO()
    picture.resize((side, side), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


@lru_cache(maxsize=len(ICONS))
def icon_of_logo(name: str, logo: bytes) -> bytes:
    """Return a PNG with a logo, itself a PNG, on white; a square logo without holes fills it."""
    side, share, corner = ICONS[name]
    with Image.open(io.BytesIO(logo)) as given:
        drawn = given.convert("RGBA")
    is_whole = drawn.width == drawn.height and drawn.getchannel("A").getextrema()[0] == 255
    room = round(side * (1.0 if is_whole and not name.startswith("maskable") else share))
    scale = room / max(drawn.size)
    drawn = drawn.resize([max(1, round(length * scale)) for length in drawn.size], Image.Resampling.LANCZOS)
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rounded_rectangle((0, 0, side - 1, side - 1), corner * side, fill="white")
    picture.alpha_composite(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _paths(svg: str) -> list[tuple[str, float]]:
    found = []
    for tag in re.findall(r"<path\b[^>]*>", svg):
        path, opacity = re.search(r'\bd="([^"]+)"', tag), re.search(r'\bopacity="([^"]+)"', tag)
        if path:
            found.append((path[1], float(opacity[1]) if opacity else 1.0))
    return found


def _outline(path: str) -> list[Point]:
    """Return one closed outline from SVG path data: M, L, C and S, absolute and relative, and Z."""
    points: list[Point] = []
    at = control = (0.0, 0.0)
    for command, numbers in re.findall(r"([MLCSZ])([^MLCSZ]*)", path, re.IGNORECASE):
        values = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        pairs = list(zip(values[::2], values[1::2], strict=True))
        size = {"M": 1, "L": 1, "C": 3, "S": 2, "Z": 1}[command.upper()]
        for i in range(0, len(pairs), size):
            piece = [(x + at[0], y + at[1]) if command.islower() else (x, y) for x, y in pairs[i : i + size]]
            if size == 1:
                points.append(piece[0])
            else:
                first = piece[0] if size == 3 else (2 * at[0] - control[0], 2 * at[1] - control[1])
                points += _curve(at, first, *piece[-2:])
            at = piece[-1]
            control = piece[-2] if size > 1 else at
    return points


def _curve(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    def at(t: float) -> Point:
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        xs, ys = zip(a, b, c, d, strict=True)
        return sum(w * x for w, x in zip(weights, xs, strict=True)), sum(
            w * y for w, y in zip(weights, ys, strict=True)
        )

    return [at(step / STEPS) for step in range(1, STEPS + 1)]
