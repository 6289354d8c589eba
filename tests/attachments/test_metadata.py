"""Who made a file, where and with what leaves it before it is stored; all else stays byte for byte."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tests.attachments import files
from tests.attachments.files import ODF, OFFICE, bundle, odt, office, photo_with_place, picture, row, take
from wellchat.attachments import file_types
from wellchat.attachments.media_metadata import without_media_metadata, without_tags
from wellchat.attachments.metadata import without_metadata
from wellchat.attachments.storage import get_store, key_of
from wellchat.errors import Invalid

CORE = b"""<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Secret Author</dc:creator></cp:coreProperties>"""
APP = b"""<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">
<Company>Secret Company</Company></Properties>"""
PROPERTIES = {
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "other/name.xml": f"{OFFICE}extended-properties+xml",
}
DOCX = f"{OFFICE}wordprocessingml.document"
TEXT = b"<w>" + b"the words of the document " * 400 + b"</w>"


def box(kind: bytes, *content: bytes) -> bytes:
    inner = b"".join(content)
    return struct.pack(">I", 8 + len(inner)) + kind + inner


def track(handler: bytes, chunk: int, sizes: list[int], *more: bytes) -> bytes:
    table = box(
        b"stbl",
        box(b"stsz", struct.pack(">III", 0, 0, len(sizes)), *(struct.pack(">I", each) for each in sizes)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, len(sizes), 1)),
        box(b"stco", struct.pack(">III", 0, 1, chunk)),
    )
    kind = box(b"hdlr", bytes(8), handler, bytes(12))
    return box(b"trak", *more, box(b"mdia", kind, box(b"minf", table)))


def movie() -> bytes:
    head = box(b"ftyp", b"isom", bytes(4), b"mp41")
    seen, places = b"sound and picture", b"+52.5200+013.40"
    data = box(b"mdat", seen, places, b"the end")
    start = len(head) + 8
    named = box(b"udta", box(b"\xa9xyz", b"+52.5200+013.40/"), box(b"\xa9mak", b"SecretPhone"))
    return (
        head
        + data
        + box(
            b"moov",
            box(b"mvhd", bytes(100)),
            track(b"vide", start, [len(seen)], named),
            track(b"meta", start + len(seen), [5, len(places) - 5]),
            box(b"meta", b"com.apple.quicktime.location.ISO6709+52.5200+013.40"),
            named,
        )
        + box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), b"<x:xmpmeta>Secret</x:xmpmeta>")
        + box(b"free", b"SecretRest")
    )


@pytest.mark.parametrize("media_type", ["video/mp4", "audio/mp4"])
def test_a_recording_says_nothing_of_its_place_and_device(media_type):
    before = movie()
    after = without_metadata(before, media_type)
    assert len(after) == len(before), "every offset in it stays right"
    for secret in (b"Secret", b"+52.52", b"quicktime.location"):
        assert secret in before
        assert secret not in after
    assert b"sound and picture" in after
    assert b"the end" in after
    # The boxes are still readable one after the other, and the picture's track is where it was.
    changed = [i for i in range(len(before)) if before[i] != after[i]]
    kept = before.index(b"mdia")
    assert not any(kept <= i < kept + 100 for i in changed)
    assert without_metadata(after, media_type) == after


def test_a_recording_without_metadata_is_the_same_bytes():
    assert without_media_metadata(files.MP4) == files.MP4
    assert without_media_metadata(files.M4A) == files.M4A


@pytest.mark.parametrize("cut", range(40, len(movie()), 7))
def test_a_recording_that_was_cut_off_is_no_error(cut):
    whole = movie()[:cut]
    kept = without_metadata(whole, "video/mp4")
    assert len(kept) == len(whole), "what is blanked keeps its place: offsets point into the file"


def test_a_table_that_names_the_same_bytes_again_is_followed_once_at_most():
    """Each chunk would be blanked as a whole: a small file could cost hours."""
    number = 50_000
    table = box(
        b"stbl",
        box(b"stsz", struct.pack(">III", 0, 1_000_000, number)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stco", struct.pack(">II", 0, number), bytes(4 * number)),
    )
    kind = box(b"hdlr", bytes(8), b"meta", bytes(12))
    head = box(b"ftyp", b"isom", bytes(4), b"mp41")
    content = head + box(b"mdat", b"x" * 2_000_000)
    content += box(b"moov", box(b"trak", box(b"mdia", kind, box(b"minf", table))))
    assert without_metadata(content, "video/mp4").count(b"x") == 2_000_000 - (1_000_000 - len(head) - 8)


def test_an_mp3_loses_its_tags_and_keeps_its_sound():
    sound = b"\xff\xfb\x90\x64" + b"sound" * 40
    front = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 5]) + b"TPE1 Secret Singer".ljust(133, b"\0")
    footed = b"ID3\x04\x00\x10" + bytes([0, 0, 0, 6]) + b"Secret" + b"3DI\x04\x00\x10" + bytes([0, 0, 0, 6])
    ape = struct.pack("<8sIIII8x", b"APETAGEX", 2000, 38, 1, 0x80000000)
    last = b"TAG" + b"Secret Singer".ljust(125, b"\0")
    behind = ape + b"Secret" + ape + last
    for before in (
        front + sound,
        footed + sound,
        sound + last,
        sound + behind,
        front + footed + sound + behind,
    ):
        assert without_tags(before) == sound
    assert without_tags(sound) == sound


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_a_word_document_loses_its_properties_and_nothing_else():
    before = office(types=PROPERTIES, content=TEXT, parts={"docProps/core.xml": CORE, "other/name.xml": APP})
    after = without_metadata(before, DOCX)
    was, now = parts(before), parts(after)
    assert list(now) == list(was)
    for name, content in now.items():
        if name in PROPERTIES:
            assert b"Secret" not in content
        else:
            assert content == was[name]
    assert now["docProps/core.xml"].endswith(b'metadata/core-properties"/>')
    assert file_types.detect_type(after, "a.docx")[0] is file_types.DOCX
    with zipfile.ZipFile(io.BytesIO(after)) as archive, zipfile.ZipFile(io.BytesIO(before)) as old:
        assert {each.date_time[0] for each in archive.infolist()} == {1980}
        packed = {each.filename: each.compress_size for each in old.infolist()}
        assert archive.getinfo("word/document.xml").compress_size == packed["word/document.xml"]


def test_pictures_and_tables_in_a_document_lose_theirs_too():
    photo = photo_with_place()
    table = office("xl/workbook.xml", types=PROPERTIES, parts={"docProps/core.xml": CORE})
    before = office(parts={"word/media/a.jpg": photo, "word/media/b.png": picture("PNG"), "t.xlsx": table})
    assert b"SecretPhone" in parts(before)["word/media/a.jpg"]
    now = parts(without_metadata(before, DOCX))
    assert b"Secret" not in now["word/media/a.jpg"]
    assert b"secret" not in now["word/media/a.jpg"]
    assert now["word/media/b.png"] == picture("PNG")
    from PIL import Image

    shown, kept = Image.open(io.BytesIO(photo)), Image.open(io.BytesIO(now["word/media/a.jpg"]))
    assert shown.tobytes() == kept.tobytes()
    assert b"Secret" not in parts(now["t.xlsx"])["docProps/core.xml"]


def test_an_open_document_loses_its_meta():
    meta = f'<m xmlns:office="{ODF}office:1.0"><a>Secret Author</a></m>'.encode()
    before = odt(TEXT, parts={"meta.xml": meta, "Object 1/meta.xml": meta})
    after = without_metadata(before, files.ODT_TYPE.decode())
    was, now = parts(before), parts(after)
    assert list(now) == list(was)
    assert now["content.xml"] == TEXT
    assert b"Secret" not in now["meta.xml"] + now["Object 1/meta.xml"]
    assert after[30 : 38 + len(files.ODT_TYPE)] == b"mimetype" + files.ODT_TYPE, "first, and not packed"
    assert file_types.detect_type(after, "a.odt")[0] is file_types.ODT


def test_kinds_that_keep_theirs_are_the_same_bytes():
    for content, kind in ((files.PDF, "application/pdf"), (b"a;b", "text/csv"), (b"a", "text/plain")):
        assert without_metadata(content, kind) is content


def test_what_is_stored_has_no_metadata(app, talk, now):
    content = office(types=PROPERTIES, parts={"docProps/core.xml": CORE})
    file = take(talk.cara, now, content, "a.docx")
    stored = b"".join(get_store().read(key_of(file.id)))
    assert b"Secret" not in parts(stored)["docProps/core.xml"]
    assert row(file.id).size == len(stored) != len(content)
    with pytest.raises(Invalid, match="empty"):
        take(talk.cara, now, b"ID3\x04\x00\x00" + bytes([0, 0, 0, 6]) + b"Secret", "a.mp3")


def test_properties_that_cannot_be_read_are_damage():
    broken = bundle({**parts(office(types=PROPERTIES)), "docProps/core.xml": b"<a", "other/name.xml": APP})
    with pytest.raises(Invalid, match="damaged"):
        without_metadata(broken, DOCX)
