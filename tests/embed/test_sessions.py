"""The session of a frame: how it begins, what it may do, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.cast import Cast, Talk
from tests.embed.conftest import SHOP
from tests.fixtures import Program
from tests.services import wait_for
from tests.sso.conftest import Host
from tests.sso.refusals import REFUSALS
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.personal_data import erase_person
from wellchat.accounts.queries import sessions_of
from wellchat.accounts.scopes import needed_scope
from wellchat.accounts.session_models import EMBED, UserSession
from wellchat.accounts.session_rows import end_others
from wellchat.accounts.standing import disable, enable
from wellchat.db import db
from wellchat.embed.access import PREFIX, access_of, tidy
from wellchat.embed.guarding import CLOSED
from wellchat.longpoll.wakeups import poll_notifier

Acts = Callable[[str], list[dict[str, Any]]]
Frame = Callable[..., Program]


def rows() -> int:
    db.session.rollback()
    query = select(func.count()).select_from(UserSession).where(UserSession.kind == EMBED)
    return int(db.session.execute(query).scalar_one())


@pytest.mark.each_database
def test_a_token_is_exchanged_as_often_as_it_lasts(
    app: Flask, cast: Cast, host: Host, exchange: Any, acts: Acts, now: datetime
) -> None:
    token = host.token(locale="de-AT", as_of=host.now)
    answers = [exchange(token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json["access_token"] for answer in answers}) == 3
    found = answers[0].json
    assert found["access_token"].startswith(PREFIX)
    assert (found["expires_in"], found["language"], found["user"]["id"]) == (900, "de", cast.cara.id)
    assert found["brand"] == {"name": "wellchat", "accent_hue": app.config["ACCENT_HUE"]}
    assert not [answer for answer in answers if "Set-Cookie" in answer.headers]
    assert rows() == 3
    # One row of the log for all frames of a page, and no secret of them in the database.
    assert acts("embed.started") == [{"origin": SHOP}]
    assert sessions_of(cast.cara, now=now) == []
    stored = db.session.execute(select(UserSession)).scalars().all()
    assert not [row for row in stored if found["access_token"] in repr(vars(row))]


@pytest.mark.each_database
@pytest.mark.parametrize("wrong", REFUSALS)
def test_a_wrong_token_is_refused_and_written_down_once(
    host: Host, exchange: Any, acts: Acts, wrong: str
) -> None:
    code, make = REFUSALS[wrong]
    answer = exchange(make(host))
    assert answer.status_code == 401
    assert "reason" not in answer.json
    assert code not in answer.text
    (refused,) = acts("sso.refused")
    assert (refused["code"], refused["door"]) == (code, "/api/embed/sessions")
    assert rows() == 0


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", SHOP + "/", "http://www.shop.example", "null", "*", "https://partner.example"],
)
def test_a_token_is_good_in_the_named_sites_alone(host: Host, exchange: Any, acts: Acts, origin: str) -> None:
    assert exchange(host.token(), origin).status_code == 403
    (refused,) = acts("sso.refused")
    assert refused["code"] == "wrong_origin"
    assert rows() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"origin": SHOP}, "token"),
        ({"token": 7, "origin": SHOP}, "token"),
        ({"token": "x"}, "origin"),
        ({"token": "x", "origin": "x" * 301}, "origin"),
        ({"token": "x", "origin": SHOP, "sub": "c-2"}, "sub"),
    ],
)
def test_a_body_that_cannot_be_read_says_where(app: Flask, body: Any, field: str) -> None:
    answer = app.test_client().post("/api/embed/sessions", json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_person_with_a_factor_needs_one_at_home(
    app: Flask, cast: Cast, host: Host, exchange: Any, acts: Acts, change: Any, now: datetime
) -> None:
    change(cast.cara, factor_since=now)
    assert exchange(host.token(amr=["pwd"])).status_code == 401
    assert acts("sso.refused")[0]["code"] == "second_factor"
    assert exchange(host.token(amr=["pwd", "otp"])).status_code == 201


def test_a_new_person_is_made_here_too(host: Host, frame: Frame) -> None:
    assert frame(host.token(sub="c-new", name="Nora New")).get("/api/me").json["user"]["name"] == "Nora New"


@pytest.mark.each_database
def test_a_frame_reads_and_writes_and_no_cookie_counts(
    app: Flask, cast: Cast, talk: Talk, host: Host, frame: Frame, browse: Any
) -> None:
    talk.exchange("cp")
    cara = frame(host.token())
    # The browser is signed in as Olga, on the same site.
    olga = browse(cast.olga)
    cara.headers["Cookie"] = f"wellchat={olga.get_cookie('wellchat').value}; wellchat_remember=x; theme=dark"
    assert cara.get("/api/me").json["user"]["id"] == cast.cara.id
    sent = cara.post(f"/api/threads/{talk.id}/messages", json={"body": "From a frame", "client_key": "f1"})
    assert sent.status_code == 201
    page = cara.get(f"/embed/threads/{talk.id}")
    assert "From a frame" in page.text
    assert 'class="topbar"' not in page.text
    answers = [page, cara.get("/embed/"), sent, cara.get("/api/threads")]
    assert [answer.status_code for answer in answers] == [200, 200, 201, 200]
    assert not [answer for answer in answers if "Set-Cookie" in answer.headers]
    # Without the token the same browser is nobody in a frame, and itself elsewhere.
    del cara.headers["Authorization"]
    assert cara.get("/embed/").status_code == 401
    assert olga.get("/api/me").json["user"]["id"] == cast.olga.id


def test_a_frame_gets_in_only_where_it_has_business(app: Flask, talk: Talk, host: Host, frame: Frame) -> None:
    """By the table of routes: what scopes.py gives to `read` and `send`, under /api and /embed."""
    cara, tried = frame(host.token()), 0
    for rule in app.url_map.iter_rules():
        values = {name: 1 if name == "seq" else "0000000000000" for name in rule.arguments}
        with app.test_request_context():
            path = rule.build(values, append_unknown=False)[1]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = cara.open(path, method=method, json={} if path.startswith("/api") else None)
            is_open = path.startswith(("/api/", "/embed/")) and needed_scope(rule.rule, method) in (
                "read",
                "send",
            )
            if path.startswith("/api/host"):
                # For keys of the host alone, which come first.
                assert answer.status_code in (200, 401, 403), path
            elif not is_open or rule.rule.startswith(CLOSED):
                assert answer.status_code == 403, (method, path)
                tried += 1
            else:
                assert answer.status_code not in (401, 403), (method, path)
            if method == "DELETE" and path == "/api/embed/sessions/current":
                cara = frame(host.token())
    assert tried > 100


def test_others_use_no_calls_of_frames(talk: Talk, api: Any, browse: Any) -> None:
    calls = [
        ("/api/embed/links", {"to": "/"}),
        ("/api/embed/threads", {"id": talk.id}),
        ("/api/embed/lists", {}),
    ]
    for client in (api(talk.cara), browse(talk.cara)):
        for path, body in calls:
            assert client.post(path, json=body).status_code in (401, 403, 404)
        assert client.delete("/api/embed/sessions/current").status_code in (401, 403, 404)
    assert api(talk.cara).get("/embed/").status_code == 401


ENDS: dict[str, Callable[[Any, datetime], Any]] = {
    "signed out by the host": lambda user, now: end_sessions(user_id=user.id),
    "disabled": lambda user, now: disable(user_id=user.id, now=now),
    "erased": lambda user, now: erase_person(user_id=user.id, now=now),
}


@pytest.mark.each_database
@pytest.mark.parametrize("how", [*ENDS, "ended by the frame", "signed out everywhere else"])
def test_an_end_reaches_the_frame_and_its_hanging_poll(
    app: Flask,
    cast: Cast,
    talk: Talk,
    host: Host,
    frame: Frame,
    background: Any,
    browse: Any,
    how: str,
    now: datetime,
) -> None:
    cara = frame(host.token())
    since = cara.get("/api/me").json["cursor"]
    hanging = background(lambda: cara.get(f"/api/updates?since={since}&wait=30").status_code)
    wait_for(lambda: poll_notifier().waiting == 1, what="the waiter")
    if how == "ended by the frame":
        assert cara.delete("/api/embed/sessions/current").status_code == 204
    elif how == "signed out everywhere else":
        browse(cast.cara)
        end_others(user=cast.cara, now=now)
    else:
        ENDS[how](cast.cara, now)
    assert hanging.result(timeout=20) == 401
    db.session.rollback()
    assert cara.get("/api/me").status_code == 401
    assert cara.get(f"/api/updates?since={since}").status_code == 401
    if how == "disabled":
        enable(user_id=cast.cara.id, now=now)
        assert cara.get("/api/me").status_code == 401


@pytest.mark.each_database
def test_a_session_ends_after_a_quarter_of_an_hour_and_goes_after_a_day(
    app: Flask, host: Host, exchange: Any, now: datetime
) -> None:
    secret = exchange(host.token()).json["access_token"]
    assert access_of(secret, now=now + timedelta(seconds=899)) is not None
    assert access_of(secret, now=now + timedelta(seconds=901)) is None
    assert tidy(now + timedelta(hours=24)) == {"embed_sessions": 0}
    assert tidy(now + timedelta(hours=24, minutes=16)) == {"embed_sessions": 1}
    assert rows() == 0


def test_an_access_token_costs_one_statement_and_others_none(
    app: Flask, make_app: Any, talk: Talk, host: Host, frame: Frame, browse: Any, queries: Any
) -> None:
    talk.exchange("cp")
    cara, by_cookie = frame(host.token()), browse(talk.cara)
    since = cara.get("/api/me").json["cursor"]
    for path in ("/api/me", f"/api/updates?since={since}", f"/api/threads/{talk.id}/messages"):
        counts = []
        for client in (by_cookie, cara):
            client.get(path)
            with queries() as counted:
                assert client.get(path).status_code in (200, 204)
            counts.append(counted.count)
        assert counts[0] == counts[1], path


@pytest.mark.usefixtures("still_clock")
def test_refusals_fill_no_log(app: Flask, host: Host, exchange: Any, acts: Acts) -> None:
    app.config["RATE_LIMITS"] = True
    answers = [exchange("x").status_code for _ in range(32)]
    assert answers == [401] * 30 + [429] * 2
    assert len(acts("sso.refused")) == 30
    assert exchange(host.token()).status_code == 201
