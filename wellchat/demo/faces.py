"""Draw the faces of the demo's people: plain shapes, of nobody."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw

SIDE = 256  # pixels, as accounts keep pictures
FINE = 2  # drawn so many times as large, then made small: soft edges

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

SKIN: dict[str, Colour] = {
    "a": (246, 214, 188), "b": (234, 190, 156), "c": (208, 156, 116), "d": (160, 108, 74), "e": (110, 72, 52),
}  # fmt: skip
HAIR: dict[str, Colour] = {
    "k": (38, 33, 36), "n": (88, 58, 40), "r": (160, 82, 46), "y": (222, 184, 116), "g": (186, 184, 186),
}  # fmt: skip
GROUND: tuple[Colour, ...] = (
    (196, 222, 214), (244, 214, 196), (208, 212, 240), (244, 226, 180), (232, 206, 226), (206, 226, 238),
)  # fmt: skip
CLOTHES: tuple[Colour, ...] = (
    (66, 104, 122), (150, 78, 84), (88, 108, 76), (112, 88, 138), (52, 66, 96), (188, 132, 70),
)  # fmt: skip

# key of a person: skin, colour of the hair, its form (short, long, bun, curls, veil), then perhaps glasses
LOOKS = {
    "maya": "aylong", "daniel": "ekshort", "aiko": "akbob", "tomas": "cnshort", "freya": "aybun",
    "samuel": "ekshort+", "ilse": "agbob+", "rosa": "cnlong", "hannah": "arlong", "maricarmen": "bklong",
    "jinwoo": "akshort", "beatrice": "agbun+", "deshawn": "ekcurls", "olivia": "akbun",
    "fatoumata": "ekcurls",
    "valentina": "bnlong", "priya": "dklong", "nour": "bkveil", "jonas": "ayshort+", "chloe": "arbob",
    "emeka": "ekshort", "zofia": "aylong+", "marek": "bnshort", "grace": "dkcurls", "winnie": "akbob+",
    "arjun": "dkshort", "eleanor": "agbob", "luc": "anshort", "ifeoma": "ekbun", "katharina": "aybob",
    "rafael": "cncurls", "siobhan": "arcurls", "meiling": "aklong", "kwame": "ekshort+", "olafur": "ayshort",
    "ravi": "dkshort+", "noemi": "anbob", "judith": "agshort+",
}  # fmt: skip


@cache
def face(key: str) -> bytes:
    """Return a WebP of SIDE by SIDE pixels: always the same face for one key."""
    look, place = LOOKS.get(key, "bnshort"), sum(key.encode())
    skin, hair, form = SKIN[look[0]], HAIR[look[1]], look[2:].rstrip("+")
    picture = Image.new("RGB", (SIDE * FINE, SIDE * FINE), GROUND[place % len(GROUND)])
    draw = ImageDraw.Draw(picture)
    _behind(draw, form, hair)
    clothes = CLOTHES[place // len(GROUND) % len(CLOTHES)]
    draw.ellipse(_box(38, 190, 218, 330), clothes)
    draw.rounded_rectangle(_box(106, 150, 150, 212), 22 * FINE, _darker(skin))
    draw.ellipse(_box(78, 62, 178, 186), skin)
    _before(draw, form, hair)
    _features(draw, skin, hair, glasses=look.endswith("+"))
    out = io.BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0).save(out, "WEBP", quality=86)
    return out.getvalue()


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return left * FINE, top * FINE, right * FINE, bottom * FINE


def _darker(colour: Colour) -> Colour:
    red, green, blue = (part * 9 // 10 for part in colour)
    return red, green, blue


def _behind(draw: ImageDraw.ImageDraw, form: str, hair: Colour) -> None:
    """Draw what falls behind the head."""
    if form == "long":
        draw.rounded_rectangle(_box(62, 60, 194, 228), 62 * FINE, hair)
    elif form == "bob":
        draw.rounded_rectangle(_box(64, 54, 192, 176), 56 * FINE, hair)
    elif form == "bun":
        draw.ellipse(_box(100, 16, 156, 72), hair)
        draw.ellipse(_box(72, 48, 184, 160), hair)
    elif form == "curls":
        for left, top in ((58, 78), (62, 50), (88, 32), (120, 30), (146, 50), (150, 78)):
            draw.ellipse(_box(left, top, left + 52, top + 52), hair)
    elif form == "veil":
        draw.rounded_rectangle(_box(58, 42, 198, 240), 68 * FINE, (92, 120, 140))


def _before(draw: ImageDraw.ImageDraw, form: str, hair: Colour) -> None:
    """Draw what lies on the forehead."""
    colour = (92, 120, 140) if form == "veil" else hair
    low = 98 if form == "veil" else 112
    draw.chord(_box(74, 48, 182, low + 44), 184, 356, colour)
    if form in ("long", "bob"):
        draw.pieslice(_box(70, 44, 150, 150), 180, 290, colour)


def _features(draw: ImageDraw.ImageDraw, skin: Colour, hair: Colour, *, glasses: bool) -> None:
    ink, cheek = (58, 44, 42), _darker(skin)
    for middle in (108, 148):
        draw.ellipse(_box(middle - 5, 118, middle + 5, 129), ink)
        draw.arc(_box(middle - 13, 100, middle + 13, 118), 205, 335, _darker(hair), 4 * FINE)
        if glasses:
            draw.ellipse(_box(middle - 17, 107, middle + 17, 141), outline=ink, width=3 * FINE)
    if glasses:
        draw.line(_box(125, 122, 131, 122), ink, 3 * FINE)
    draw.arc(_box(120, 126, 138, 148), 40, 140, cheek, 4 * FINE)
    draw.arc(_box(106, 134, 150, 166), 30, 150, (150, 70, 66), 4 * FINE)
