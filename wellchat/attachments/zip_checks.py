"""Checks of every archive, and safe reading of the XML in it, whatever kind of document it is."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from typing import IO
from xml.parsers import expat

from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext

MAX_UNPACKED = 300 * 1024 * 1024  # bytes; the unpacked size of an office document
MAX_RATIO = 200  # the highest compression ratio of an archive
MAX_ENTRIES = 5_000
MAX_XML = 4 * 1024 * 1024  # bytes of one part that says what the others are
PIECE = 64 * 1024  # bytes
# The beginnings of parts that hold programs or other documents, whatever they are called.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
PROGRAMS = (b"MZ", b"\x7fELF", b"#!")

TOO_LARGE = N_("The file is too large when unpacked. Save it as a PDF.")
UNSAFE_PATHS = N_("The file contains unsafe file paths. Save it again, or as a PDF.")
MACROS = N_("The file contains macros, which are programs. Save it without them, or as a PDF.")
EMBEDDED = N_("The file contains embedded objects, which can be programs. Save it without them, or as a PDF.")
EXTERNAL = N_("The file loads parts from elsewhere when it is opened. Save it without them, or as a PDF.")
ENCRYPTED = N_("The file is protected with a password, so it cannot be checked. Save it without one.")
DAMAGED = N_("This archive is damaged.")

Attributes = Mapping[str, str]
OnElement = Callable[[str, Attributes], None]


def refuse(reason: str) -> Invalid:
    """Return the error that names this reason."""
    return Invalid({"file": gettext(reason)})


def check_entries(archive: zipfile.ZipFile, size: int) -> None:
    """Check the table of contents, before anything is unpacked. Raises Invalid. `size`: bytes, packed."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    # The table may lie, but zipfile unpacks no more of an entry than the table says.
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > size * MAX_RATIO:
        raise refuse(TOO_LARGE)
    names = [entry.filename for entry in entries]
    # Such names would write outside the folder where somebody unpacks the file (Zip Slip).
    if any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names):
        raise refuse(UNSAFE_PATHS)
    # Of two parts with one name, one program reads the first and another the second.
    if len({name.casefold() for name in names}) < len(names):
        raise refuse(DAMAGED)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise refuse(ENCRYPTED)


def parse(part: IO[bytes], on_element: OnElement) -> None:
    """Call `on_element(name, attributes)` for each element of an XML part, as `namespace name`.

    Reads piece by piece. Raises Invalid for XML that cannot be read, or that declares a document type: no
    office program writes one, and it could hold entities that grow.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = on_element

    def on_doctype(*_: object) -> None:
        raise refuse(DAMAGED)

    parser.StartDoctypeDeclHandler = on_doctype
    try:
        while piece := part.read(PIECE):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise refuse(DAMAGED) from None


def check_beginnings(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Check how each part begins. Raises Invalid for programs and OLE objects.

    Returns the parts that are archives themselves.
    """
    nested = []
    for entry in archive.infolist():
        with archive.open(entry) as part:
            head = part.read(8)
        if head == OLE or head.startswith(PROGRAMS):
            raise refuse(EMBEDDED)
        if head.startswith(ZIP):
            nested.append(entry)
    return nested
