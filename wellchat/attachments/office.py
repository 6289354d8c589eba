"""Judge office documents by their structure: Office Open XML (ISO 29500) and OpenDocument (ISO 26300).

What a part is called decides nothing. Content types and relationships say what a program loads, and so does
how each part begins.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from wellchat.attachments import zip_checks
from wellchat.attachments.zip_checks import Attributes, OnElement, refuse
from wellchat.i18n import N_

MAX_DEPTH = 2  # a presentation may hold the table of a chart
MAX_NESTED = 50
MAX_BODY = 100 * 1024 * 1024  # bytes of the text of a document, unpacked
OFFICE = "application/vnd.openxmlformats-officedocument."
TEXT_DOCUMENT = "application/vnd.oasis.opendocument.text"
MAIN_PARTS = {
    f"{OFFICE}{kind}.main+xml": f"{OFFICE}{kind}"
    for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
}
# Of content types and of types of relationships, in lower case.
_PROGRAMS = ("macroenabled", "vbaproject", "vbadata", "macrosheet", "activex", "attachedtoolbars", "customui")
_OBJECTS = ("oleobject", "externallink", "/control", "ms-office.ole", "ddelink")
_XLINK = "http://www.w3.org/1999/xlink href"
_LINKS = tuple(f"urn:oasis:names:tc:opendocument:xmlns:{each}:1.0 a" for each in ("text", "drawing"))
_ACTIVE = ("script", "event-listener", "event-listeners", "plugin", "applet", "object-ole")
NOT_A_DOCUMENT = N_("Archives are not accepted. Send the files inside it instead.")


class Package(NamedTuple):
    """The content types of an Office Open XML package (ISO 29500-2): by part, and by extension."""

    parts: Mapping[str, str]
    extensions: Mapping[str, str]

    def type_of(self, name: str) -> str:
        """Return the content type of a part, in lower case; "" if none is declared."""
        found = self.parts.get(f"/{name}".casefold())
        return found or self.extensions.get(name.rpartition(".")[2].casefold(), "")


def media_type(content: bytes, *, depth: int = 1) -> str:
    """Return the media type of an office document. Raises Invalid for all else, and what zipfile raises."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        zip_checks.check_entries(archive, len(content))
        names = {entry.filename for entry in archive.infolist()}
        if "[Content_Types].xml" in names:
            found = _judge_package(archive)
        elif archive.infolist() and archive.infolist()[0].filename == "mimetype":
            found = _judge_open_document(archive)
        else:
            raise refuse(NOT_A_DOCUMENT)
        nested = zip_checks.check_beginnings(archive)
        for entry in nested:
            if depth == MAX_DEPTH or len(nested) > MAX_NESTED:
                raise refuse(zip_checks.EMBEDDED)
            media_type(archive.read(entry), depth=depth + 1)
    return found


def read_package(archive: zipfile.ZipFile) -> Package:
    """Return what [Content_Types].xml declares. Raises Invalid."""
    parts: dict[str, str] = {}
    extensions: dict[str, str] = {}

    def on_element(name: str, attributes: Attributes) -> None:
        kind = attributes.get("ContentType", "").strip().lower()
        if name.endswith(" Override"):
            parts[unquote(attributes.get("PartName", "")).casefold()] = kind
        elif name.endswith(" Default"):
            extensions[attributes.get("Extension", "").casefold()] = kind

    _parse(archive, "[Content_Types].xml", on_element)
    return Package(parts, extensions)


def _judge_package(archive: zipfile.ZipFile) -> str:
    package = read_package(archive)
    _refuse_active((*package.parts.values(), *package.extensions.values()))
    # A part that nothing declares is loaded by nothing, but some programs look for this one.
    if any(entry.filename.casefold().endswith("vbaproject.bin") for entry in archive.infolist()):
        raise refuse(zip_checks.MACROS)
    mains: list[str] = []
    for entry in archive.infolist():
        if entry.filename.casefold().endswith(".rels") or "relationships+xml" in package.type_of(
            entry.filename
        ):
            mains += _relationships(archive, entry.filename)
    # Of two main parts of different types one program opens the first, and another the second.
    types = {package.type_of(main) for main in mains}
    found = MAIN_PARTS.get(types.pop()) if len(types) == 1 else None
    if found is None:
        raise refuse(NOT_A_DOCUMENT)
    return found


def _relationships(archive: zipfile.ZipFile, part: str) -> list[str]:
    """Check the relationships of one part. Return the main parts that they name."""
    mains: list[str] = []

    def on_element(name: str, attributes: Attributes) -> None:
        if not name.endswith(" Relationship"):
            return
        kind = attributes.get("Type", "").lower()
        _refuse_active([kind])
        is_external = attributes.get("TargetMode", "").lower() == "external"
        # A hyperlink is followed by a click, all else by opening the file.
        if is_external and not kind.endswith("/hyperlink"):
            raise refuse(zip_checks.EXTERNAL)
        if kind.endswith("/officedocument") and part.casefold() == "_rels/.rels":
            # As programs resolve it: several spellings lead to one part.
            target = posixpath.normpath(posixpath.join("/", attributes.get("Target", "")))
            mains.append(unquote(target).lstrip("/"))

    _parse(archive, part, on_element)
    return mains


def _refuse_active(kinds: Iterable[str]) -> None:
    for kind in kinds:
        if any(word in kind for word in _PROGRAMS):
            raise refuse(zip_checks.MACROS)
        if any(word in kind for word in _OBJECTS):
            raise refuse(zip_checks.EXTERNAL if "externallink" in kind else zip_checks.EMBEDDED)


def _judge_open_document(archive: zipfile.ZipFile) -> str:
    entry = archive.infolist()[0]
    if entry.file_size > 100 or archive.read(entry).decode("ascii", "replace").strip() != TEXT_DOCUMENT:
        raise refuse(NOT_A_DOCUMENT)
    root: list[str] = []

    def on_element(name: str, attributes: Attributes) -> None:
        if name.endswith(" encryption-data"):
            raise refuse(zip_checks.ENCRYPTED)
        if not name.endswith(" file-entry"):
            return
        given = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        path, kind = given.get("full-path", "").casefold(), given.get("media-type", "").lower()
        if path == "/":
            root.append(kind)
        if "basic" in kind or path.startswith(("basic/", "scripts/")):
            raise refuse(zip_checks.MACROS)

    _parse(archive, "META-INF/manifest.xml", on_element)
    if root != [TEXT_DOCUMENT]:
        raise refuse(NOT_A_DOCUMENT)
    for each in archive.infolist():
        name = each.filename.casefold()
        if name.startswith(("basic/", "scripts/")) and not each.is_dir():
            raise refuse(zip_checks.MACROS)
        if name.rpartition("/")[2] in ("content.xml", "styles.xml"):
            if each.file_size > MAX_BODY:
                raise refuse(zip_checks.TOO_LARGE)
            with archive.open(each) as part:
                zip_checks.parse(part, _check_element)
    return TEXT_DOCUMENT


def _check_element(name: str, attributes: Attributes) -> None:
    """Refuse what is loaded from elsewhere, and what runs."""
    local = name.rpartition(" ")[2]
    if local.startswith("dde-"):
        raise refuse(zip_checks.EXTERNAL)
    if local in _ACTIVE:
        raise refuse(
            zip_checks.EMBEDDED if local in ("plugin", "applet", "object-ole") else zip_checks.MACROS
        )
    address = attributes.get(_XLINK, "")
    if name not in _LINKS and (":" in address or address.startswith(("/", "\\", "../"))):
        raise refuse(zip_checks.EXTERNAL)


def _parse(archive: zipfile.ZipFile, name: str, on_element: OnElement) -> None:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise refuse(NOT_A_DOCUMENT) from None
    if entry.file_size > zip_checks.MAX_XML:
        raise refuse(zip_checks.TOO_LARGE)
    with archive.open(entry) as part:
        zip_checks.parse(part, on_element)
