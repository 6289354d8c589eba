"""Pictures: from whatever was uploaded to a small square of pixels, or a clear no."""

from __future__ import annotations

import io
import resource
import struct
import time
import zlib

import pytest
from PIL import Image

from tests.accounts.conftest import again
from tests.attachments.files import DAMAGED, long_webp, of_a_phone
from wellchat.accounts.pictures import MAX_BYTES, square
from wellchat.errors import Invalid

SCRIPT = b"<script>alert(1)</script><?php system($_GET[0]); ?>"


def picture(form="PNG", size=(300, 200), mode="RGB", color="red", **more):
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, form, **more)
    return out.getvalue()


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


KINDS = {
    "PNG": ["RGB", "RGBA", "P", "L", "1", "LA", "I;16"],
    "JPEG": ["RGB", "L", "CMYK"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["P"],
}


@pytest.mark.parametrize(("form", "mode"), [(form, mode) for form, modes in KINDS.items() for mode in modes])
def test_every_format_becomes_a_square(form, mode):
    image = opened(square(picture(form, mode=mode, color=1 if mode in ("P", "1", "I;16", "L") else "red")))
    assert (image.format, image.size) == ("WEBP", (256, 256))


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3000, 2000)])
def test_every_shape_becomes_a_square(size):
    assert opened(square(picture(size=size))).size == (256, 256)


def test_a_phone_photo_with_several_pictures_becomes_a_square():
    assert opened(square(of_a_phone())).size == (256, 256)


def test_an_animation_becomes_its_first_frame():
    frames = [Image.new("RGB", (50, 50), color) for color in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    image = opened(square(out.getvalue()))
    assert getattr(image, "n_frames", 1) == 1
    red, _, blue = image.convert("RGB").getpixel((128, 128))
    assert red > 200 > blue


def test_a_picture_is_upright_and_has_no_position():
    left_red = Image.new("RGB", (200, 200), "blue")
    left_red.paste("red", (0, 0, 100, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it upright: left becomes top
    exif[0x010E] = "taken at home"
    out = io.BytesIO()
    left_red.save(out, "JPEG", exif=exif, comment=b"secret comment", icc_profile=b"profile" * 20)
    image = opened(square(out.getvalue()))
    assert image.convert("RGB").getpixel((128, 40))[0] > 200
    assert image.convert("RGB").getpixel((128, 220))[2] > 200
    assert not image.getexif()
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width, height, *chunks):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


BOMBS = {
    "huge header": png_of(50_000, 50_000, chunk(b"IDAT", zlib.compress(bytes(100_000)))),
    "just over": png_of(8_001, 5_000, chunk(b"IDAT", zlib.compress(bytes(8_001 * 3 + 1)) * 2)),
    "no area": png_of(0, 0, chunk(b"IDAT", b"")),
    "text chunk": png_of(9, 9, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))),
    "two billion": png_of(2**31 - 1, 2**31 - 1),
    "gif screen": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x00\x00\x00;",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_fast_and_small(name):
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    with pytest.raises(Invalid) as refusal:
        square(BOMBS[name])
    assert set(refusal.value.errors) == {"picture"}
    assert time.thread_time() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


NOT_PICTURES = {
    "nothing": b"",
    "text": b"hello",
    "html": b"<!doctype html>" + SCRIPT,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "pdf": b"%PDF-1.7\n" + SCRIPT,
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "cut short": picture("JPEG")[:200],
    "only a signature": b"\x89PNG\r\n\x1a\n",
    "gif and script": b"GIF89a/*" + SCRIPT,
    "tiff": picture("TIFF"),
    "bmp": picture("BMP"),
    "ico": picture("ICO", size=(32, 32)),
    "exif of the wrong kind": DAMAGED["exif of the wrong kind"],
    "too long": long_webp(65_536),
    "too many bytes": b"\xff\xd8" + b"x" * MAX_BYTES,
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_a_file_that_is_no_picture_is_refused(name):
    with pytest.raises(Invalid) as refusal:
        square(NOT_PICTURES[name])
    assert set(refusal.value.errors) == {"picture"}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_data_appended_to_a_picture_is_removed(form):
    assert b"script" not in square(picture(form) + SCRIPT)


def upload(browser, data, name="me.png", kind="image/png"):
    return browser.post("/settings/avatar", data={"picture": (io.BytesIO(data), name, kind)})


def test_an_uploaded_picture_is_shown_to_a_connection(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    answer = upload(cara, picture() + SCRIPT, name="../../x.html", kind="text/html")
    assert answer.headers["Location"] == "/settings#picture"
    address = again(cast.cara).avatar_url
    assert address in cara.get("/settings").text

    shown = visitor().signed_in_as(cast.paul).get(address)
    assert shown.content_type == "image/webp"
    assert shown.headers["Cache-Control"] == "private, no-cache"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert opened(shown.data).size == (256, 256)
    stale = visitor().signed_in_as(cast.paul).get(address.partition("?")[0])
    assert stale.headers["Cache-Control"] == "private, no-cache"

    for outsider in (cast.olga, cast.rita):
        there = visitor().signed_in_as(outsider).get(address)
        absent = visitor().signed_in_as(outsider).get("/people/nobody/avatar")
        assert (there.status_code, absent.status_code) == (404, 404)
    assert visitor().get(address).status_code == 302

    assert cara.post("/settings/avatar/remove").status_code == 303
    assert again(cast.cara).avatar_url is None
    assert cara.get(address).status_code == 404


@pytest.mark.slow
def test_a_large_picture_is_accepted_and_a_larger_one_refused(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    noise = Image.effect_noise((1200, 1200), 100)
    out = io.BytesIO()
    noise.save(out, "PNG")
    assert len(out.getvalue()) > 1024 * 1024
    assert upload(cara, out.getvalue()).status_code == 303
    assert upload(cara, bytes(MAX_BYTES + 1)).status_code == 422
    assert upload(cara, bytes(MAX_BYTES * 2)).status_code == 413


@pytest.mark.parametrize("name", ["nothing", "svg", "text", "exif of the wrong kind"])
def test_a_refusal_says_why_beside_the_field(app, cast, visitor, name):
    cara = visitor().signed_in_as(cast.cara)
    answer = upload(cara, NOT_PICTURES[name])
    assert answer.status_code == 422
    assert 'id="picture-error"' in answer.text
    assert again(cast.cara).avatar_version is None


def test_an_upload_without_a_file_is_refused(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    assert cara.post("/settings/avatar", data={"picture": "not a file"}).status_code == 422
    assert cara.post("/settings/avatar", data={}).status_code == 422
