"""A step that nobody else at an open browser should take asks again who is there."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.cast import Cast
from wellchat import clock
from wellchat.accounts import credentials
from wellchat.accounts.proof import fresh_proof
from wellchat.accounts.queries import user_by_session
from wellchat.accounts.session_models import UserSession
from wellchat.accounts.session_rows import mark_proved
from wellchat.db import db, transaction
from wellchat.web import signed_in


@pytest.fixture
def guarded() -> Any:
    """The guard itself, on a view that says "done"."""
    return signed_in(fresh_proof(lambda: "done"))


@pytest.fixture
def later(app: Flask) -> Callable[[], None]:
    """later(): eleven minutes have passed since every proof."""

    def pass_by() -> None:
        with transaction() as session:
            session.execute(update(UserSession).values(proved_at=clock.now() - timedelta(minutes=11)))

    return pass_by


def ask(app: Flask, guarded: Any, browser: Any, path: str = "/settings?a=1", **more: Any) -> Any:
    """The answer of the guarded view to this browser, as if it stood at `path`."""
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser._cookies.values())
    headers = {"Cookie": cookies, **more.pop("headers", {})}

    def answer() -> Any:
        with app.test_request_context(path, headers=headers, **more):
            app.preprocess_request()
            try:
                return app.make_response(guarded())
            except Exception as error:
                return app.make_response(app.handle_user_exception(error))

    # In a context of its own: it must not find the person of the request before.
    return contextvars.Context().run(answer)


def test_a_proof_from_the_future_is_none(app: Flask, guarded: Any, visitor: Any, cast: Cast) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    for minutes, status in ((0.5, 200), (30, 303)):
        with transaction() as session:
            session.execute(update(UserSession).values(proved_at=clock.now() + timedelta(minutes=minutes)))
        assert ask(app, guarded, browser).status_code == status


def test_signing_in_is_a_proof_for_ten_minutes(
    app: Flask, guarded: Any, visitor: Any, cast: Cast, later: Any
) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    assert ask(app, guarded, browser).get_data() == b"done"
    later()
    answer = ask(app, guarded, browser)
    assert (answer.status_code, answer.location) == (303, "/prove?next=%2Fsettings%3Fa%3D1")
    refused = browser.post("/prove", data={"method": "password", "password": "wrong", "next": "/settings"})
    assert refused.status_code == 422
    assert b"This is not your present password." in refused.data
    assert ask(app, guarded, browser).status_code == 303
    taken = browser.post(
        "/prove", data={"method": "password", "password": "correct horse", "next": "/search"}
    )
    assert (taken.status_code, taken.location) == (303, "/search")
    assert ask(app, guarded, browser).get_data() == b"done"


def test_a_program_is_told_where_to_prove(
    app: Flask, guarded: Any, visitor: Any, cast: Cast, later: Any
) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    later()
    answer = ask(app, guarded, browser, "/api/me")
    assert (answer.status_code, answer.content_type) == (403, "application/problem+json")
    assert (answer.get_json()["prove"], answer.get_json()["status"]) == ("/prove", 403)


def test_a_bearer_token_proves_nothing(app: Flask, guarded: Any, api: Any, cast: Cast) -> None:
    program = api(cast.cara)
    with app.test_request_context("/api/me", headers=program.headers):
        app.preprocess_request()
        with pytest.raises(Exception, match="program cannot"):
            guarded()
    assert program.post("/prove", data={"method": "password", "password": "correct horse"}).status_code == 403


def test_a_form_that_was_sent_leads_back_to_its_page(
    app: Flask, guarded: Any, visitor: Any, cast: Cast, later: Any
) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    later()
    for referrer, way_back in (
        ("http://localhost/settings/security", "%2Fsettings%2Fsecurity"),
        ("https://evil.example/settings", "%2F"),
    ):
        answer = ask(
            app,
            guarded,
            browser,
            "/settings/x",
            method="POST",
            headers={"Referer": referrer, "X-CSRFToken": browser._csrf_token()},
        )
        assert answer.location == f"/prove?next={way_back}"


@pytest.mark.parametrize(
    "form", [{}, {"method": "x"}, {"method": "password"}, {"method": "password", "password": "x" * 9999}]
)
def test_a_proof_that_is_none_is_refused(visitor: Any, cast: Cast, form: dict[str, str]) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    assert browser.post("/prove", data=form).status_code == 422


def test_the_way_back_stays_on_this_site(visitor: Any, cast: Cast) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    form = {"method": "password", "password": "correct horse", "next": "//evil.example"}
    assert browser.post("/prove", data=form).location == "/"
    assert b"evil.example" not in browser.get("/prove?next=https://evil.example").data


def test_a_first_password_needs_a_fresh_proof(cast: Cast, change: Any, browse: Any, later: Any) -> None:
    change(cast.cara, password_hash=None)
    browser = browse(cast.cara)
    later()
    answer = browser.post("/settings/password", data={"new_password": "another fine horse"})
    assert answer.location == "/prove?next=/settings%23password"
    browser = browse(cast.cara)
    assert browser.post("/settings/password", data={"new_password": "another fine horse"}).status_code == 303


def test_somebody_without_a_password_is_told_what_to_do(
    visitor: Any, cast: Cast, change: Any, browse: Any
) -> None:
    change(cast.cara, password_hash=None)
    page = browse(cast.cara).get("/prove")
    assert b"You have no password yet." in page.data


MINUTE = timedelta(minutes=1)


def prove(browser: Any) -> Any:
    return browser.post("/prove", data={"method": "password", "password": "correct horse", "next": "/"})


def copied(visitor: Any, browser: Any) -> Any:
    """Another browser with a copy of the cookie, as a tab has whose request is on its way; or a thief."""
    other = visitor()
    other.set_cookie("wellchat", browser.cookie("wellchat"))
    return other


def id_in(browser: Any) -> str:
    with browser.session_transaction() as session:
        return str(session["_user_id"])


@pytest.mark.each_database
def test_a_proof_gives_the_session_a_new_id_and_the_old_one_ends_after_a_minute(
    app: Flask, visitor: Any, cast: Cast, now: Any
) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com", remember="1")
    old, tab, thief = id_in(browser), copied(visitor, browser), copied(visitor, browser)
    kept = browser.cookie("wellchat_remember")
    assert prove(browser).status_code == 303
    new, at = id_in(browser), clock.now()
    assert new != old
    # A remembered browser remembers the new one.
    assert browser.cookie("wellchat_remember").startswith(new)
    # The same session, with the same end: one row, and the first day still stands in the id.
    (row,) = db.session.execute(select(UserSession)).scalars()
    assert new.split("~")[0] == old.split("~")[0]
    mine, theirs = user_by_session(new, now=at), user_by_session(old, now=at)
    assert mine is not None
    assert theirs is not None
    assert mine.session == theirs.session
    assert mine.session.id == row.id
    # What was sent before still works.
    assert tab.get("/settings").status_code == 200
    assert theirs.access_ends_at is not None
    assert theirs.access_ends_at <= at + MINUTE
    # Then only the new one is good; the old one is no cookie from before there were rows.
    assert user_by_session(old, now=at + MINUTE) is None
    assert user_by_session(new, now=at + MINUTE) is not None
    # A second proof ends it at once: one old id, never two.
    prove(browser)
    assert user_by_session(old, now=at) is None
    for cookie in ("wellchat", "wellchat_remember"):
        thief.delete_cookie(cookie)
        thief.set_cookie("wellchat_remember", kept)
        assert not thief.is_signed_in()
    assert browser.is_signed_in()


@pytest.mark.each_database
@pytest.mark.parametrize("end", ["sign-out", "sign-out of the other tab", "end others", "end all", "end one"])
def test_however_a_session_ends_both_its_ids_end(app: Flask, visitor: Any, cast: Cast, end: str) -> None:
    browser, desk = visitor(), visitor()
    browser.sign_in("cara@example.com")
    tab = copied(visitor, browser)
    prove(browser)
    assert tab.is_signed_in()
    assert browser.is_signed_in()
    desk.sign_in("cara@example.com")
    if end == "sign-out":
        browser.post("/sign-out")
    elif end == "sign-out of the other tab":
        tab.post("/sign-out")
    elif end == "end others":
        # From the tab with the old id: its own session stays.
        answer = tab.post("/settings/security/sessions/end-others")
        # It has something to say, and leaves the new cookie where it is all the same.
        assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (303, [])
        assert tab.is_signed_in()
        assert browser.is_signed_in()
        assert not desk.is_signed_in()
        desk.sign_in("cara@example.com")
        desk.post("/settings/security/sessions/end-others")
    elif end == "end all":
        credentials.end_sessions(user_id=cast.cara.id)
    else:
        row_id = db.session.execute(select(UserSession.id).order_by(UserSession.made_at)).scalars().first()
        desk.post(f"/settings/security/sessions/{row_id}/end")
    assert not tab.is_signed_in()
    assert not browser.is_signed_in()


@pytest.mark.each_database
def test_of_two_proofs_at_once_one_replaces_the_id_and_both_count(
    app: Flask, visitor: Any, cast: Cast, at_once: Any, later: Any
) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    cookie, both_read = id_in(browser), Barrier(2)
    later()

    def prove_it(_number: int) -> tuple[bool, str]:
        user = user_by_session(cookie, now=clock.now())
        assert user is not None
        db.session.rollback()
        both_read.wait()
        return mark_proved(user, now=clock.now()), user.get_id()

    outcome = dict(at_once(2, prove_it))
    # Whichever answer comes last, the browser ends with the id that lasts.
    assert outcome[False] == cookie
    assert outcome[True] != cookie
    at = clock.now()
    assert user_by_session(outcome[True], now=at + MINUTE) is not None
    assert user_by_session(cookie, now=at + MINUTE) is None
    (row,) = db.session.execute(select(UserSession)).scalars()
    assert row.proved_at is not None
    assert at - row.proved_at < MINUTE
