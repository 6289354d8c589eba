"""Draw the pictures of the demo when it is loaded: no photographs of anybody, nothing to ship or download."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
INK, QUIET, PAPER = (52, 46, 44), (134, 124, 118), (250, 247, 242)
LEFT = "lm"  # text stands to the right of its point, in the middle of it


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _written(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    picture.resize((800, 600), Image.Resampling.BILINEAR, reducing_gap=2.0).save(out, form, quality=88)
    return out.getvalue()


def _shade(colour: Colour, by: int) -> Colour:
    red, green, blue = (max(0, min(255, part + by)) for part in colour)
    return red, green, blue


def colour_card() -> bytes:
    """Return a PNG: four strands of hair on a card, with the numbers of their colours."""
    chance = random.Random(8)  # noqa: S311 - the same card each time
    card = Image.new("RGB", (1200, 900), PAPER)
    draw = ImageDraw.Draw(card)
    draw.text((90, 96), "Hannah", INK, _font(56), LEFT)
    draw.text((90, 152), "caramel, lighter around the face", QUIET, _font(28), LEFT)
    strands: Sequence[tuple[str, str, Colour]] = (
        ("7.34", "root", (122, 78, 44)),
        ("8.3", "lengths", (166, 116, 66)),
        ("9.03", "face", (204, 162, 108)),
        ("9.13", "gloss, 15 min", (190, 156, 122)),
    )
    for place, (number, where, colour) in enumerate(strands):
        left = 90 + place * 264
        for x in range(228):
            round_it = -46 * abs(x / 114 - 1) ** 2
            hair = _shade(colour, int(round_it + chance.gauss(0, 11)))
            end = 700 + 14 * math.sin(x / 9) + chance.randint(0, 34)
            draw.line((left + x, 214, left + x + chance.randint(-3, 3), end), hair, 2)
        draw.rounded_rectangle((left - 4, 206, left + 234, 244), 8, (60, 52, 50))
        draw.text((left + 4, 786), number, INK, _font(44), LEFT)
        draw.text((left + 4, 832), where, QUIET, _font(26), LEFT)
    return _written(card, "PNG")


def floor_plan() -> bytes:
    """Return a PNG: a bathroom of 2.1 by 2.8 metres from above, with the place where the floor is soft."""
    plan = Image.new("RGB", (1200, 900), (252, 251, 247))
    draw = ImageDraw.Draw(plan)
    for at in range(0, 1200, 30):
        draw.line((at, 0, at, 900), (232, 236, 238))
        draw.line((0, at, 1200, at), (232, 236, 238))
    left, top, right, bottom = 210, 150, 990, 735
    draw.rectangle((left, top, right, bottom), None, INK, 12)
    draw.rectangle((left + 280, top - 2, left + 500, top + 14), (252, 251, 247), INK, 3)  # window
    draw.text((left + 390, top + 36), "window", QUIET, _font(24), "mm")
    draw.rectangle((left + 640, bottom - 14, left + 760, bottom + 2), (252, 251, 247))  # door
    draw.arc((left + 640, bottom - 126, left + 880, bottom + 114), 180, 270, QUIET, 3)
    draw.line((left + 760, bottom - 126, left + 760, bottom), INK, 5)
    draw.rectangle((left + 12, top + 12, left + 262, bottom - 220), (236, 242, 244), INK, 4)  # shower
    draw.line((left + 12, top + 12, left + 262, bottom - 220), (200, 210, 214), 2)
    draw.line((left + 262, top + 12, left + 12, bottom - 220), (200, 210, 214), 2)
    draw.text((left + 137, top + 180), "shower", INK, _font(30), "mm")
    # basin
    draw.rounded_rectangle((left + 600, top + 14, left + 760, top + 120), 24, (255, 255, 255), INK, 4)
    draw.ellipse((left + 640, top + 34, left + 720, top + 100), None, QUIET, 3)
    # toilet
    draw.rounded_rectangle((left + 14, bottom - 160, left + 84, bottom - 50), 8, (255, 255, 255), INK, 4)
    draw.ellipse((left + 72, bottom - 166, left + 210, bottom - 44), (255, 255, 255), INK, 4)
    red = (196, 62, 48)
    for x in range(0, 190, 16):
        draw.line((left + 225 + x, bottom - 40, left + 265 + x, bottom - 190), red, 3)
    draw.rectangle((left + 225, bottom - 190, left + 455, bottom - 40), None, red, 4)
    draw.text((left + 290, bottom - 214), "soft: one joist and the subfloor", red, _font(26), LEFT)
    draw.line((left, top - 58, right, top - 58), QUIET, 2)
    draw.text(((left + right) / 2, top - 84), "2.80 m", INK, _font(30), "mm")
    draw.line((left - 58, top, left - 58, bottom), QUIET, 2)
    draw.text((left - 120, (top + bottom) / 2), "2.10 m", INK, _font(30), "mm")
    draw.text((210, 820), "Thompson-Bailey, bathroom", INK, _font(30), LEFT)
    draw.text((990, 820), "M. Nowak", QUIET, _font(26), "rm")
    return _written(plan, "PNG")


def tiles() -> bytes:
    """Return a JPEG: grey hexagons on a floor, as a phone sees them in a shop."""
    chance = random.Random(30)  # noqa: S311
    floor = Image.new("RGB", (1400, 1300), (226, 222, 215))
    draw = ImageDraw.Draw(floor)
    radius = 62
    for row in range(-1, 15):
        for column in range(-1, 15):
            x = column * radius * math.sqrt(3) + (row % 2) * radius * math.sqrt(3) / 2
            y = row * radius * 1.5
            grey = 146 + int(chance.gauss(0, 9))
            corners = [
                (
                    x + (radius - 4) * math.sin(turn * math.pi / 3),
                    y + (radius - 4) * math.cos(turn * math.pi / 3),
                )
                for turn in range(6)
            ]
            draw.polygon(corners, (grey, grey + 2, grey + 5))
    # The far edge is shorter than the near one.
    seen = floor.transform((1000, 750), Image.Transform.PERSPECTIVE, _onto_floor(), Image.Resampling.BILINEAR)
    light = (
        Image.radial_gradient("L")
        .resize((1600, 1300))
        .crop((120, 60, 1120, 810))
        .point(lambda far: 255 - far // 2)
    )
    lit = Image.composite(seen, Image.new("RGB", seen.size, (52, 46, 40)), light)
    return _written(Image.blend(lit, Image.effect_noise(seen.size, 16).convert("RGB"), 0.06), "JPEG")


def _onto_floor() -> tuple[float, ...]:
    """Return the coefficients that map a point of the picture to the floor (Pillow's PERSPECTIVE)."""
    return (1.0, 0.34, 140.0, 0.0, 1.42, 60.0, 0.0, 0.00052)


def week_plan() -> bytes:
    """Return a PNG: seven days from six to ten, with the decisions for them."""
    plan = Image.new("RGB", (1200, 900), (255, 255, 255))
    draw = ImageDraw.Draw(plan)
    draw.text((70, 74), "The week, as it is from now on", INK, _font(42), LEFT)
    green, blue, sand, plum = (122, 168, 132), (118, 152, 196), (226, 196, 140), (158, 130, 170)
    left, top, wide, high = 130, 190, 146, 38
    for hour in range(6, 24, 2):
        y = top + (hour - 6) * high
        draw.line((left, y, left + 7 * wide, y), (234, 231, 226), 2)
        draw.text((left - 22, y), f"{hour}:00", QUIET, _font(22), "rm")
    blocks: Sequence[tuple[str, str, float, float, Colour]] = (
        ("0123456", "up", 6.5, 7.25, sand),
        ("13", "run", 7.25, 8.25, green),
        ("6", "run, slow", 8, 9.5, green),
        ("01234", "work", 9, 17.5, blue),
        ("5", "nothing", 10, 13, (240, 236, 228)),
        ("024", "swimming", 18, 19, (214, 222, 226)),
        ("0123456", "phone: kitchen", 22, 23, plum),
    )
    for day, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        x = left + day * wide
        draw.text((x + wide / 2, 150), name, INK, _font(28), "mm")
        for days, what, begins, ends, colour in blocks:
            if str(day) in days:
                box = (x + 6, top + (begins - 6) * high + 2, x + wide - 6, top + (ends - 6) * high - 2)
                draw.rounded_rectangle(box, 8, colour)
                draw.text(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), what, INK, _font(18), "mm")
    draw.text((70, 868), "No notebook for three weeks. That is part of it.", QUIET, _font(26), LEFT)
    return _written(plan, "PNG")


ESTIMATE = (
    ("Demolition and disposal", "1,450"),
    ("Joist, subfloor, waterproofing", "2,380"),
    ("Plumbing, new drain and valve (permit included)", "2,900"),
    ("Tiling, 19 square metres", "4,100"),
    ("Electrical, fan and two lights", "1,150"),
    ("Glass, one panel", "980"),
    ("Total", "12,960"),
)


def estimate() -> bytes:
    """The estimate as a PDF of one page: text in the one font that every reader has."""
    words = [(72, 760, 20, "Nowak Renovations"), (72, 730, 12, "Estimate: bathroom, tub to walk-in shower")]
    for line, (what, price) in enumerate(ESTIMATE):
        y = 680 - 26 * line
        words += [(72, y, 12, what), (470, y, 12, price)]
    words += [(72, 470, 11, "Twelve working days. Tiles and taps are chosen and paid by the owner.")]
    page = "\n".join(f"BT /F1 {size} Tf {x} {y} Td ({_quoted(text)}) Tj ET" for x, y, size, text in words)
    return _pdf(page.encode("ascii"))


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _pdf(page: bytes) -> bytes:
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, table)
    return bytes(out)


DRAWINGS: dict[str, Callable[[], bytes]] = {
    "colour-card.png": colour_card,
    "bathroom-plan.png": floor_plan,
    "hexagons.jpg": tiles,
    "the-week.png": week_plan,
    "estimate.pdf": estimate,
}
"""By the names they are sent under."""
