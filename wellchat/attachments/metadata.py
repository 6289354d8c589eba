"""Take out of a file what says who made it, where and with what, before it is stored.

The rest of the file stays as it is, byte for byte; nothing is decoded or compressed again. Pictures are
written anew elsewhere (pictures.py). A PDF keeps its details: taking them out would break its signatures and
tables.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from wellchat.attachments import office, zip_checks
from wellchat.attachments.file_types import DAMAGED
from wellchat.attachments.media_metadata import without_media_metadata, without_tags
from wellchat.attachments.recordings import OGG_TYPE, WEBM_TYPE, without_names
from wellchat.errors import Invalid
from wellchat.i18n import gettext

EMPTY_META = (
    b'<?xml version="1.0" encoding="UTF-8"?><office:document-meta office:version="1.2" '
    b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>'
)
_PROPERTIES = re.compile(r"\b(core|extended|custom)-properties\+xml$")
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# Of a JPEG: EXIF and XMP, IPTC, comments. Of a PNG: EXIF, texts, the time.
_JPEG_DROPPED = (0xE1, 0xED, 0xFE)
_PNG_DROPPED = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")


def without_metadata(content: bytes, media_type: str) -> bytes:
    """Return the file without metadata; the same one if it has none, or if it is of a kind that keeps it.

    The file has passed its checks. Raises Invalid if it is damaged all the same.
    """
    try:
        return _plain(content, media_type)
    except (struct.error, IndexError, expat.ExpatError, *DAMAGED):
        raise Invalid({"file": gettext("This file is damaged.")}) from None


def _plain(content: bytes, media_type: str) -> bytes:
    if media_type.startswith(("video/mp4", "audio/mp4")):
        return without_media_metadata(content)
    if media_type in (OGG_TYPE, WEBM_TYPE):
        return without_names(content, media_type)
    if media_type == "audio/mpeg":
        return without_tags(content)
    if media_type.startswith(office.OFFICE) or media_type == office.TEXT_DOCUMENT:
        return _without_properties(content)
    return content


def _without_properties(content: bytes) -> bytes:
    """Return an office document whose properties are empty, and whose pictures have no metadata."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as made:
        package = None
        if "[Content_Types].xml" in archive.namelist():
            package = office.read_package(archive)
        for entry in archive.infolist():
            changed = _replacement(archive, entry, package)
            raw = content[_data_start(content, entry) :][: entry.compress_size] if changed is None else None
            _add(made, entry, raw, changed)
    return out.getvalue()


def _replacement(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, package: Any) -> bytes | None:
    """Return what a part becomes; None if it stays as it is."""
    if package is not None and _PROPERTIES.search(package.type_of(entry.filename)):
        return _emptied(archive.read(entry))
    # In OpenDocument each embedded object may have a meta.xml of its own, in its folder.
    if package is None and entry.filename.rpartition("/")[2] == "meta.xml":
        return EMPTY_META
    with archive.open(entry) as part:
        head = part.read(8)
    if head.startswith(zip_checks.ZIP):
        return _without_properties(archive.read(entry))
    if not head.startswith((_JPEG, _PNG)):
        return None
    whole = archive.read(entry)
    plain = b"".join(_jpeg_pieces(whole) if head.startswith(_JPEG) else _png_pieces(whole))
    return plain if plain != whole else None


def _emptied(xml: bytes) -> bytes:
    """Return the same root element without anything in it."""
    roots: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, _attributes: roots.append(name)
    parser.Parse(xml, True)
    space, _, name = roots[0].rpartition(" ")
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{space}"/>'.encode()


def _data_start(content: bytes, entry: zipfile.ZipInfo) -> int:
    """Return where the bytes of an entry begin: behind its local head (APPNOTE.TXT, 4.3.7)."""
    name, extra = struct.unpack_from("<HH", content, entry.header_offset + 26)
    return entry.header_offset + 30 + int(name) + int(extra)


def _add(made: zipfile.ZipFile, entry: zipfile.ZipInfo, raw: bytes | None, changed: bytes | None) -> None:
    """Add an entry as it is packed, or with other content. Its time, its comment and its extras go."""
    plain = zipfile.ZipInfo(entry.filename)
    plain.compress_type, plain.external_attr = entry.compress_type, entry.external_attr
    if changed is not None:
        made.writestr(plain, changed)
        return
    plain.CRC, plain.file_size, plain.compress_size = entry.CRC, entry.file_size, entry.compress_size
    # zipfile has no public way to add what is packed already.
    target: Any = made
    plain.header_offset = target.fp.tell()
    target.fp.write(plain.FileHeader(zip64=False))
    target.fp.write(raw)
    target.filelist.append(plain)
    target.NameToInfo[plain.filename] = plain
    target.start_dir = target.fp.tell()
    target._didModify = True


def _jpeg_pieces(content: bytes) -> Iterator[bytes]:
    """Yield the pieces of a JPEG that stay (ITU-T T.81, annex B)."""
    yield content[:2]
    position = 2
    # 0xDA begins the pixels, and behind it no lengths can be followed.
    while content[position : position + 1] == b"\xff" and content[position + 1] not in (0xDA, 0xFF):
        (size,) = struct.unpack_from(">H", content, position + 2)
        if content[position + 1] not in _JPEG_DROPPED:
            yield content[position : position + 2 + size]
        position += 2 + size
        if position + 4 > len(content):
            break
    yield content[position:]


def _png_pieces(content: bytes) -> Iterator[bytes]:
    """Yield the pieces of a PNG that stay (ISO 15948, 5.3)."""
    yield content[:8]
    position = 8
    while position + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, position)
        if kind not in _PNG_DROPPED:
            yield content[position : position + 12 + size]
        position += 12 + size
    yield content[position:]
