"""Voice messages: taken by their bytes, told how long they are, and naming nobody."""

from __future__ import annotations

import contextlib
import io
import struct

import pytest

from tests.attachments.files import send, take
from tests.attachments.recordings import m4a, ogg, webm
from wellchat.attachments.actions import inspect_file
from wellchat.attachments.ogg import _ogg_checksum, _pages
from wellchat.attachments.serializers import play_time, wave
from wellchat.errors import Invalid

PEAKS = "0123456789abcdefghijklmnopqrstuv" + "v" * 16


@pytest.mark.parametrize(
    ("content", "name", "media_type", "kept"),
    [
        (ogg(), "voice.ogg", "audio/ogg", "voice.ogg"),
        (ogg(), "voice", "audio/ogg", "voice.ogg"),
        (ogg(), "PTT-20261130.opus", "audio/ogg", "PTT-20261130.opus"),
        (webm(), "Voice message.weba", "audio/webm", "Voice message.weba"),
        (m4a(), "New Recording 4.m4a", "audio/mp4", "New Recording 4.m4a"),
        (m4a(pieces=True), "Voice message.m4a", "audio/mp4", "Voice message.m4a"),
    ],
)
def test_recordings_are_known_by_their_bytes(app, content, name, media_type, kept):
    found = inspect_file(name=name, content=content)
    assert (found.media_type, found.name, found.is_recording) == (media_type, kept, True)
    assert abs(found.duration_ms - 2500) < 70
    assert len(found.content) == len(content)
    assert b"SecretPhone" not in found.content
    assert b"At home" not in found.content


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (ogg(codec=b"\x01vorbis0"), "song.ogg"),
        (ogg() + ogg()[:40], "two.ogg"),
        (ogg()[:60], "cut.ogg"),
        (webm(kind=1, codec=b"V_VP8"), "film.webm"),
        (webm(codec=b"A_VORBIS"), "song.weba"),
        (webm()[:20], "cut.weba"),
        (b"\x1a\x45\xdf\xa3" + bytes(200), "zeros.webm"),
        (ogg(), "voice.pdf"),
    ],
)
def test_what_is_no_recording_of_a_voice_is_refused_with_a_sentence(app, content, name):
    with pytest.raises(Invalid) as refusal:
        inspect_file(name=name, content=content)
    assert refusal.value.errors["file"]


def test_every_cut_of_a_recording_is_taken_or_refused(app):
    """Bytes that end anywhere are no error of ours."""
    for whole in (ogg(0.3), webm(0.3), m4a(pieces=True)):
        for end in range(1, len(whole)):
            with contextlib.suppress(Invalid):
                inspect_file(name="x.m4a", content=whole[:end])


def test_an_ogg_without_names_has_right_checksums(app):
    plain = inspect_file(name="a.ogg", content=ogg()).content
    for page in _pages(plain):
        whole = bytearray(plain[page.head : page.end])
        told, whole[22:26] = whole[22:26], bytes(4)
        assert int.from_bytes(told, "little") == _ogg_checksum(whole)


def test_a_webm_is_told_its_duration_where_its_programs_were_named(app):
    plain = inspect_file(name="a.weba", content=webm()).content
    at = plain.index(b"\x44\x89\x84")
    assert abs(struct.unpack_from(">f", plain, at + 3)[0] - 2500) < 70
    assert inspect_file(name="a.weba", content=plain).content == plain  # once is enough


@pytest.mark.each_database
def test_peaks_and_duration_go_with_the_message(app, api, browse, talk, now):
    sent = api(talk.cara).post(
        "/api/attachments", data={"file": (io.BytesIO(ogg()), "voice.ogg"), "peaks": PEAKS}
    )
    file = sent.json["attachment"]
    assert (file["duration_ms"], file["peaks"], file["media_type"]) == (2500, PEAKS, "audio/ogg")
    message = {"body": "", "client_key": "v", "attachments": [file["id"]]}
    api(talk.cara).post(f"/api/threads/{talk.id}/messages", json=message)
    for call in ("messages", "attachments"):
        page = api(talk.paul).get(f"/api/threads/{talk.id}/{call}").json
        (shown,) = page["messages"][0]["attachments"] if call == "messages" else page["attachments"]
        assert (shown["duration_ms"], shown["peaks"]) == (2500, PEAKS)
    for range_, status in (("bytes=0-9", 206), ("bytes=20-", 206), ("bytes=9999-", 416)):
        answer = browse(talk.paul).get(file["url"], headers={"Range": range_})
        assert answer.status_code == status
    assert api(talk.paul).get(file["url"]).headers["Accept-Ranges"] == "bytes"
    for bad in ("short", "W" * 48, "0" * 65, "0" * 47 + "\n"):
        again = {"file": (io.BytesIO(ogg()), "voice.ogg"), "peaks": bad}
        refused = api(talk.cara).post("/api/attachments", data=again)
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["peaks"])
    picture = take(talk.cara, now)
    assert picture.peaks is None


def test_the_page_shows_a_wave_and_opens_the_microphone_and_no_other_page_does(app, browse, talk, now):
    send(talk, talk.cara, [take(talk.cara, now, ogg(), "voice.ogg")])
    page = browse(talk.paul).get(f"/threads/{talk.id}")
    assert "0:02" in page.text or "0:03" in page.text
    assert 'data-action="play"' in page.text
    assert page.headers["Permissions-Policy"] == "camera=(), microphone=(self), geolocation=()"
    for other in ("/", f"/threads/{talk.id}/files", "/settings", "/api/me"):
        assert "microphone=()" in browse(talk.paul).get(other).headers["Permissions-Policy"], other


def test_waves_and_times(app):
    assert wave("0v").startswith("M48 15v2M144 1v30")
    assert wave(None).count("M") == 48
    assert [play_time(ms) for ms in (20, 7_200, 750_000, 3_723_000)] == ["0:01", "0:07", "12:30", "1:02:03"]
