"""What a file is, decided by what is in it; and what is refused, with a reason a person understands."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.attachments import files
from wellchat.attachments import file_types, pictures
from wellchat.attachments.names import clean_name
from wellchat.errors import Invalid

OFFICE = "application/vnd.openxmlformats-officedocument."
ENCODED = [
    *(("shift_jis", "予約は３時です。"), ("cp1250", "Žluťoučký kůň"), ("cp866", "Привет, как дела?")),
    *(("cp1256", "مرحبا، موعدي غدا"), ("gb18030", "预约在三点"), ("euc_kr", "예약은 세 시입니다")),
]
# The major brand, and those that it is compatible with.
BRANDS = [
    *(("3gp6", "isom", "3gp6"), ("iso8", "iso8", "mp41"), ("XAVC", "mp42", "iso2"), ("niko", "mp42")),
    *(("3g2a", "3g2a"), ("abcd", "iso6", "hvc1")),
]
TAKEN = [
    ("plan.pdf", files.PDF, "application/pdf", "plan.pdf"),
    ("plan", files.PDF, "application/pdf", "plan.pdf"),
    ("Plan.PDF", files.PDF, "application/pdf", "Plan.PDF"),
    ("plan.v2", files.PDF, "application/pdf", "plan.v2.pdf"),
    ("notes.txt", b"hello", "text/plain", "notes.txt"),
    ("notes", "grüße 👋".encode(), "text/plain", "notes.txt"),
    ("old.txt", "grüße".encode("cp1252"), "text/plain", "old.txt"),
    ("wide.txt", "grüße".encode("utf-16"), "text/plain", "wide.txt"),
    ("readme.md", b"# hello\n<b>", "text/plain", "readme.md"),
    ("prices.csv", b"a;b\n1;2\n", "text/csv", "prices.csv"),
    ("song.mp3", files.MP3, "audio/mpeg", "song.mp3"),
    ("bare.mp3", b"\xff\xfb\x90\x64" * 30, "audio/mpeg", "bare.mp3"),
    ("memo.m4a", files.M4A, "audio/mp4", "memo.m4a"),
    ("recorded.m4a", files.MP4, "audio/mp4", "recorded.m4a"),
    ("sound.mp4", files.M4A, "audio/mp4", "sound.mp4"),
    ("clip.mov", files.MP4, "video/mp4", "clip.mov"),
    ("clip.mp4", files.MP4, "video/mp4", "clip.mp4"),
    ("late.pdf", b"\r\n" + files.PDF, "application/pdf", "late.pdf"),
    ("marked.pdf", b"\xef\xbb\xbf" + files.PDF, "application/pdf", "marked.pdf"),
    *((f"{brands[0]}.mp4", files.video(*brands), "video/mp4", f"{brands[0]}.mp4") for brands in BRANDS),
    *((f"{code}.txt", words.encode(code), "text/plain", f"{code}.txt") for code, words in ENCODED),
    ("old_printer.txt", b"page one\x0bpage two\x1a", "text/plain", "old_printer.txt"),
    ("readme.md", b"<!-- badges -->\n# hello\nAdd `<script>` to the page.", "text/plain", "readme.md"),
    ("a.docx", files.office(), OFFICE + "wordprocessingml.document", "a.docx"),
    ("a.xlsx", files.office("xl/workbook.xml"), OFFICE + "spreadsheetml.sheet", "a.xlsx"),
    ("a.pptx", files.office("ppt/presentation.xml"), OFFICE + "presentationml.presentation", "a.pptx"),
    ("a.odt", files.odt(), "application/vnd.oasis.opendocument.text", "a.odt"),
]


@pytest.mark.parametrize(("name", "content", "media_type", "kept_as"), TAKEN, ids=[each[0] for each in TAKEN])
def test_accepted_documents_get_their_type_and_name(name, content, media_type, kept_as):
    kind, called = file_types.detect_type(content, name)
    assert (kind.media_type, called) == (media_type, kept_as)


BOMB = files.archive("[Content_Types].xml", "word/document.xml", content=b"\0" * 5_000_000)
PLAIN = (
    r"^This kind of file cannot be sent\. Pictures, PDF, text, Word, Excel, PowerPoint and OpenDocument text"
    r" files, audio and videos can\.$"
)
REFUSED = [
    ("svg", "a.svg", files.SVG, "Web pages and SVG"),
    ("svg as text", "a.txt", files.SVG, "Web pages and SVG"),
    (
        "svg behind a declaration",
        "a.txt",
        b"\xef\xbb\xbf <?xml version='1.0'?>" + files.SVG,
        "Web pages and SVG",
    ),
    ("svg behind a comment", "a.txt", b"   <!-- x -->" + files.SVG, "Web pages and SVG"),
    ("svg behind comments", "a.md", b"<!-- a --><!-- b -->" + files.SVG, "Web pages and SVG"),
    ("html behind code", "a.md", b"`x`\n" + files.HTML, "Web pages and SVG"),
    ("an unknown recording", "a.mp4", files.video("abcd", "efgh"), PLAIN),
    ("a heic that is compatible", "a.mp4", files.video("heic", "mif1", "isom"), "Send it as JPEG"),
    ("html", "a.html", files.HTML, "Web pages and SVG"),
    ("html as csv", "a.csv", files.HTML, "Web pages and SVG"),
    ("html in utf-16", "a.txt", files.HTML.decode().encode("utf-16"), "Web pages and SVG"),
    ("html behind words", "a.txt", b"hello\n" + files.HTML, "Web pages and SVG"),
    ("a shell script", "a.txt", b"#!/bin/sh\nrm -rf /\n", "Programs"),
    ("javascript by name", "a.js", b"alert(1)", "“.js” files"),
    ("a batch file by name", "a.bat", b"dir", "“.bat” files"),
    ("a program", "setup.exe", b"MZ\x90\x00" + b"\x00" * 60, PLAIN),
    ("a program as pdf", "plan.pdf", b"MZ\x90\x00" + b"\x00" * 60, PLAIN),
    ("a program of unix", "run", b"\x7fELF" + b"\x00" * 60, PLAIN),
    ("heic", "IMG_1.heic", files.HEIC, "Send it as JPEG"),
    ("heic as jpeg", "IMG_1.jpg", files.HEIC, "Send it as JPEG"),
    ("text as pdf", "plan.pdf", b"just words", "says that this is a PDF, but it is a text file"),
    ("pdf as picture", "me.jpg", files.PDF, "says that this is a picture, but it is a PDF"),
    ("pdf as word", "a.docx", files.PDF, "says that this is a Word document, but it is a PDF"),
    ("zip", "a.zip", files.archive("a.txt"), "Archives are not accepted"),
    ("zip as word", "a.docx", files.archive("a.txt"), "Archives are not accepted"),
    ("a broken zip", "a.docx", files.office()[:-30], "damaged"),
    ("a zip that is packed in another way, and broken", "a.odt", files.broken_lzma(), "damaged"),
    ("macros", "a.docx", files.office("word/document.xml", "word/vbaProject.bin"), "macros"),
    ("a bomb", "a.docx", BOMB, "too large when unpacked"),
    (
        "too many parts",
        "a.docx",
        files.office("word/document.xml", *(f"w/{i}" for i in range(5001))),
        "too large when unpacked",
    ),
    (
        "names that lead out",
        "a.docx",
        files.office("word/document.xml", "../../etc/passwd"),
        "unsafe file paths",
    ),
    ("pdf and zip in one", "a.pdf", files.PDF + files.archive("a.txt"), "two files in one"),
    ("mp4 and zip in one", "a.mp4", files.MP4 + files.archive("a.txt"), "two files in one"),
    ("nothing but nuls", "a.txt", b"\x00" * 50, PLAIN),
]


@pytest.mark.parametrize(
    ("name", "content", "why"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_refused_files_get_a_reason(name, content, why):
    with pytest.raises(Invalid, match=why) as refusal:
        file_types.detect_type(content, name)
    assert list(refusal.value.errors) == ["file"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("/absolute/plan.pdf", "plan.pdf"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "a b Set-Cookie x.pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ('a"b<c>|?*.pdf', "a b c .pdf"),
        ("...", ""),
        (".htaccess", "htaccess"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("résumé 👋.pdf", "résumé 👋.pdf"),
        ("re\u0301sume\u0301.pdf", "résumé.pdf"),
        ("lone \ud800.pdf", "lone .pdf"),
        ("👨\u200d👩\u200d👧.jpg", "👨\u200d👩\u200d👧.jpg"),
        ("ශ\u0dca\u200dරී.pdf", "ශ\u0dca\u200dරී.pdf"),
        ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"),
        ("a\u200db\u200c.pdf", "a b .pdf"),
        ("x" * 94 + "👨\u200d👩\u200d👧.pdf", "x" * 94 + ".pdf"),
    ],
)
def test_file_names_are_cleaned(given, kept):
    assert clean_name(given) == kept


# Pictures


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "mode", "name", "media_type", "kept_as"),
    [
        ("JPEG", "RGB", "a.jpg", "image/jpeg", "a.jpg"),
        ("JPEG", "RGB", "a.JPEG", "image/jpeg", "a.JPEG"),
        ("JPEG", "CMYK", "a.jpg", "image/jpeg", "a.jpg"),
        ("JPEG", "L", "a", "image/jpeg", "a.jpg"),
        ("PNG", "RGBA", "a.png", "image/png", "a.png"),
        ("PNG", "P", "a.jpg", "image/png", "a.png"),
        ("PNG", "I;16", "a.png", "image/png", "a.png"),
        ("WEBP", "RGBA", "a.webp", "image/webp", "a.webp"),
        ("GIF", "P", "a.gif", "image/png", "a.png"),
        ("PNG", "RGB", "", "image/png", "picture.png"),
        ("PNG", "RGB", "shot.2026", "image/png", "shot.2026.png"),
    ],
)
def test_every_picture_format_is_reencoded(form, mode, name, media_type, kept_as):
    color = (
        1
        if mode in ("P", "I;16", "L")
        else (200, 30, 30, 255)[: len(mode)]
        if mode != "CMYK"
        else (0, 200, 200, 0)
    )
    content = files.picture(form, mode=mode, color=color)
    assert pictures.looks_like_picture(content)
    made = pictures.rewrite(content, name)
    assert (made.media_type, made.name, made.width, made.height) == (media_type, kept_as, 60, 40)
    assert opened(made.content).size == (60, 40)


def test_a_phone_photo_with_several_pictures_becomes_its_first():
    made = pictures.rewrite(files.of_a_phone(), "a.jpg")
    assert (made.media_type, made.name, made.width, made.height) == ("image/jpeg", "a.jpg", 60, 40)
    red, _, blue = opened(made.content).convert("RGB").getpixel((30, 20))
    assert red > 200 > blue


def test_a_lack_of_memory_is_not_reported_as_a_bad_picture(monkeypatch):
    def full(*_args, **_named):
        raise MemoryError

    monkeypatch.setattr(pictures, "_reencode", full)
    with pytest.raises(MemoryError):
        pictures.rewrite(files.picture(), "a.jpg")


def test_a_photo_is_upright_and_has_no_position():
    content = files.photo_with_place()
    assert b"SecretPhone" in content
    made = pictures.rewrite(content, "a.jpg")
    assert (made.width, made.height) == (40, 80)
    image = opened(made.content)
    assert dict(image.getexif()) == {}
    for secret in (b"SecretPhone", b"Exif", b"secret comment", b"ICC_PROFILE"):
        assert secret not in made.content


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_data_hidden_in_a_picture_is_removed(form):
    hidden = b"<script>alert(1)</script><?php system($_GET[0]); ?>" + files.archive("evil.txt")
    made = pictures.rewrite(
        files.picture(form, mode="P" if form == "GIF" else "RGB", color=1) + hidden, "a.jpg"
    )
    for secret in (b"<script", b"<?php", b"evil.txt", b"PK\x03\x04"):
        assert secret not in made.content


def test_an_animated_gif_stays_animated():
    made = pictures.rewrite(files.moving(3), "a.gif")
    image = opened(made.content)
    assert (made.media_type, image.n_frames, image.info["duration"]) == ("image/gif", 3, 80)


def test_a_gif_with_too_many_pixels_becomes_its_first_frame(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_ANIMATED_PIXELS", 30 * 20 * 3 - 1)
    made = pictures.rewrite(files.moving(3), "a.gif")
    assert (made.media_type, made.name) == ("image/png", "a.png")
    assert getattr(opened(made.content), "n_frames", 1) == 1


def timed(form, durations, **more):
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=durations, **more)
    return out.getvalue()


@pytest.mark.parametrize("rounds", [0, 3, None])
@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_moving_pictures_keep_their_pace_and_their_rounds(form, rounds):
    given = timed(form, [20, 80, 1500], **({} if rounds is None else {"loop": rounds}))
    made = pictures.rewrite(given, f"a.{pictures.EXTENSIONS[form]}")
    shown = []
    for picture in (opened(given), opened(made.content)):
        pace = []
        for at in range(picture.n_frames):
            picture.seek(at)
            picture.load()
            pace.append(picture.info["duration"])
        shown.append((pace, picture.info.get("loop")))
    assert shown[0] == shown[1]
    assert shown[1][0] == [20, 80, 1500]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_a_frame_without_a_time_gets_that_of_browsers(form):
    image = opened(pictures.rewrite(timed(form, [10, 200, 200]), "a").content)
    assert image.info["duration"] == 100


def test_a_moving_png_leaves_out_the_picture_for_others():
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("white", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, default_image=True, append_images=frames[1:], duration=80)
    image = opened(pictures.rewrite(out.getvalue(), "a.png").content)
    assert image.n_frames == 2
    assert image.convert("RGB").getpixel((5, 5)) == (0, 128, 0)


def test_the_middle_of_a_ramp_of_16_bits_is_grey():
    ramp = Image.new("I;16", (3, 1))
    ramp.putdata([0, 32_896, 65_535])
    out = io.BytesIO()
    ramp.save(out, "PNG")
    image = opened(pictures.rewrite(out.getvalue(), "a.png").content).convert("L")
    assert [image.getpixel((x, 0)) for x in range(3)] == [0, 128, 255]


def test_a_heic_becomes_a_jpeg_for_everybody():
    heif = pytest.importorskip("pillow_heif")
    pictures_of_phone = heif.from_pillow(Image.new("RGB", (64, 48), (200, 30, 30)))
    out = io.BytesIO()
    pictures_of_phone.save(out, format="HEIF")
    assert pictures.looks_like_picture(out.getvalue())
    made = pictures.rewrite(out.getvalue(), "IMG_1.HEIC")
    assert (made.media_type, made.name, made.width, made.height) == ("image/jpeg", "IMG_1.jpg", 64, 48)
    red, green, _ = opened(made.content).getpixel((30, 20))
    assert red > 180 > 60 > green


def test_large_pictures_are_scaled_down():
    made = pictures.rewrite(files.picture("PNG", size=(5000, 1000)), "a.png")
    assert (made.width, made.height) == (4096, 819)


def test_transparent_pictures_stay_transparent():
    made = pictures.rewrite(files.picture("PNG", mode="RGBA", color=(0, 0, 0, 0)), "a.png")
    assert opened(made.content).getpixel((5, 5))[3] == 0
    assert opened(pictures.thumbnail(made.content)).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (files.huge_png(), "a.png", "too many pixels"),
        (files.huge_png(8_000), "a.png", "too many pixels"),
        (files.picture()[:200], "a.jpg", "damaged"),
        (b"\xff\xd8\xff" + b"x" * 500, "a.jpg", "damaged"),
        (b"GIF89a" + b"\x00" * 50, "a.gif", "damaged"),
        (files.growing_gif(), "a.gif", "damaged"),
        (files.long_webp(65_536), "a.webp", "too long. At most 65535 pixels"),
        *((content, "a", "damaged") for content in files.DAMAGED.values()),
        (files.picture("PNG"), "plan.pdf", "says that this is a PDF, but it is a picture"),
    ],
)
def test_damaged_and_oversized_pictures_are_refused(content, name, why):
    with pytest.raises(Invalid, match=why):
        pictures.rewrite(content, name)


def test_a_thumbnail_is_small_and_not_animated():
    image = opened(pictures.thumbnail(pictures.rewrite(files.moving(3, (1200, 300)), "a.gif").content))
    assert (image.format, image.size, getattr(image, "n_frames", 1)) == ("WEBP", (640, 160), 1)
