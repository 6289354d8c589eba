"""What a frame opens: a conversation by the host's ids, a file, a page in a window of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.accounts.conftest import Visitor, visitor
from tests.attachments.files import send, take
from tests.outsiders import plain
from wellchat import clock
from wellchat.attachments.processing import process
from wellchat.db import db, new_id
from wellchat.embed import files
from wellchat.embed.access import access_of
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.subjects.actions import put_subject

__all__ = ["Visitor", "visitor"]


def local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.mark.each_database
def test_a_conversation_is_found_by_the_ids_of_the_host(
    app: Flask, cast: Any, talk: Any, host: Any, frame: Any, now: Any
) -> None:
    cara, paul = frame(host.token()), frame(host.token(sub="p-1"))
    put_subject(
        kind="booking", external_id="B/1041", title="Bath", professional_id=cast.paul.id,
        client_id=cast.cara.id, now=now,
    )  # fmt: skip
    assert cara.post("/api/embed/threads", json={"with": "p-1"}).json == {"id": talk.id}
    assert paul.post("/api/embed/threads", json={"with": f"id:{cast.cara.id}"}).json == {"id": talk.id}
    assert cara.post("/api/embed/threads", json={"id": talk.id}).json == {"id": talk.id}
    subject = {"subject": {"kind": "booking", "external_id": "B/1041"}}
    about = cara.post("/api/embed/threads", json=subject)
    assert about.status_code == 200
    assert about.json == paul.post("/api/embed/threads", json=subject).json
    link(user_id=cast.olga.id, source=HOST, external_id="o-1", now=now)
    olga = frame(host.token(sub="o-1"))
    for body in ({"with": "nobody"}, {"with": "c-1"}, {"id": "x"}):
        theirs, nothing = (
            olga.post("/api/embed/threads", json=body),
            olga.post("/api/embed/threads", json={"id": new_id()}),
        )
        assert (theirs.status_code, theirs.json) == (404, nothing.json), body
    assert olga.post("/api/embed/threads", json={"id": talk.id}).status_code == 404
    assert olga.post("/api/embed/threads", json=subject).status_code == 404
    for body in ({}, {"id": "x", "with": "p-1"}, {"with": ""}, {"subject": "booking/B-1"}, {"with": "a\x00"}):
        assert cara.post("/api/embed/threads", json=body).status_code == 422, body


def test_words_of_a_list_stand_in_no_address(app: Flask, talk: Any, host: Any, frame: Any) -> None:
    talk.says(talk.paul, "tiles")
    cara = frame(host.token())
    path = cara.post("/api/embed/lists", json={"q": "Paul", "unread": "1"}).json["path"]
    assert "Paul" not in path
    page = cara.get("/embed" + path).text
    assert 'value="Paul"' in page
    assert talk.id in page
    assert cara.post("/api/embed/lists", json={"q": ""}).json == {"path": "/"}


@pytest.mark.each_database
def test_a_file_is_shown_by_the_header_and_downloaded_by_an_address_of_a_minute(
    app: Flask, talk: Any, host: Any, frame: Any, now: Any
) -> None:
    file = take(talk.paul, now)
    send(talk, talk.paul, [file])
    process(attachment_id=file.id, now=now)
    cara, stranger = frame(host.token()), app.test_client()
    for path in (f"/embed/attachments/{file.id}/beach.jpg", f"/embed/attachments/{file.id}/thumbnail"):
        assert cara.get(path).content_type.startswith("image/")
        assert stranger.get(path).status_code == 401
    made = cara.post(f"/api/attachments/{file.id}/links")
    assert (made.status_code, made.json["expires_in"]) == (201, 60)
    got = [stranger.get(local(made.json["url"])) for _ in range(2)]
    assert [(answer.status_code, answer.headers["Content-Disposition"][:11]) for answer in got] == [
        (200, "attachment;")
    ] * 2
    assert "Set-Cookie" not in got[0].headers
    # It is for this one file, for a minute, and no longer than the session.
    assert stranger.get(local(made.json["url"])[:-1]).status_code == 410
    access = access_of(cara.headers["Authorization"].partition(" ")[2], now=now)
    assert access is not None
    old = files.path_of(access, file.id, clock.now() - timedelta(seconds=61))
    assert stranger.get(old).status_code == 410
    assert stranger.get(files.path_of(access, new_id(), clock.now())).status_code == 404
    cara.delete("/api/embed/sessions/current")
    db.session.rollback()
    assert stranger.get(local(made.json["url"])).status_code == 410


def test_others_make_no_address_of_a_file(
    app: Flask, cast: Any, talk: Any, host: Any, frame: Any, api: Any, now: Any
) -> None:
    file = take(talk.paul, now)
    send(talk, talk.paul, [file])
    link(user_id=cast.olga.id, source=HOST, external_id="o-1", now=now)
    olga, missing = frame(host.token(sub="o-1")), new_id()
    theirs, nothing = (olga.post(f"/api/attachments/{id_}/links") for id_ in (file.id, missing))
    assert theirs.status_code == nothing.status_code == 404
    assert plain(theirs, {"id": file.id}) == plain(nothing, {"id": missing})
    assert api(talk.cara).post(f"/api/attachments/{file.id}/links").status_code == 404
    for path in (
        f"/embed/threads/{talk.id}",
        f"/embed/attachments/{file.id}/x",
        f"/embed/people/{cast.paul.id}/avatar",
    ):
        assert olga.get(path).status_code == 404


@pytest.mark.each_database
def test_a_link_opens_a_page_of_its_own_once_and_proves_nothing(
    app: Flask, cast: Any, host: Any, frame: Any, visitor: Any
) -> None:
    cara, window = frame(host.token()), visitor()
    made = cara.post("/api/embed/links", json={"to": "/settings?x=1"})
    assert (made.status_code, made.json["expires_in"]) == (201, 60)
    way = local(made.json["url"])
    assert window.head(way).status_code == 200
    arrival = window.get(way)
    assert (arrival.status_code, arrival.location) == (303, "/sso/arrive")
    assert window.get("/sso/arrive").location == "/settings?x=1"
    assert window.get("/api/me").json["user"]["id"] == cast.cara.id
    # The token of the host may have been a while ago.
    assert window.get("/settings/security/factors/app").location.startswith("/prove?")
    assert visitor().get(way).status_code == 410
    for to in ("https://evil.example", "//evil.example", "settings", "", 7, "/\\evil.example"):
        assert cara.post("/api/embed/links", json={"to": to}).status_code == 422, to


def test_a_link_asks_before_it_swaps_who_is_signed_in(
    app: Flask, cast: Any, host: Any, frame: Any, browse: Any
) -> None:
    way = local(frame(host.token()).post("/api/embed/links", json={"to": "/"}).json["url"])
    olga = browse(cast.olga)
    olga.get(way)
    assert "Olga Outsider" in olga.get("/sso/arrive").text
    assert olga.get("/api/me").json["user"]["id"] == cast.olga.id
