"""Detect the type of a file that is no picture by its content; its name only has to match.

Pictures are detected and re-encoded in pictures.py.

This is an allow-list: everything else is refused. Office documents are judged by their structure (office.py).
These files are served for download only.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from typing import NamedTuple

from wellchat.attachments import office, recordings, zip_checks
from wellchat.attachments.names import clean_name, extension_of, with_extension
from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, NotImplementedError, RuntimeError, ValueError),
)
SNIFF_LENGTH = 4096  # bytes at the beginning in which markup is searched


class Kind(NamedTuple):
    """An accepted type of file."""

    media_type: str
    extensions: tuple[str, ...]  # the first is added to a name without one
    label: str  # as in "what is in it is ..."


PDF = Kind("application/pdf", ("pdf",), N_("a PDF"))
TEXT = Kind("text/plain", ("txt", "md", "log"), N_("a text file"))
CSV = Kind("text/csv", ("csv",), N_("a CSV table"))
MP3 = Kind("audio/mpeg", ("mp3",), N_("an MP3 recording"))
M4A = Kind("audio/mp4", ("m4a", "mp4"), N_("an M4A recording"))
MP4 = Kind("video/mp4", ("mp4", "m4v", "mov"), N_("an MP4 video"))
OGG = Kind("audio/ogg", ("ogg", "opus", "oga"), N_("an Ogg recording"))
WEBM = Kind("audio/webm", ("webm", "weba"), N_("a WebM recording"))
DOCX = Kind(office.OFFICE + "wordprocessingml.document", ("docx",), N_("a Word document"))
XLSX = Kind(office.OFFICE + "spreadsheetml.sheet", ("xlsx",), N_("an Excel table"))
PPTX = Kind(office.OFFICE + "presentationml.presentation", ("pptx",), N_("a PowerPoint presentation"))
ODT = Kind(office.TEXT_DOCUMENT, ("odt",), N_("an OpenDocument text"))
KINDS = (PDF, TEXT, CSV, MP3, MP4, M4A, OGG, WEBM, DOCX, XLSX, PPTX, ODT)
PICTURE_EXTENSIONS = {"jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "heic", "heif"}

_MARKUP = (
    b"<!doctype",
    b"<html",
    b"<svg",
    b"<script",
    b"<?xml",
    b"<iframe",
    b"<body",
    b"<head",
    b"<?php",
)
_COMMENTS = re.compile(rb"^(?:\s*<!--.*?-->)+", re.DOTALL)
_MARKDOWN_CODE = re.compile(rb"(?P<fence>`+).*?(?P=fence)", re.DOTALL)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
STILL_BRANDS = HEIC_BRANDS | {b"avif", b"avis"}
# ISO 14496-12 and what is made from it: 3GPP, QuickTime, cameras.
_VIDEO_BRAND = re.compile(
    rb"iso[2-9a-cm]|mp4[12]|avc[1-4]|hvc1|3g[2eghprst][0-9a-z]|M4V[ HP]|qt  |dash|MSNV|XAVC"
)
MAX_BRANDS = 64
MP3_FRAMES = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2")
_ANY_TEXT = {"", *TEXT.extensions, *CSV.extensions}
ACCEPTED = N_(
    "Pictures, PDF, text, Word, Excel, PowerPoint and OpenDocument text files, audio and videos can"
)


def detect_type(content: bytes, name: str) -> tuple[Kind, str]:
    """Return (kind, name with a matching extension) of a file that is no picture. Raises Invalid."""
    name = clean_name(name)
    kind = _kind(content, extension_of(name))
    return kind, _checked_name(name, kind)


def _checked_name(name: str, kind: Kind) -> str:
    extension = extension_of(name)
    if extension in kind.extensions:
        return name
    known = next((each for each in KINDS if extension in each.extensions), None)
    if known or extension in PICTURE_EXTENSIONS:
        claimed = gettext(known.label if known else N_("a picture"))
        words = gettext(
            "The name “%(name)s” says that this is %(claimed)s, but it is %(found)s. Rename the file.",
            name=name,
            claimed=claimed,
            found=gettext(kind.label),
        )
        raise Invalid({"file": words})
    return with_extension(name or "file", kind.extensions[0], instead=False)


def _kind(content: bytes, extension: str) -> Kind:
    head = content[:16]
    found: Kind | None = None
    # Some programs put line ends, or a mark of UTF-8, before it.
    if content[:SNIFF_LENGTH].lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"%PDF-"):
        found = PDF
    elif head.startswith(b"PK\x03\x04"):
        return _office(content)
    elif head[4:8] == b"ftyp":
        found = _media(_brands(content), extension)
    elif recording := recordings.media_type_of(content):
        found = OGG if recording == OGG.media_type else WEBM
    elif head.startswith((b"ID3", *MP3_FRAMES)):
        found = MP3
    elif _is_text(content):
        _refuse_markup(content, extension)
        return CSV if extension in CSV.extensions else TEXT
    if found is None:
        raise Invalid(
            {
                "file": gettext(
                    "This kind of file cannot be sent. %(kinds)s.",
                    kinds=gettext(ACCEPTED),
                )
            }
        )
    # A ZIP can be appended to any file: one reader sees a PDF, another an archive (polyglot).
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise Invalid({"file": gettext("This is two files in one: an archive is hidden in it.")})
    return found


def _brands(content: bytes) -> list[bytes]:
    """Return the major brand of a file, and those that it is compatible with (ISO 14496-12, 4.3)."""
    end = min(int.from_bytes(content[:4], "big"), 16 + 4 * MAX_BRANDS, len(content))
    return [content[8:12], *(content[at : at + 4] for at in range(16, end - 3, 4))]


def _media(brands: list[bytes], extension: str) -> Kind | None:
    if brands[0] in STILL_BRANDS:
        raise cannot_be_shown()
    if brands[0] in (b"M4A ", b"M4B "):
        return M4A
    if not any(_VIDEO_BRAND.fullmatch(brand) for brand in brands):
        return None
    # Voice recorders of phones write audio in a video container.
    return M4A if extension == "m4a" else MP4


def cannot_be_shown() -> Invalid:
    """Return the refusal of a still picture in a container of recordings."""
    return Invalid(
        {
            "file": gettext(
                "Pictures in HEIC or AVIF cannot be shown everywhere. Send it as JPEG: on an iPhone, "
                "Settings, Camera, Formats, Most Compatible; or send a screenshot of it."
            )
        }
    )


def _office(content: bytes) -> Kind:
    """Return the kind of a docx, xlsx, pptx or odt.

    Raises Invalid for other archives, for archive bombs, and for documents with programs in them.
    """
    try:
        found = office.media_type(content)
    except DAMAGED:
        raise zip_checks.refuse(zip_checks.DAMAGED) from None
    return next(kind for kind in KINDS if kind.media_type == found)


def _is_text(content: bytes) -> bool:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = content.decode("utf-16")
        except UnicodeError:
            return False
        return not any(ord(char) < 32 and char.encode() in _CONTROLS for char in set(text))
    # Which letters bytes over 127 are, only the writer's program knows: Shift_JIS, cp1250, cp866.
    # Programs, archives and pictures have control characters, and nearly always NUL.
    return len(content.translate(None, _CONTROLS)) == len(content)


def _refuse_markup(content: bytes, extension: str) -> None:
    """Refuse what a browser could treat as a page, scripts, and unknown extensions."""
    # NUL bytes and byte order marks come off first, so that they cannot hide a tag.
    start = content[:SNIFF_LENGTH].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lower()
    # Markdown may begin with a comment, and speak of tags.
    start = _COMMENTS.sub(b"", start)
    spoken = _MARKDOWN_CODE.sub(b"", start) if extension == "md" else start
    if start.lstrip().startswith(_MARKUP) or any(
        tag in spoken for tag in (b"<svg", b"<html", b"<script", b"<?php")
    ):
        raise Invalid(
            {
                "file": gettext(
                    "Web pages and SVG pictures are not accepted, because they can contain programs."
                    " Send a PDF or a PNG."
                )
            }
        )
    if start.startswith((b"#!", b"@echo")):
        raise Invalid({"file": gettext("Programs are not accepted.")})
    if extension in PICTURE_EXTENSIONS or any(extension in each.extensions for each in KINDS):
        # A matching name, or a wrong one that _checked_name explains.
        return
    if extension not in _ANY_TEXT and not extension.isdigit():
        words = gettext(
            "“.%(ending)s” files cannot be sent. %(kinds)s.",
            ending=extension,
            kinds=gettext(ACCEPTED),
        )
        raise Invalid({"file": words})
