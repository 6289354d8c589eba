"""Files as people have them, and as people who mean harm make them."""

from __future__ import annotations

import base64
import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from wellchat.attachments.actions import accept_upload
from wellchat.attachments.models import Attachment
from wellchat.db import db
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Message

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + b"\x00" * 64
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00isommp42" + b"\x00" * 64
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


def video(major: str, *compatible: str) -> bytes:
    """The first box of a recording, with its brands, and some of the next."""
    box = b"ftyp" + major.encode() + bytes(4) + "".join(compatible).encode()
    return struct.pack(">I", len(box) + 4) + box + bytes(64)


def picture(
    form: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", color: Any = "red", **more: Any
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, form, **more)
    return out.getvalue()


def moving(frames: int = 3, size: tuple[int, int] = (30, 20), form: str = "GIF") -> bytes:
    out = io.BytesIO()
    colors = itertools.cycle(("red", "green", "blue"))
    each = [Image.new("RGB", size, next(colors)) for _ in range(frames)]
    each[0].save(out, form, save_all=True, append_images=each[1:], duration=80, loop=0)
    return out.getvalue()


def photo_with_place(orientation: int = 6) -> bytes:
    """As a phone makes them: lying on its side, with where and by what it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return picture("JPEG", (80, 40), exif=exif.tobytes(), comment=b"secret comment")


def of_a_phone(size: tuple[int, int] = (60, 40)) -> bytes:
    """A JPEG with a second picture behind the first (MPO), as phones make them for depth and brightness."""
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", size, "blue")]
    )
    return out.getvalue()


def growing_gif(side: int = 3000) -> bytes:
    """One pixel whose second frame reaches far beyond it."""
    small, large = (picture("GIF", (each, each), "P", 0) for each in (1, side))
    return small[:-1] + b"!\xf9\x04\0\5\0\0\0" + large[large.index(b",") :]


def long_webp(width: int) -> bytes:
    """Two moving pixels on a canvas that says it is so wide: some two hundred bytes."""
    content = bytearray(moving(2, (2, 1), "WEBP"))
    content[24:30] = (width - 1).to_bytes(3, "little") + bytes(3)
    return bytes(content)


# What Pillow raises for these is none of the errors it speaks of.
DAMAGED = {
    "no such code": base64.b64decode(
        "R0lGODdhAQABAIEAAHl5eQAAAAAAAAAAACwAAAAAAQABAAAIBAABBAAAAAAAAAAAACwAAAAEADs="
    ),
    "a block cut short": base64.b64decode(
        "R0lGODlhAwACAIIAADk5GT4+PmFhYWVlZaGhoba2tgAAAAAAACH5BAAFAAAALAAAAAADAAIAAAgJAAkEGACggICAACH5BAEFAA=="
    ),
    "exif of the wrong kind": base64.b64decode(
        "UklGRsIAAABXRUJQVlA4WAoAAAAIAAAAAAAAAAAAVlA4IC4AAAAQAgCdASoBAAEAAUAmJaACdLoB+AH4AAPIAP7cUf/0mjVPx9pb/69E"
        "HiDfnZAARVhJRm4AAABNTQAqAAAACAADAQ4AAgAAAAYAAAAyARIAAwAAAAEAAgAAiCUABAAAAAEAAAA4AAAAAGhlbGxvAAACAAAAAgAAAA"
        "JOAAAAAAIABQAAAAMAAABWAAAAAAAAAAEAAAABAAAAAgAAAAEAAAADAAAAAQ=="
    ),
}


def huge_png(side: int = 20_000) -> bytes:
    """A few bytes that say they are 400 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def archive(*names: str, content: bytes = b"<x/>", first: tuple[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        if first:
            made.writestr(zipfile.ZipInfo(first[0]), first[1])
        for name in names:
            made.writestr(name, content)
    return out.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument."
MAIN_TYPES = {
    "word/document.xml": "wordprocessingml.document",
    "xl/workbook.xml": "spreadsheetml.sheet",
    "ppt/presentation.xml": "presentationml.presentation",
}
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
ODF = "urn:oasis:names:tc:opendocument:xmlns:"
ODT_TYPE = b"application/vnd.oasis.opendocument.text"


def content_types(overrides: Mapping[str, str], defaults: Mapping[str, str] | None = None) -> bytes:
    given = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml"}
    lines = [
        f'<Default Extension="{ending}" ContentType="{kind}"/>'
        for ending, kind in {**given, **(defaults or {})}.items()
    ]
    lines += [f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in overrides.items()]
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0"?><Types xmlns="{space}">{"".join(lines)}</Types>'.encode()


def relations(*each: tuple[str, str, str]) -> bytes:
    """(type, target, mode) of each."""
    lines = [
        f'<Relationship Id="r{i}" Type="{kind if ":" in kind else RELATIONS + kind}" Target="{target}"'
        + (f' TargetMode="{mode}"/>' if mode else "/>")
        for i, (kind, target, mode) in enumerate(each)
    ]
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{"".join(lines)}</Relationships>'.encode()


def office(
    part: str = "word/document.xml",
    *more: str,
    content: bytes = b"<x/>",
    types: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    links: Sequence[tuple[str, str, str]] = (),
    parts: Mapping[str, bytes] | None = None,
) -> bytes:
    """A package with a main part. `links`: relationships of the main part. `parts`: further parts."""
    overrides = {part: f"{OFFICE}{MAIN_TYPES[part]}.main+xml"} if part in MAIN_TYPES else {}
    folder, _, name = part.rpartition("/")
    return bundle(
        {
            "[Content_Types].xml": content_types({**overrides, **(types or {})}, defaults),
            "_rels/.rels": relations(("officeDocument", part, "")),
            part: content,
            f"{folder}/_rels/{name}.rels": relations(*links),
            **dict.fromkeys(more, content),
            **(parts or {}),
        }
    )


def odt(
    content: bytes = b"<x/>",
    entries: Sequence[tuple[str, str]] = (),
    parts: Mapping[str, bytes] | None = None,
) -> bytes:
    """`entries`: (path, media type) of further parts in the manifest."""
    listed = "".join(
        f'<m:file-entry m:full-path="{path}" m:media-type="{kind}"/>'
        for path, kind in (("/", ODT_TYPE.decode()), *entries)
    )
    manifest = f'<m:manifest xmlns:m="{ODF}manifest:1.0">{listed}</m:manifest>'
    return bundle(
        {
            "mimetype": ODT_TYPE,
            "content.xml": content,
            "META-INF/manifest.xml": manifest.encode(),
            **(parts or {}),
        }
    )


def bundle(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            made.writestr(name, content, compress_type=kind)
    return out.getvalue()


_keys = itertools.count()


def take(owner: Any, now: Any, content: bytes | None = None, name: str = "beach.jpg") -> Attachment:
    return accept_upload(owner=owner, name=name, content=picture() if content is None else content, now=now)


def send(talk: Any, sender: Any, files: list[Attachment], body: str = "", key: str | None = None) -> Message:
    message, _ = send_message(
        sender=sender,
        thread_id=talk.id,
        body=body,
        client_key=key or f"files-{next(_keys)}",
        attachments=[file.id for file in files],
        now=talk.now,
    )
    return message


def row(attachment_id: str) -> Attachment | None:
    return db.session.get(Attachment, attachment_id, populate_existing=True)


def broken_lzma() -> bytes:
    """An archive whose first entry, by LZMA, does not open."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    content = bytearray(out.getvalue())
    start = 30 + len("mimetype") + 9  # behind the header of the entry and that of LZMA
    content[start : start + 4] = b"\xff\xff\xff\xff"
    return bytes(content)
