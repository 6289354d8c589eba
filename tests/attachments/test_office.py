"""Office documents are judged by what they declare and load, not by what their parts are called."""

from __future__ import annotations

import pytest

from tests.attachments import files
from tests.attachments.files import ODF, OFFICE, bundle, content_types, odt, office, relations
from wellchat.attachments import file_types
from wellchat.errors import Invalid

MACRO_MAIN = "application/vnd.ms-word.document.macroEnabled.main+xml"
VBA = "application/vnd.ms-office.vbaProject"
VBA_RELATION = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40)
HEAD = (
    f'xmlns:office="{ODF}office:1.0" xmlns:text="{ODF}text:1.0" xmlns:draw="{ODF}drawing:1.0" '
    f'xmlns:script="{ODF}script:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def text(inner: str) -> bytes:
    return f"<office:document-content {HEAD}>{inner}</office:document-content>".encode()


def renamed(part: str, kind: str = f"{OFFICE}wordprocessingml.document.main+xml") -> bytes:
    """A package whose main part has a name of its own."""
    return bundle(
        {
            "[Content_Types].xml": content_types({part: kind}),
            "_rels/.rels": relations(("officeDocument", f"/{part}", "")),
            part: b"<x/>",
        }
    )


TAKEN = [
    ("an unusual name of the main part", renamed("a/b.xml"), "wordprocessingml.document"),
    (
        "a hyperlink",
        office(links=[("hyperlink", "https://example.com/", "External")]),
        "wordprocessingml.document",
    ),
    (
        "a hyperlink of the strict kind",
        office(
            links=[
                (
                    "http://purl.oclc.org/ooxml/officeDocument/relationships/hyperlink",
                    "https://a.example",
                    "External",
                )
            ]
        ),
        "wordprocessingml.document",
    ),
    (
        "a chart with its table",
        office("ppt/presentation.xml", parts={"ppt/embeddings/t.xlsx": office("xl/workbook.xml")}),
        "presentationml.presentation",
    ),
    (
        "a word in a name",
        office(parts={"word/media/macroEnabled vbaProject.png": b"\x89PNG"}),
        "wordprocessingml.document",
    ),
]


@pytest.mark.parametrize(("content", "kind"), [each[1:] for each in TAKEN], ids=[each[0] for each in TAKEN])
def test_documents_that_load_nothing_are_taken(content, kind):
    assert file_types.detect_type(content, "")[0].media_type == OFFICE + kind


@pytest.mark.parametrize(
    "content",
    [
        odt(text('<text:p><text:a xlink:href="https://example.com">a</text:a></text:p>')),
        odt(text('<draw:a xlink:href="mailto:a@example.com"/><draw:image xlink:href="Pictures/a.png"/>')),
        odt(text('<office:scripts/><draw:object xlink:href="./Object 1"/><text:p xlink:href="#a"/>')),
    ],
)
def test_open_documents_that_load_nothing_are_taken(content):
    assert file_types.detect_type(content, "")[0] is file_types.ODT


BOMB = files.archive("[Content_Types].xml", "a", content=bytes(5_000_000))
REFUSED = [
    ("macros by the type of the main part", renamed("word/document.xml", MACRO_MAIN), "macros"),
    (
        "macros by content type",
        office(types={"word/picture.png": VBA}, parts={"word/picture.png": b"x"}),
        "macros",
    ),
    ("macros by extension", office(defaults={"png": VBA}), "macros"),
    ("macros by relationship", office(links=[(VBA_RELATION, "media/a.png", "")]), "macros"),
    ("a macro sheet", office("xl/workbook.xml", links=[("xlMacrosheet", "m.xml", "")]), "macros"),
    ("a control", office(links=[("control", "activeX1.xml", "")]), "embedded objects"),
    ("an object by its beginning", office(parts={"word/media/a.png": OLE}), "embedded objects"),
    ("a program by its beginning", office(parts={"word/media/a.png": b"MZ\x90\x00"}), "embedded objects"),
    (
        "a template from elsewhere",
        office(links=[("attachedTemplate", "https://a.example/t", "External")]),
        "elsewhere",
    ),
    ("a picture from elsewhere", office(links=[("image", "//a.example/p", "external")]), "elsewhere"),
    ("a frame", office(links=[("frame", "https://a.example/f", "External")]), "elsewhere"),
    (
        "a part that hides among the relationships of another",
        office(parts={"x/_rels/y.RELS": relations(("image", "file:///x", "External"))}),
        "elsewhere",
    ),
    (
        "relationships under another name",
        office(
            types={"x.xml": "application/vnd.openxmlformats-package.relationships+xml"},
            parts={"x.xml": relations(("image", "https://a.example", "External"))},
        ),
        "elsewhere",
    ),
    (
        "a table of another file",
        office("xl/workbook.xml", types={"a.xml": f"{OFFICE}spreadsheetml.externalLink+xml"}),
        "elsewhere",
    ),
    (
        "a name without the structure",
        files.archive("[Content_Types].xml", "word/document.xml"),
        "not accepted",
    ),
    (
        "two main parts",
        office(
            parts={"_rels/.rels": relations(*[("officeDocument", p, "") for p in ("a", "word/document.xml")])}
        ),
        "not accepted",
    ),
    (
        "a document in a document in a document",
        office(parts={"a": office(parts={"b": office()})}),
        "embedded objects",
    ),
    ("an archive in a document", office(parts={"a.png": files.archive("a.txt")}), "not accepted"),
    ("macros in a document in a document", office(parts={"a": office(defaults={"x": VBA})}), "macros"),
    ("a bomb in a document", office(parts={"a": BOMB}), "too large when unpacked"),
    (
        "a declared document type",
        office(parts={"[Content_Types].xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        "damaged",
    ),
    ("no xml", office(parts={"_rels/.rels": b"<a>"}), "damaged"),
    (
        "odf: macros of the manifest",
        odt(entries=[("x/y", "application/vnd.sun.star.basic-library")]),
        "macros",
    ),
    ("odf: macros beside it", odt(parts={"Scripts/python/a.py": b"pass"}), "macros"),
    ("odf: a script", odt(text('<office:script script:language="x"/>')), "macros"),
    (
        "odf: a listener",
        odt(text("<office:event-listeners><script:event-listener/></office:event-listeners>")),
        "macros",
    ),
    (
        "odf: a picture from elsewhere",
        odt(text('<draw:image xlink:href="https://a.example/p"/>')),
        "elsewhere",
    ),
    ("odf: a text from elsewhere", odt(text('<text:section-source xlink:href="../a.odt"/>')), "elsewhere"),
    (
        "odf: a style from elsewhere",
        odt(parts={"styles.xml": text('<draw:fill-image xlink:href="//a.example/p"/>')}),
        "elsewhere",
    ),
    (
        "odf: within an object",
        odt(parts={"Object 1/content.xml": text('<draw:image xlink:href="file:///p"/>')}),
        "elsewhere",
    ),
    ("odf: an object", odt(text('<draw:object-ole xlink:href="./Object 1"/>')), "embedded objects"),
    ("odf: data of another program", odt(text("<office:dde-source/>")), "elsewhere"),
    (
        "odf: another kind of document",
        odt(parts={"META-INF/manifest.xml": f'<m:manifest xmlns:m="{ODF}manifest:1.0"/>'.encode()}),
        "not accepted",
    ),
    ("odf: only its name", files.archive("content.xml", first=("mimetype", files.ODT_TYPE)), "not accepted"),
]


@pytest.mark.parametrize(
    ("content", "why"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_documents_that_load_or_run_something_are_refused(content, why):
    with pytest.raises(Invalid, match=why):
        file_types.detect_type(content, "")


def test_a_password_keeps_us_from_looking():
    content = bytearray(office())
    start = content.index(b"PK\x01\x02")
    content[start + 8] |= 1  # the flag of an encrypted entry, in the table of contents
    with pytest.raises(Invalid, match="password"):
        file_types.detect_type(bytes(content), "")


def test_two_parts_of_one_name_are_refused():
    with pytest.raises(Invalid, match="damaged"):
        file_types.detect_type(office(parts={"WORD/document.xml": b"<y/>"}), "")
