"""`POST /api/attachments` and the composer's form.

What comes in, how much of it, and what is said to the rest.
"""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import func, select

from tests.attachments import files
from tests.cast import gather
from tests.databases import migrated
from tests.fixtures import Program
from wellchat.accounts.actions import create_token
from wellchat.attachments.models import Attachment
from wellchat.attachments.schemas import OneAttachment
from wellchat.attachments.storage import get_store, key_of
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.web import limiter


def without_log(tables):
    """Without the security log: that a file was refused stands there."""
    return {name: rows for name, rows in tables.items() if not name.startswith("audit")}


def upload(client, content, name="beach.jpg", field="file", **more):
    data = {field: (io.BytesIO(content), name)}
    return client.post("/api/attachments", data=data, content_type="multipart/form-data", **more)


def test_a_picture_is_uploaded(api, talk):
    answer = upload(api(talk.cara), files.photo_with_place(), "../../etc/IMG 1.jpeg")
    assert answer.status_code == 201
    OneAttachment.model_validate(answer.json, strict=True, extra="forbid")
    told = answer.json["attachment"]
    assert (told["name"], told["media_type"], told["width"], told["height"]) == (
        "IMG 1.jpeg",
        "image/jpeg",
        40,
        80,
    )
    assert told["url"] == f"/attachments/{told['id']}/IMG%201.jpeg"
    assert told["thumbnail_url"] is None
    kept = b"".join(get_store().read(key_of(told["id"])))
    assert (len(kept), b"SecretPhone" in kept) == (told["size"], False)


def test_a_program_uploads_sends_and_downloads_a_file(api, talk):
    cara = api(talk.cara)
    file = upload(cara, files.PDF, "plan.pdf").json["attachment"]
    said = {"body": "", "client_key": "k", "attachments": [file["id"]]}
    sent = cara.post(f"/api/threads/{talk.id}/messages", json=said)
    assert (sent.status_code, sent.json["message"]["attachments"]) == (201, [file])
    assert cara.post(f"/api/threads/{talk.id}/messages", json=said).status_code == 200
    got = api(talk.paul).get(file["url"])  # a bearer token opens files, too
    assert (got.status_code, got.data) == (200, files.PDF)


def test_a_message_needs_text_or_files(api, talk):
    for body in ("", "  \n ", "\u3164", "\u2800\u2800", "\u200b\ufe0f", "\U0001d159"):
        answer = api(talk.cara).post(
            f"/api/threads/{talk.id}/messages", json={"body": body, "client_key": "k"}
        )
        assert answer.json["errors"] == {"body": "Write something first."}


NOT_FILES = [
    ({}, "multipart/form-data", 422),
    ({"file": "words"}, "multipart/form-data", 422),
    ({"other": (io.BytesIO(b"x"), "a.txt")}, "multipart/form-data", 422),
    (b"", "application/json", 422),
    (b"{}", "application/json", 422),
    (b"\xff", "multipart/form-data", 422),
    (b"--b\r\nnonsense", "multipart/form-data; boundary=b", 422),
]


@pytest.mark.parametrize(("data", "kind", "status"), NOT_FILES)
def test_a_body_without_a_file_is_refused(api, talk, everything, data, kind, status):
    before = everything()
    answer = api(talk.cara).post("/api/attachments", data=data, content_type=kind)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert "file" in answer.json["errors"]
    assert everything() == before


def test_two_files_in_one_upload_are_refused(api, talk):
    data = {"file": [(io.BytesIO(b"a"), "a.txt"), (io.BytesIO(b"b"), "b.txt")]}
    assert (
        api(talk.cara).post("/api/attachments", data=data, content_type="multipart/form-data").status_code
        == 422
    )


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "empty.txt", "empty"),
        (files.SVG, "a.svg", "SVG"),
        (files.HTML, "a.txt", "Web pages"),
        (files.HEIC, "a.heic", "JPEG"),
        (files.huge_png(), "a.png", "too many pixels"),
        (files.DAMAGED["no such code"], "a.gif", "damaged"),
        (files.PDF, "me.jpg", "says that this is a picture"),
        (files.archive("x"), "a.zip", "Archives"),
    ],
)
def test_a_refused_upload_has_a_reason_and_stores_nothing(api, talk, everything, content, name, why):
    before, kept = without_log(everything()), set(get_store().keys())
    answer = upload(api(talk.cara), content, name)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert why in answer.json["errors"]["file"]
    assert without_log(everything()) == before
    assert set(get_store().keys()) == kept


def test_a_file_that_is_too_large_is_a_413(app, api, talk, everything):
    app.config["MAX_UPLOAD"] = 1
    before = everything()
    for size in (1024 * 1024 + 1, 2 * 1024 * 1024):  # the file too large; the request too large
        answer = upload(api(talk.cara), b"x" * size, "a.txt")
        assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
        assert answer.json["detail"] == "A file can be at most 1 MB."
    assert everything() == before
    assert upload(api(talk.cara), b"x" * 1024 * 1024, "a.txt").status_code == 201


@pytest.fixture
def limited(make_app):
    """An application with its limits in force."""
    app = migrated(make_app(RATE_LIMITS=True))
    with app.app_context():
        limiter.reset()
        yield app
        db.session.remove()
    limiter.enabled = False  # it is one for all applications of this process


@pytest.mark.usefixtures("still_clock")
def test_too_many_uploads_are_a_429(limited, now):
    cara = Program(limited, create_token(user_id=gather(now).cara.id, now=now))
    answers = [upload(cara, b"", "a.txt") for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {422}
    assert (answers[60].status_code, answers[60].content_type) == (429, "application/problem+json")
    assert int(answers[60].headers["Retry-After"]) > 0


def test_a_slow_upload_holds_no_database_connection(app, api, talk):
    """A phone on a train takes minutes."""
    seen = []

    class Slow(io.BytesIO):
        def readinto(self, buffer):
            seen.append(db.engine.pool.checkedout())
            return super().readinto(buffer)

        def read(self, *args):
            seen.append(db.engine.pool.checkedout())
            return super().read(*args)

    cara = api(talk.cara)
    db.session.remove()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    body = head + b"x" * 70_000 + b"\r\n--b--\r\n"
    answer = cara.post(
        "/api/attachments",
        input_stream=Slow(body),
        content_length=len(body),
        content_type="multipart/form-data; boundary=b",
    )
    assert answer.status_code == 201
    assert seen
    assert set(seen) == {0}


def test_a_failing_store_is_a_503_when_uploading(app, api, talk, everything, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    app.config["STORAGE_URL"] = f"file://{in_the_way}/files"
    before = everything()
    answer = upload(api(talk.cara), b"x", "a.txt")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"]
    assert everything() == before


def test_a_large_body_of_a_stranger_is_not_read(client, talk):
    """Nothing of that size is even read for somebody we do not know."""
    huge = {"file": (io.BytesIO(b"x" * 1024 * 1024), "a.txt"), "body": "x", "client_key": "k"}
    assert (
        client.post(f"/threads/{talk.id}/messages", data=huge, content_type="multipart/form-data").status_code
        == 413
    )
    assert upload(client, b"x" * 1024 * 1024, "a.txt").status_code == 401


def test_an_upload_by_cookie_needs_a_csrf_token(browse, talk):
    """Another site's form could send that."""
    answer = upload(browse(talk.cara), b"x", "a.txt", forged=True, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_an_unsent_file_is_deleted_by_api(api, cast, talk):
    cara = api(talk.cara)
    file = upload(cara, b"x", "a.txt").json["attachment"]
    for stranger in (talk.paul, cast.olga):
        assert api(stranger).delete(f"/api/attachments/{file['id']}").status_code == 404
    assert cara.delete(f"/api/attachments/{file['id']}").status_code == 204
    sent = upload(cara, b"x", "a.txt").json["attachment"]["id"]
    cara.post(f"/api/threads/{talk.id}/messages", json={"body": "", "client_key": "k", "attachments": [sent]})
    assert cara.delete(f"/api/attachments/{sent}").status_code == 409


# Without script


def token_of(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def post_form(page, talk, files_given, body="", key="k"):
    token = token_of(page.get(f"/threads/{talk.id}"))
    data = {
        "csrf_token": token,
        "body": body,
        "client_key": key,
        "file": [(io.BytesIO(c), n) for c, n in files_given],
    }
    return page.post(f"/threads/{talk.id}/messages", data=data, content_type="multipart/form-data")


def test_the_form_sends_files_without_javascript(browse, talk):
    page = browse(talk.cara)
    answer = post_form(page, talk, [(files.picture(), "beach.jpg"), (files.PDF, "plan.pdf")])
    assert (answer.status_code, answer.location) == (303, f"/threads/{talk.id}#1")
    shown = page.get(f"/threads/{talk.id}").text
    assert 'alt="beach.jpg"' in shown
    assert 'download="plan.pdf"' in shown
    assert f"PDF · {len(files.PDF)} bytes" in shown
    assert "You: 2 files" in shown


def test_the_form_posted_twice_is_one_message_with_one_set_of_files(browse, talk):
    page = browse(talk.cara)
    for _ in range(2):
        assert post_form(page, talk, [(files.PDF, "plan.pdf")]).status_code == 303
    assert db.session.execute(select(func.count(Attachment.id))).scalar_one() == 1


def test_the_form_says_why_a_file_was_refused_and_keeps_the_text(browse, talk):
    answer = post_form(browse(talk.cara), talk, [(files.SVG, "a.svg")], body="look at <this>")
    assert answer.status_code == 422
    assert "Web pages and SVG pictures are not accepted" in answer.text
    assert "look at &lt;this&gt;</textarea>" in answer.text


def test_an_empty_form_is_refused_even_with_empty_file_fields(browse, talk):
    page = browse(talk.cara)
    token = token_of(page.get(f"/threads/{talk.id}"))
    data = {"csrf_token": token, "body": "", "client_key": "k", "files": "3"}
    assert page.post(f"/threads/{talk.id}/messages", data=data).status_code == 422


def test_an_outsider_s_upload_to_a_thread_stores_nothing(browse, cast, talk, everything):
    page = browse(cast.olga)
    before = everything()
    data = {"body": "x", "client_key": "k", "file": (io.BytesIO(files.PDF), "plan.pdf")}
    answer = page.post(f"/threads/{talk.id}/messages", data=data, content_type="multipart/form-data")
    assert answer.status_code == 404
    assert everything() == before


@pytest.mark.each_database
def test_a_refused_file_is_in_the_security_log_without_its_name(app, talk, now):
    with pytest.raises(Invalid):
        files.take(talk.cara, now, b"MZ\x90\x00" + bytes(60), "my secret.exe")
    event = db.session.execute(select(AuditEvent).where(AuditEvent.kind == "file.refused")).scalar_one()
    assert (event.outcome, event.detail) == ("refused", {"ending": "exe", "bytes": 64})
