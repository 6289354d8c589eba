"""A session is a row: it is adopted, seen, ended by time or by hand, and then dead in every process."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.cast import Cast
from wellchat import clock
from wellchat.accounts import credentials
from wellchat.accounts.models import new_session_id
from wellchat.accounts.queries import user_by_session
from wellchat.accounts.session_models import UserSession
from wellchat.accounts.session_rows import see_session, start_session
from wellchat.db import db, transaction

MINUTE = timedelta(minutes=1)
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def rows() -> list[UserSession]:
    db.session.rollback()
    query = select(UserSession).order_by(UserSession.made_at)
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


def began(user: Any, now: Any) -> str:
    """The cookie of a session that began at `now`."""
    user.session_id = new_session_id(now)
    start_session(user=user, network="", device="", now=now)
    return str(user.get_id())


@pytest.mark.each_database
def test_signing_in_makes_a_row(visitor: Any, cast: Cast) -> None:
    browser = visitor()
    browser.post(
        "/sign-in",
        data={"email": "cara@example.com", "password": "correct horse", "remember": "1"},
        headers=FIREFOX,
    )
    (row,) = rows()
    assert (row.user_id, row.device, row.network) == (cast.cara.id, "Firefox on Linux", "127.0.0.0/24")
    assert row.remembered
    assert row.proved_at == row.made_at == row.seen_at
    # Ninety days from the beginning of its first day, which stands in the cookie.
    assert timedelta(days=89) < row.ends_at - row.made_at <= timedelta(days=90)


@pytest.mark.each_database
def test_a_cookie_from_before_gets_its_row_at_the_next_act(visitor: Any, cast: Cast) -> None:
    browser = visitor()
    cast.cara.session_id = ""
    with browser.session_transaction() as session:
        session["_user_id"] = cast.cara.get_id()
    assert browser.get("/api/me").status_code == 200
    assert rows() == []
    assert browser.get("/settings").status_code == 200
    assert browser.get("/settings").status_code == 200
    (row,) = rows()
    assert (row.user_id, row.proved_at) == (cast.cara.id, None)


@pytest.mark.parametrize(("who", "idle"), [("cara", timedelta(days=30)), ("ada", timedelta(minutes=30))])
@pytest.mark.each_database
def test_an_idle_session_ends(app: Flask, cast: Cast, now: Any, who: str, idle: timedelta) -> None:
    user = getattr(cast, who)
    cookie = began(user, now)
    seen = user_by_session(cookie, now=now + idle - MINUTE)
    assert seen is not None
    assert user_by_session(cookie, now=now + idle) is None
    see_session(user=seen, network="", device="", now=now + idle - MINUTE)
    assert user_by_session(cookie, now=now + idle) is not None


def test_a_refusal_says_that_a_session_ended_by_time_alone(app: Flask, cast: Cast, visitor: Any) -> None:
    """Until somebody signs in, and not of a session that somebody ended."""

    def end(**values: Any) -> None:
        with transaction() as session:
            session.execute(update(UserSession).values(**values))

    browser = visitor()
    browser.sign_in(cast.cara.email)
    end(ends_at=clock.now())
    for _ in range(2):
        refused = browser.get("/api/me")
        assert (refused.status_code, refused.headers.get("X-Session-End")) == (401, "time")
    browser.sign_in(cast.cara.email)
    end(ended_at=clock.now())
    refused = browser.get("/api/me")
    assert (refused.status_code, refused.headers.get("X-Session-End")) == (401, None)


def test_a_session_of_an_administrator_ends_after_twelve_hours(app: Flask, cast: Cast, now: Any) -> None:
    cookie = began(cast.ada, now)
    at = now
    while at < now + timedelta(hours=12):
        user = user_by_session(cookie, now=at)
        assert user is not None
        see_session(user=user, network="", device="", now=at)
        at += 20 * MINUTE
    assert user_by_session(cookie, now=at) is None


def test_an_act_is_written_only_once_in_some_minutes(app: Flask, cast: Cast, now: Any, queries: Any) -> None:
    cookie = began(cast.cara, now)
    user = user_by_session(cookie, now=now + MINUTE)
    with queries() as counted:
        see_session(user=user, network="", device="", now=now + 4 * MINUTE)
    assert counted.count == 0
    see_session(user=user, network="192.0.2.0/24", device="Edge", now=now + 5 * MINUTE)
    (row,) = rows()
    assert (row.seen_at, row.network, row.device) == (now + 5 * MINUTE, "192.0.2.0/24", "Edge")


@pytest.mark.each_database
def test_a_session_costs_no_statement_of_its_own(app: Flask, cast: Cast, now: Any, queries: Any) -> None:
    cookie = began(cast.cara, now)
    db.session.rollback()
    with queries() as counted:
        assert user_by_session(cookie, now=now) is not None
    assert counted.count == 1


@pytest.mark.each_database
def test_a_copied_cookie_ends_with_its_session(visitor: Any, cast: Cast) -> None:
    browser, thief = visitor(), visitor()
    browser.sign_in("cara@example.com")
    thief.set_cookie("wellchat", browser.cookie("wellchat"))
    assert thief.is_signed_in()
    browser.post("/sign-out")
    assert not thief.is_signed_in()
    (row,) = rows()
    assert row.ended_at is not None


@pytest.mark.each_database
def test_a_session_that_begins_while_all_are_ended_has_no_row(
    app: Flask, cast: Cast, now: Any, background: Any
) -> None:
    cast.cara.session_id = new_session_id(now)
    cookie, user_id = cast.cara.get_id(), cast.cara.id
    background(lambda: credentials.end_sessions(user_id=user_id)).result()
    start_session(user=cast.cara, network="", device="", now=now)
    assert (rows(), user_by_session(cookie, now=now)) == ([], None)
