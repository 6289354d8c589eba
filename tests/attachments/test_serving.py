"""Files are for the two people of their thread: with safe headers, in parts, and for nobody else."""

from __future__ import annotations

import pytest

from tests.accounts.test_pictures import picture as portrait
from tests.accounts.test_pictures import upload
from tests.attachments.files import PDF, moving, picture, row, send, take
from wellchat.attachments.processing import process
from wellchat.attachments.storage import Folder, get_store, key_of
from wellchat.messaging.messages import delete_message
from wellchat.oversight.actions import grant_access


@pytest.fixture
def sent(talk, now):
    """(picture, document) that Cara sent to Paul."""
    files = take(talk.cara, now), take(talk.cara, now, PDF, 'plän "x".pdf')
    send(talk, talk.cara, list(files))
    for file in files:
        process(attachment_id=file.id, now=now)
    return files


def paths(file):
    return (f"/attachments/{file.id}/whatever.jpg", f"/attachments/{file.id}/thumbnail")


def test_only_the_two_people_of_the_thread_see_a_file(app, browse, cast, talk, sent):
    beach, plan = sent
    for person in (talk.cara, talk.paul):
        for path in paths(beach):
            assert browse(person).get(path).status_code == 200
    for outsider in (cast.olga, cast.rita, cast.ada):
        for path in (*paths(beach), *paths(plan)):
            assert browse(outsider).get(path).status_code == 404
    assert browse().get(paths(beach)[0]).location.startswith("/sign-in")


def test_before_sending_only_the_owner_sees_a_file(app, browse, talk, now):
    file = take(talk.cara, now)
    assert browse(talk.cara).get(paths(file)[0]).status_code == 200
    assert browse(talk.paul).get(paths(file)[0]).status_code == 404


def test_after_its_message_was_deleted_nobody_sees_a_file(app, browse, talk, sent, now):
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    for person in (talk.cara, talk.paul):
        for path in paths(sent[0]):
            assert browse(person).get(path).status_code == 404


def test_a_picture_is_sent_with_safe_headers(app, browse, talk, sent):
    answer = browse(talk.paul).get(paths(sent[0])[0])
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert (
        answer.headers["Content-Disposition"] == "inline; filename=\"beach.jpg\"; filename*=UTF-8''beach.jpg"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.content_length == len(answer.data) == row(sent[0].id).size
    small = browse(talk.paul).get(paths(sent[0])[1])
    assert small.headers["Content-Type"] == "image/webp"
    assert small.headers["Cache-Control"] == "private, no-cache"


def test_an_operator_can_keep_files_and_pictures_out_of_every_cache(app, browse, cast, talk, sent):
    app.config["BROWSER_CACHE"] = False
    upload(browse(talk.cara), portrait())
    paul = browse(talk.paul)
    avatar = paul.get(f"/api/threads/{talk.id}").json["thread"]["other"]["avatar_url"]
    for path in (*paths(sent[0]), paths(sent[1])[0], avatar):
        answer = paul.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), path
        again = paul.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.headers["Cache-Control"]) == (304, "no-store"), path


def test_a_document_is_always_downloaded(app, browse, talk, sent):
    answer = browse(talk.paul).get(paths(sent[1])[0])
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"pl_n x .pdf\"; filename*=UTF-8''pl%C3%A4n%20x%20.pdf"
    )
    assert answer.data == PDF
    assert browse(talk.paul).get(paths(sent[1])[1]).status_code == 404


@pytest.mark.parametrize("kind", ["text", "csv"])
def test_text_files_have_a_charset_and_are_downloaded(app, browse, talk, now, kind):
    file = take(talk.cara, now, b"a;b", f"a.{'txt' if kind == 'text' else 'csv'}")
    answer = browse(talk.cara).get(paths(file)[0])
    assert answer.headers["Content-Type"] == f"text/{'plain' if kind == 'text' else 'csv'}; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-3", 206, PDF[:4], f"bytes 0-3/{len(PDF)}"),
        ("bytes=5-", 206, PDF[5:], f"bytes 5-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=-4", 206, PDF[-4:], f"bytes {len(PDF) - 4}-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=0-99999", 206, PDF, f"bytes 0-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=99999-", 416, b"", f"bytes */{len(PDF)}"),
        ("bytes=0-1,3-4", 200, PDF, None),
        ("lines=0-1", 200, PDF, None),
        ("nonsense", 200, PDF, None),
    ],
)
def test_byte_ranges_are_served(app, browse, talk, sent, asked, status, part, told):
    answer = browse(talk.paul).get(paths(sent[1])[0], headers={"Range": asked})
    assert (answer.status_code, answer.data, answer.headers.get("Content-Range")) == (status, part, told)
    if status != 416:
        assert answer.content_length == len(part)


def test_a_known_etag_is_answered_304(app, browse, talk, sent):
    paul, path = browse(talk.paul), paths(sent[1])[0]
    tag = paul.get(path).headers["ETag"]
    assert paul.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert paul.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    part = {"Range": "bytes=0-3", "If-Range": '"other"'}
    assert paul.get(path, headers=part).data == PDF
    assert paul.head(path).content_length == len(PDF)
    assert paul.head(path).data == b""


def test_lost_bytes_are_a_404(app, browse, talk, sent):
    get_store().delete(key_of(sent[1].id))
    assert browse(talk.paul).get(paths(sent[1])[0]).status_code == 404


def test_a_failing_store_is_a_503_when_reading(app, browse, talk, sent, monkeypatch):
    monkeypatch.setattr(Folder, "read", broken)
    for path in paths(sent[0]):
        assert browse(talk.paul).get(path).status_code == 503


def broken(*_):
    raise OSError("no disk")


def test_a_missing_thumbnail_is_a_404(app, browse, talk, now):
    file = take(talk.cara, now, moving(), "a.gif")
    assert browse(talk.cara).get(paths(file)[1]).status_code == 404
    process(attachment_id=file.id, now=now)
    assert browse(talk.cara).get(paths(file)[1]).status_code == 200


# Administrators, on record


def test_an_administrator_sees_only_files_of_the_granted_thread(
    app, browse, cast, talk, other_talk, sent, now
):
    ada = browse(cast.ada)
    other = take(other_talk.cara, now, picture(), "other.jpg")
    send(other_talk, other_talk.cara, [other])
    entry = grant_access(admin=cast.ada, thread_id=talk.id, reason="A complaint of today", now=now)
    page = ada.get(f"/oversight/looks/{entry.id}").text
    root = f"/oversight/looks/{entry.id}/attachments"
    for path in (f"{root}/{sent[0].id}/beach.jpg", f"{root}/{sent[0].id}/thumbnail"):
        assert path in page
        assert ada.get(path).status_code == 200
        for person in (talk.cara, cast.olga):
            assert browse(person).get(path).status_code == 404
    assert f'"/attachments/{sent[0].id}' not in page
    for stranger in (f"{root}/{other.id}/other.jpg", f"{root}/{other.id}/thumbnail"):
        assert ada.get(stranger).status_code == 404


# The gallery


def test_the_gallery_pages_through_pictures_and_documents(app, api, talk, now):
    for i in range(5):
        sender = talk.cara if i % 2 else talk.paul
        send(talk, sender, [take(sender, now, name=f"{i}.jpg")])
    named = {"a.pdf": PDF, "5.jpg": None, "6.jpg": None}
    send(talk, talk.cara, [take(talk.cara, now, content, name) for name, content in named.items()])
    paul = api(talk.paul)

    def names(**query):
        found, query = [], {**query, "limit": 2}
        while True:
            page = paul.get(f"/api/threads/{talk.id}/attachments", query_string=query).json
            found += [(each["name"], each["seq"]) for each in page["attachments"]]
            if not page["next"]:
                return found
            query["before"] = page["next"]

    pictures = [
        ("6.jpg", 6),
        ("5.jpg", 6),
        ("4.jpg", 5),
        ("3.jpg", 4),
        ("2.jpg", 3),
        ("1.jpg", 2),
        ("0.jpg", 1),
    ]
    assert names(kind="picture") == pictures
    assert names(kind="document") == [("a.pdf", 6)]
    assert sorted(names()) == sorted([*pictures, ("a.pdf", 6)])
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=6, now=now)
    assert names() == pictures[2:]


def test_the_gallery_page_and_the_panel_show_files(app, browse, talk, now):
    paul = browse(talk.paul)
    assert "No pictures or files have been sent here yet" in paul.get(f"/threads/{talk.id}/files").text
    assert "Pictures you send each other appear here." in paul.get(f"/threads/{talk.id}").text
    for i in range(11):
        send(talk, talk.cara, [take(talk.cara, now, name=f"{i}.jpg"), take(talk.cara, now, PDF, f"{i}.pdf")])
    panel = paul.get(f"/threads/{talk.id}").text.partition('id="details"')[2]
    assert [f'alt="{i}.jpg"' in panel for i in (10, 2, 1)] == [True, True, False]
    assert [f'download="{i}.pdf"' in panel for i in (10, 7, 6)] == [True, True, False]
    assert f'href="/threads/{talk.id}/files?kind=picture"' in panel
    assert f'href="/threads/{talk.id}/files?kind=document"' in panel
    page = paul.get(f"/threads/{talk.id}/files?kind=picture").text
    assert 'alt="0.jpg"' in page
    assert "0.pdf" not in page
    assert f'href="/threads/{talk.id}#1"' in page
    second = paul.get(f"/threads/{talk.id}/files?before=3.1").text
    assert [f'alt="{i}.jpg"' in second for i in (0, 1, 2, 3)] == [True, True, True, False]
