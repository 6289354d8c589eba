"""Pictures look in a conversation as the browser shows what was uploaded."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from statistics import mean
from typing import Any

import pytest
from PIL import Image

from tests.attachments.profiles import of_colours, of_grey
from wellchat.accounts.pictures import square
from wellchat.attachments import pictures

MIDDLE_ROW = """async (addresses) => {
  const painted = [];
  for (const src of addresses) {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    painted.push([...context.getImageData(0, image.height / 2, image.width, 1).data]);
  }
  return painted;
}"""


def saved(image: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def ramp(mode: str, values: int = 256) -> Image.Image:
    image = Image.new(mode, (64, 64))
    image.putdata([(at % 64) * values // 64 for at in range(64 * 64)])
    return image


def flat(mode: str, colour: Any) -> Image.Image:
    return Image.new(mode, (64, 64), colour)


def with_gamma(png: bytes, gamma: int) -> bytes:
    """Return the PNG with a gAMA chunk behind its head, in hundred-thousandths."""
    chunk = b"gAMA" + struct.pack(">I", gamma)
    return png[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]


def palette() -> Image.Image:
    return flat("RGB", (200, 60, 20)).quantize(4)


CASES = {
    "grey of 16 bits": saved(ramp("I;16", 65_536)),
    "grey of 16 bits, one of it clear": saved(ramp("I;16", 65_536), transparency=32_768),
    "grey with a profile": saved(ramp("L"), icc_profile=of_grey()),
    "grey of 16 bits with a profile": saved(ramp("I;16", 65_536), icc_profile=of_grey()),
    "grey with a profile of colours": saved(ramp("L"), icc_profile=of_colours()),
    "transparent grey with a profile": saved(flat("LA", (90, 128)), icc_profile=of_grey()),
    "colours with a profile": saved(flat("RGB", (200, 60, 20)), icc_profile=of_colours()),
    "a palette with a profile": saved(palette(), icc_profile=of_colours()),
    "a palette with a profile, partly clear": saved(
        palette(), icc_profile=of_colours(), transparency=b"\x80"
    ),
    "transparent with a profile": saved(flat("RGBA", (200, 60, 20, 128)), icc_profile=of_colours()),
    "a JPEG of grey with a profile": saved(flat("L", 90), "JPEG", icc_profile=of_grey()),
    "a WebP with a profile": saved(
        flat("RGB", (200, 60, 20)), "WEBP", lossless=True, icc_profile=of_colours()
    ),
    "a PNG with a gamma": with_gamma(saved(ramp("L")), 100_000),
    "one bit": saved(ramp("L").convert("1", dither=Image.Dither.NONE)),
}


@pytest.fixture(scope="module")
def paint(chromium: Any) -> Any:
    page = chromium.new_page()
    yield lambda *files: page.evaluate(
        MIDDLE_ROW, [f"data:;base64,{base64.b64encode(each).decode()}" for each in files]
    )
    page.close()


@pytest.mark.parametrize("given", CASES.values(), ids=CASES.keys())
def test_a_picture_is_painted_as_it_was_given(paint, given):
    kept = pictures.rewrite(given, "a").content
    was, now, small, face = paint(given, kept, pictures.thumbnail(kept), square(given))
    assert max(abs(a - b) for a, b in zip(was, now, strict=True)) <= 6
    # A thumbnail is packed with a loss.
    assert mean(abs(a - b) for a, b in zip(was, small, strict=True)) <= 6
    # Of a person it is the same, four times as large, on white.
    far = []
    for x in range(64):
        pixel, shown = was[x * 4 :][:4], face[(x * 4 + 2) * 4 :][:3]
        far += [abs(part - 255 - (pixel[i] - 255) * pixel[3] / 255) for i, part in enumerate(shown)]
    assert mean(far) <= 6
