"""The colours of the pages' design tokens for mail programs: `#rrggbb`, light and dark."""

from __future__ import annotations

import math
from functools import lru_cache

# role: (light, dark), each lightness and chroma; the hue is the installation's accent
TOKENS = {
    "canvas": ((0.968, 0.006), (0.172, 0.012)),
    "surface": ((0.994, 0.002), (0.208, 0.013)),
    "sunken": ((0.955, 0.007), (0.252, 0.014)),
    "ink": ((0.245, 0.018), (0.938, 0.006)),
    "quiet": ((0.495, 0.018), (0.735, 0.014)),
    "line": ((0.918, 0.007), (0.302, 0.013)),
    "accent": ((0.515, 0.172), (0.755, 0.118)),
    "accent_ink": ((0.995, 0.004), (0.19, 0.035)),
    "accent_text": ((0.445, 0.155), (0.8, 0.1)),
    "tint": ((0.918, 0.043), (0.385, 0.078)),
}


@lru_cache(maxsize=4)
def palette(hue: int) -> dict[str, dict[str, str]]:
    """Return `{"light": {role: colour}, "dark": {role: colour}}`. `hue` is in degrees."""
    return {
        "light": {role: oklch(*light, hue) for role, (light, _) in TOKENS.items()},
        "dark": {role: oklch(*dark, hue) for role, (_, dark) in TOKENS.items()},
    }


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return `#rrggbb` for an OKLCH colour. Chroma is lowered until sRGB can show it."""
    while True:
        channels = _linear_rgb(lightness, chroma, hue)
        if chroma <= 0 or all(-0.0005 <= c <= 1.0005 for c in channels):
            return "#" + "".join(f"{round(_gamma(min(1.0, max(0.0, c))) * 255):02x}" for c in channels)
        chroma -= 0.004


def _linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _gamma(linear: float) -> float:
    return float(12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)
