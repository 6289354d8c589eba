"""Cookies are named so that no sibling host can set them, and read under their older names and secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import PASSWORD, Visitor
from tests.cast import Cast, gather
from tests.databases import CleanDatabase
from wellchat import clock
from wellchat.accounts import links
from wellchat.accounts.links import DeadLink
from wellchat.audit.models import pseudonym
from wellchat.db import db
from wellchat.mail.addresses import parse_reply_address, reply_address
from wellchat.notifications.unsubscribe import parse_unsubscribe_token, unsubscribe_path

OLD, NEW, OTHER = ("0123456789abcdef" * 2, "fedcba9876543210" * 2, "0f1e2d3c4b5a6978" * 2)
HTTPS = "https://chat.example.com"


@pytest.fixture
def house(make_app: Callable[..., Flask], tmp_path: Any) -> Callable[..., Flask]:
    """house(...): an application with these settings, all on one database."""

    def make(**settings: Any) -> Flask:
        url = f"sqlite:///{tmp_path / 'house.db'}"
        app = make_app(DATABASE_URL=url, **{"SECRET_KEY": OLD, **settings})
        app.test_client_class = Visitor
        return app

    first = make()
    CleanDatabase(first)
    return make


def visit(app: Flask, cookies: dict[str, str], **more: Any) -> Any:
    """A browser with these cookies, at the address of the installation."""
    browser = app.test_client()
    for name, value in cookies.items():
        browser.set_cookie(name, value, domain="chat.example.com", **more)
    return browser


def sign_in(app: Flask) -> Any:
    browser = app.test_client()
    form = {"email": "cara@example.com", "password": PASSWORD, "remember": "1"}
    return browser.post(
        "/sign-in", data=form, base_url=HTTPS, headers={"Referer": f"{HTTPS}/sign-in"}, forged=True
    )


def set_by(answer: Any) -> dict[str, str]:
    """name -> the whole line of each cookie that an answer sets."""
    return {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


@pytest.fixture
def cast_in() -> Callable[[Flask], Cast]:
    def make(app: Flask) -> Cast:
        with app.app_context():
            cast = gather(clock.now(), password=PASSWORD)
            db.session.remove()
            return cast

    return make


def signed_in_cookies(app: Flask) -> dict[str, str]:
    """The cookies of a browser that signed in, as name -> value."""
    with app.test_request_context("/", base_url=HTTPS, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        app.preprocess_request()
        from wellchat.accounts.queries import user_by_email
        from wellchat.accounts.sessions import sign_in

        user = user_by_email("cara@example.com")
        assert user is not None
        sign_in(user, remember=True)
        answer = app.process_response(app.make_response("x"))
        db.session.remove()
    return {name: line.partition("=")[2].partition(";")[0] for name, line in set_by(answer).items()}


def lines(app: Flask) -> dict[str, str]:
    with app.test_request_context("/", base_url=HTTPS):
        app.preprocess_request()
        from wellchat.accounts.queries import user_by_email
        from wellchat.accounts.sessions import sign_in

        user = user_by_email("cara@example.com")
        assert user is not None
        sign_in(user, remember=True)
        answer = app.process_response(app.make_response("x"))
        db.session.remove()
    return set_by(answer)


def test_over_https_every_cookie_has_the_prefix(house: Any, cast_in: Any) -> None:
    app = house(BASE_URL=HTTPS)
    cast_in(app)
    found = lines(app)
    assert set(found) == {"__Host-wellchat", "__Host-wellchat_remember", "__Host-wellchat_device"}
    for line in found.values():
        flags = {flag.strip().lower() for flag in line.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
        assert not [flag for flag in flags if flag.startswith("domain")]


def test_over_http_the_names_are_plain(house: Any, cast_in: Any) -> None:
    app = house()
    cast_in(app)
    found = lines(app)
    assert set(found) == {"wellchat", "wellchat_remember", "wellchat_device"}
    assert not any("secure" in line.lower() for line in found.values())


@pytest.mark.parametrize("kept", ["wellchat", "wellchat_remember"])
def test_a_cookie_under_its_old_name_is_moved_once(house: Any, cast_in: Any, kept: str) -> None:
    before, after = house(), house(BASE_URL=HTTPS)
    cast_in(before)
    browser = visit(after, {kept: signed_in_cookies(before)[kept]})
    answer = browser.get("/api/me", base_url=HTTPS)
    assert answer.status_code == 200
    moved = set_by(answer)
    assert "Expires=Thu, 01 Jan 1970" in moved[kept]
    assert f"__Host-{kept}" in moved
    again = browser.get("/api/me", base_url=HTTPS)
    assert (again.status_code, kept in set_by(again)) == (200, False)


def test_signing_out_deletes_the_prefixed_cookies(house: Any, cast_in: Any) -> None:
    app = house(BASE_URL=HTTPS)
    cast_in(app)
    cookies = signed_in_cookies(app)
    browser = visit(app, cookies)
    answer = browser.post("/settings/security/sessions/end-others", base_url=HTTPS, forged=True)
    assert answer.status_code == 400  # the forged form: signed in all the same
    with app.test_request_context(
        "/sign-out", base_url=HTTPS, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
    ):
        from wellchat.accounts.sessions import sign_out

        app.preprocess_request()
        sign_out()
        gone = set_by(app.process_response(app.make_response("x")))
        db.session.remove()
    for name in ("__Host-wellchat", "__Host-wellchat_remember"):
        assert "Expires=Thu, 01 Jan 1970" in gone[name]
        assert "secure" in gone[name].lower()
    assert "__Host-wellchat_device" not in gone


# Secrets


@pytest.mark.parametrize("kept", ["wellchat", "wellchat_remember"])
def test_after_a_change_of_the_secret_people_stay_signed_in(house: Any, cast_in: Any, kept: str) -> None:
    before = house()
    cast_in(before)
    cookies = {kept: signed_in_cookies(before)[kept]}
    rotated, dropped = house(SECRET_KEY=NEW, OLD_SECRET_KEYS=f"{OTHER},{OLD}"), house(SECRET_KEY=NEW)
    for app, status in ((rotated, 200), (dropped, 401)):
        browser = app.test_client()
        for name, value in cookies.items():
            browser.set_cookie(name, value)
        assert browser.get("/api/me").status_code == status


def test_a_page_that_was_open_meanwhile_can_still_send(house: Any, cast_in: Any) -> None:
    from flask_wtf.csrf import generate_csrf

    before = house()
    cast_in(before)
    cookies = signed_in_cookies(before)
    with before.test_request_context("/", headers={"Cookie": f"wellchat={cookies['wellchat']}"}):
        token = generate_csrf()
        from flask import session

        raw = session["csrf_token"]
    for settings, status in (({"OLD_SECRET_KEYS": OLD}, 303), ({}, 400)):
        app = house(SECRET_KEY=NEW, **settings)
        browser = app.test_client()
        browser.set_cookie("wellchat", cookies["wellchat"])
        with browser.session_transaction() as opened:
            opened["csrf_token"] = raw
        answer = browser.post("/sign-out", headers={"X-CSRFToken": token})
        assert answer.status_code == status


def test_links_and_addresses_in_mails_outlive_the_secret(house: Any, cast_in: Any) -> None:
    before = house()
    cast = cast_in(before)
    now = clock.now()
    thread = "0123456789abc"
    with before.app_context():
        link = links.reset_path(cast.cara.id, now).removeprefix("/reset-password/")
        path = unsubscribe_path(cast.cara.id).removeprefix("/unsubscribe/")
        address = reply_address(user_id=cast.cara.id, thread_id=thread, now=now)
        name = pseudonym(cast.cara.id)
        db.session.remove()
    assert address is not None
    with house(SECRET_KEY=NEW, OLD_SECRET_KEYS=OLD).app_context():
        assert links.link_owner(link, links.RESET, now=now).id == cast.cara.id
        assert parse_unsubscribe_token(path)[0] == cast.cara.id
        assert parse_reply_address(address) is not None
        assert pseudonym(cast.cara.id) == name
        # What is signed now is signed with the new one.
        fresh = links.reset_path(cast.cara.id, now).removeprefix("/reset-password/")
        db.session.remove()
    with house(SECRET_KEY=NEW, PSEUDONYM_KEY=OLD).app_context():
        assert links.link_owner(fresh, links.RESET, now=now).id == cast.cara.id
        with pytest.raises(DeadLink):
            links.link_owner(link, links.RESET, now=now)
        assert parse_reply_address(address) is None
        assert pseudonym(cast.cara.id) == name
        db.session.remove()
