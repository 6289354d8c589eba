"""Nothing stays in a browser's cache once a session is over; while it goes on, a 304 is cheap."""

from __future__ import annotations

import re

import pytest

from tests.accounts.test_pictures import picture, upload
from tests.attachments.files import send, take
from wellchat.attachments.processing import process

CLEAR = '"cache"'


def test_signing_out_clears_the_cache(app, cast, browse):
    cara = browse(cast.cara)
    assert "Clear-Site-Data" not in cara.get("/settings").headers
    assert cara.post("/sign-out").headers["Clear-Site-Data"] == CLEAR


@pytest.mark.parametrize(("path", "status"), [("/api/me", 401), ("/settings", 302), ("/sign-in", 200)])
def test_the_first_response_after_a_session_ended_elsewhere_clears_the_cache(
    app, cast, visitor, path, status
):
    here, elsewhere = visitor().signed_in_as(cast.cara), visitor()
    with here.session_transaction() as session:
        cookie = dict(session)
    with elsewhere.session_transaction() as session:
        session.update(cookie)
    assert elsewhere.post("/sign-out").status_code in (302, 303)
    first = here.get(path)
    assert (first.status_code, first.headers["Clear-Site-Data"]) == (status, CLEAR)
    second = here.get(path)
    assert second.status_code == status
    assert "Clear-Site-Data" not in second.headers


def test_a_late_refusal_leaves_the_next_sign_in_form_good(app, cast, visitor):
    """The answer to a poll that began before the sign-out comes after the form was loaded."""
    here, poll = visitor(), visitor()
    here.sign_in(cast.cara.email)
    here.get("/settings")
    with here.session_transaction() as session:
        cookie = dict(session)
    with poll.session_transaction() as session:
        session.update(cookie)
    assert here.post("/sign-out").status_code == 303
    form = re.search(r'name="csrf_token" value="([^"]+)"', here.get("/sign-in").text)[1]
    late = poll.get("/api/me")
    assert late.status_code == 401
    here.set_cookie("wellchat", late.headers["Set-Cookie"].partition("=")[2].partition(";")[0])
    data = {"email": cast.paul.email, "password": "correct horse", "csrf_token": form}
    assert here.post("/sign-in", data=data, forged=True).status_code == 303


def test_who_was_never_signed_in_has_nothing_to_clear(app, cast, visitor):
    assert "Clear-Site-Data" not in visitor().get("/settings").headers
    token = {"Authorization": "Bearer nonsense"}
    refused = visitor().signed_in_as(cast.cara).get("/api/me", headers=token)
    assert refused.status_code == 401
    assert "Clear-Site-Data" not in refused.headers, "the cookie's session goes on"


@pytest.mark.each_database
def test_a_picture_that_a_browser_has_takes_two_statements_or_three(app, cast, talk, visitor, now, queries):
    """Who asks, and whether they may see it (a file: one; a person: two). The bytes are not read."""
    upload(visitor().signed_in_as(talk.cara), picture())
    file = take(talk.cara, now)
    send(talk, talk.cara, [file])
    process(attachment_id=file.id, now=now)
    paul = visitor().signed_in_as(talk.paul)
    avatar = paul.get(f"/api/threads/{talk.id}").json["thread"]["other"]["avatar_url"]
    beach = f"/attachments/{file.id}"
    for path, statements in ((avatar, 3), (f"{beach}/a.jpg", 2), (f"{beach}/thumbnail", 2)):
        first = paul.get(path)
        assert first.status_code == 200
        tag = first.headers["ETag"]
        for given in (tag, f"W/{tag}", f'"other", {tag}'):
            with queries() as counted:
                again = paul.get(path, headers={"If-None-Match": given})
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
            assert again.headers["Cache-Control"] == "private, no-cache"
            assert counted.count == statements
        assert paul.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        refused = visitor().signed_in_as(cast.olga).get(path, headers={"If-None-Match": tag})
        assert refused.status_code == 404, "a tag is no key"
