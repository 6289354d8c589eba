"""Contrast by WCAG 2 of every text on its background, in every hue of an installation or a person."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import pytest

from wellchat.mail.palette import TOKENS

CSS = Path(__file__).parent.parent / "wellchat" / "static" / "css"
TEXT, CONTROL = 4.5, 3.0
SCHEMES = ("light", "dark")

Linear = tuple[float, float, float]  # red, green, blue, each a share of light

OKLCH = re.compile(
    r"oklch\((?P<l>[\d.]+) (?P<c>[\d.]+) (?P<h>[\d.]+|var\(--[\w-]+(?:, \d+)?\))(?: / (?P<a>[\d.]+))?\)"
)
PAIR = r"var\(--light, (?P<light>oklch\(.*?\))\) var\(--dark, (?P<dark>oklch\(.*?\))\);"
BOTH = re.compile(rf"(?P<name>[\w-]+): {PAIR}")
# What is written on what: pages, bubbles of both sides, chips, buttons, the quote in a bubble.
WRITTEN = [
    *(
        (ink, ground)
        for ink in ("--ink", "--quiet")
        for ground in ("--canvas", "--surface", "--raised", "--sunken")
    ),
    *(("--accent-text", ground) for ground in ("--canvas", "--surface", "--raised", "--tint-soft", "--tint")),
    *((ink, ground) for ink in ("--danger", "--good") for ground in ("--canvas", "--surface", "--raised")),
    ("--ink", "--tint"),
    ("--ink", "--tint-soft"),
    ("--accent-ink", "--accent"),
    ("--accent-ink", "--accent-strong"),
    ("--danger", "--danger-tint"),
    ("--good", "--good-tint"),
]
DRAWN = [(drawn, ground) for drawn in ("--line-strong", "--accent") for ground in ("--canvas", "--surface")]


@cache
def declared(file: str) -> dict[str, dict[str, str]]:
    """name -> its colour in each scheme."""
    text = (CSS / file).read_text("utf-8")
    return {found["name"]: {scheme: found[scheme] for scheme in SCHEMES} for found in BOTH.finditer(text)}


def light(colour: str, hue: float) -> tuple[Linear, float]:
    """An oklch() as browsers show it: what a screen cannot show is cut off, part by part.

    And how dense it is.
    """
    found = OKLCH.fullmatch(colour)
    assert found, colour
    angle = math.radians(hue if found["h"].startswith("var") else float(found["h"]))
    lightness, chroma = float(found["l"]), float(found["c"])
    a, b = chroma * math.cos(angle), chroma * math.sin(angle)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    red, green, blue = (max(0.0, min(1.0, part)) for part in (red, green, blue))
    return (red, green, blue), float(found["a"] or 1)


def encoded(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def decoded(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def over(top: tuple[Linear, float], ground: Linear) -> Linear:
    """Laid over one another as browsers do it, in the encoded parts."""
    colour, dense = top
    red, green, blue = (
        decoded(encoded(one) * dense + encoded(other) * (1 - dense))
        for one, other in zip(colour, ground, strict=True)
    )
    return red, green, blue


def contrast(one: Linear, other: Linear) -> float:
    weights = (0.2126, 0.7152, 0.0722)
    dim, bright = sorted(
        sum(w * part for w, part in zip(weights, each, strict=True)) for each in (one, other)
    )
    return (bright + 0.05) / (dim + 0.05)


def steps(name: str) -> list[float]:
    """The hues that color-classes.css has classes for."""
    return [
        float(found)
        for found in re.findall(rf"\{{ --{name}: (\d+); \}}", (CSS / "color-classes.css").read_text("utf-8"))
    ]


@cache
def accents() -> tuple[float, ...]:
    """The hues that an installation can have: tens by one class, the rest by one attribute."""
    text = (CSS / "color-classes.css").read_text("utf-8")
    tens = re.findall(r"\{ --accent-hue: calc\((\d+) \+ var\(--accent-plus\)\); \}", text)
    rest = re.findall(r'\[data-accent-plus="\d"\] \{ --accent-plus: (\d); \}', text)
    assert (len(tens), len(rest)) == (36, 10)
    return tuple(sorted(float(ten) + float(one) for ten in tens for one in rest))


def test_an_installation_can_have_every_hue() -> None:
    assert accents() == tuple(range(360))


def test_contrast_is_computed_as_in_wcag() -> None:
    black, white = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    assert contrast(black, white) == pytest.approx(21)
    grey, _ = light("oklch(0.5999 0 0)", 0)  # #808080, told by everybody's calculator
    assert contrast(grey, white) == pytest.approx(3.95, abs=0.01)
    red, _ = light("oklch(0.62796 0.25768 29.234)", 0)
    assert red == pytest.approx((1, 0, 0), abs=0.001)
    assert over((white, 0.5), black) == pytest.approx((0.2140,) * 3, abs=0.001)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_initials_are_readable_on_every_hue(scheme: str) -> None:
    colours = declared("avatar.css")
    hues = steps("hue")
    assert len(hues) == 12
    found = {
        hue: contrast(light(colours["color"][scheme], hue)[0], light(colours["background"][scheme], hue)[0])
        for hue in hues
    }
    assert {hue: round(ratio, 2) for hue, ratio in found.items() if ratio < TEXT} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("pairs", "least"), [(WRITTEN, TEXT), (DRAWN, CONTROL)], ids=["written", "drawn"])
def test_text_is_readable_with_every_accent(scheme: str, pairs: list[tuple[str, str]], least: float) -> None:
    tokens = declared("tokens.css")
    hues = accents()
    assert len(hues) == 360
    assert {name for pair in pairs for name in pair} <= tokens.keys()
    short = {}
    for hue in hues:
        for ink, ground in pairs:
            ratio = contrast(light(tokens[ink][scheme], hue)[0], light(tokens[ground][scheme], hue)[0])
            if ratio < least:
                short[(hue, ink, ground)] = round(ratio, 2)
    assert short == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_quotes_are_readable_in_every_bubble(scheme: str) -> None:
    tokens = declared("tokens.css")
    found = re.search(rf"\.quote \{{.*?background: {PAIR}", decorations(), re.S)
    assert found
    shade = found[scheme]
    short = {}
    for hue in accents():
        for bubble in ("--raised", "--tint"):
            ground = over(light(shade, hue), light(tokens[bubble][scheme], hue)[0])
            for ink in ("--accent-text", "--ink"):
                ratio = contrast(light(tokens[ink][scheme], hue)[0], ground)
                if ratio < TEXT:
                    short[(hue, ink, bubble)] = round(ratio, 2)
    assert short == {}


def decorations() -> str:
    return (CSS / "message-decorations.css").read_text("utf-8")


def test_mails_have_the_colours_of_the_pages() -> None:
    tokens = declared("tokens.css")
    for role, both in TOKENS.items():
        for scheme, (lightness, chroma) in zip(SCHEMES, both, strict=True):
            found = OKLCH.fullmatch(tokens[f"--{role.replace('_', '-')}"][scheme])
            assert found
            assert (float(found["l"]), float(found["c"])) == (lightness, chroma), role
