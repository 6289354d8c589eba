"""What a file is, decided by what is in it. What it calls itself only has to fit.

An allow-list: whatever is not known to be one of these kinds is refused. Nothing here is ever opened by us beyond its
table of contents, and all of it is served for download only.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from typing import NamedTuple

from wellchat.attachments.names import clean_name, ending_of, with_ending
from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext

MAX_UNPACKED = 300 * 1024 * 1024  # bytes that an office document may grow to where it is opened
MAX_RATIO = 200  # how much smaller packing may make it, on the whole
MAX_ENTRIES = 5_000
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, NotImplementedError, RuntimeError, ValueError),
)
LOOKED_AT = 4096  # bytes at the beginning that markup is looked for in


class Kind(NamedTuple):
    media_type: str
    endings: tuple[str, ...]  # the first is given to what has none
    words: str  # as in "what is in it is ..."


PDF = Kind("application/pdf", ("pdf",), N_("a PDF"))
TEXT = Kind("text/plain", ("txt", "md", "log"), N_("a text file"))
CSV = Kind("text/csv", ("csv",), N_("a CSV table"))
MP3 = Kind("audio/mpeg", ("mp3",), N_("an MP3 recording"))
M4A = Kind("audio/mp4", ("m4a", "mp4"), N_("an M4A recording"))
MP4 = Kind("video/mp4", ("mp4", "m4v", "mov"), N_("an MP4 video"))
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = Kind(OFFICE + "wordprocessingml.document", ("docx",), N_("a Word document"))
XLSX = Kind(OFFICE + "spreadsheetml.sheet", ("xlsx",), N_("an Excel table"))
PPTX = Kind(OFFICE + "presentationml.presentation", ("pptx",), N_("a PowerPoint presentation"))
ODT = Kind("application/vnd.oasis.opendocument.text", ("odt",), N_("an OpenDocument text"))
KINDS = (PDF, TEXT, CSV, MP3, MP4, M4A, DOCX, XLSX, PPTX, ODT)
PICTURE_ENDINGS = {"jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif"}

_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<script", b"<?xml", b"<iframe", b"<body", b"<head", b"<?php", b"<!--")
STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
VIDEO_BRANDS = {
    *(b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1"),
    *(b"M4V ", b"qt  ", b"dash", b"MSNV", b"3gp4", b"3gp5"),
}
MP3_FRAMES = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2")
_ANY_TEXT = {"", *TEXT.endings, *CSV.endings}
TAKEN = N_("JPEG, PNG, WebP and GIF pictures, PDF, text, CSV, docx, xlsx, pptx, odt, mp3, m4a and mp4")


def recognise(content: bytes, name: str) -> tuple[Kind, str]:
    """What a file that is no picture is, and its name with the right ending. Raises Invalid."""
    name = clean_name(name)
    kind = _kind(content, ending_of(name))
    return kind, _fitting(name, kind)


def _fitting(name: str, kind: Kind) -> str:
    ending = ending_of(name)
    if ending in kind.endings:
        return name
    known = next((each for each in KINDS if ending in each.endings), None)
    if known or ending in PICTURE_ENDINGS:
        claimed = gettext(known.words if known else N_("a picture"))
        words = gettext(
            "“%(name)s” is called %(claimed)s, but what is in it is %(found)s. Give it its own ending.",
            name=name,
            claimed=claimed,
            found=gettext(kind.words),
        )
        raise Invalid({"file": words})
    return with_ending(name or "file", kind.endings[0], instead=False)


def _kind(content: bytes, ending: str) -> Kind:
    head = content[:16]
    found: Kind | None = None
    if head.startswith(b"%PDF-"):
        found = PDF
    elif head.startswith(b"PK\x03\x04"):
        return _office(content)
    elif head[4:8] == b"ftyp":
        found = _media(head[8:12], ending)
    elif head.startswith((b"ID3", *MP3_FRAMES)):
        found = MP3
    elif _is_text(content):
        _refuse_markup(content, ending)
        return CSV if ending in CSV.endings else TEXT
    if found is None:
        raise Invalid(
            {
                "file": gettext(
                    "We cannot tell what kind of file this is, or it is not one we take: %(kinds)s.",
                    kinds=gettext(TAKEN),
                )
            }
        )
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise Invalid({"file": gettext("This is two files in one: an archive is hidden in it.")})
    return found


def _media(brand: bytes, ending: str) -> Kind | None:
    if brand in STILL_BRANDS:
        raise Invalid(
            {
                "file": gettext(
                    "Pictures in HEIC or AVIF cannot be shown everywhere. Send it as JPEG: on an iPhone, "
                    "Settings, Camera, Formats, Most Compatible; or send a screenshot of it."
                )
            }
        )
    if brand in (b"M4A ", b"M4B "):
        return M4A
    if brand not in VIDEO_BRANDS:
        return None
    return M4A if ending == "m4a" else MP4  # recorders of phones call their sound a video


def _office(content: bytes) -> Kind:
    """A docx, xlsx, pptx or odt; any other archive is refused, and so is one that would not end when it is opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _refuse_bombs(entries, len(content))
            names = {entry.filename for entry in entries}
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise Invalid(
                    {"file": gettext("It holds macros, which are programs. Save it without them, or as a PDF.")}
                )
            if any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names):
                raise Invalid({"file": gettext("It holds names that lead out of it. Save it again, or as a PDF.")})
            if "[Content_Types].xml" in names:
                for part, kind in _PARTS.items():
                    if part in names:
                        return kind
            if entries and entries[0].filename == "mimetype" and entries[0].file_size < 100:
                declared = archive.read(entries[0]).decode("ascii", "replace").strip()
                if declared == ODT.media_type:
                    return ODT
    except DAMAGED:
        raise Invalid({"file": gettext("This archive is damaged.")}) from None
    raise Invalid({"file": gettext("Archives are not taken. Send the files that are in it.")})


def _refuse_bombs(entries: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > size * MAX_RATIO:
        raise Invalid({"file": gettext("It would grow too large when it is opened. Save it as a PDF.")})


def _is_text(content: bytes) -> bool:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = content.decode("utf-16")
        except UnicodeError:
            return False
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeError:
            text = content.decode("cp1252", "replace")
            if "\ufffd" in text:
                return False
    return not any(ord(c) < 32 and c not in "\t\n\r\f\x1b" for c in set(text))


def _refuse_markup(content: bytes, ending: str) -> None:
    """What a browser could take for a page, by its beginning; or a program, by its name."""
    start = content[:LOOKED_AT].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lower()
    if start.lstrip().startswith(_MARKUP) or any(mark in start for mark in (b"<svg", b"<html", b"<script", b"<?php")):
        raise Invalid(
            {"file": gettext("Web pages and SVG pictures are not taken: they can hold programs. Send a PDF or a PNG.")}
        )
    if start.startswith((b"#!", b"@echo")):
        raise Invalid({"file": gettext("Programs are not taken.")})
    if ending in PICTURE_ENDINGS or any(ending in each.endings for each in KINDS):
        return  # names that fit, or lies that are told as such
    if ending not in _ANY_TEXT and not ending.isdigit():
        words = gettext("“.%(ending)s” files are not taken. We take %(kinds)s.", ending=ending, kinds=gettext(TAKEN))
        raise Invalid({"file": words})
