"""Cookies are named so that no sibling host can set them, and read under their older names and secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from tests.cast import Cast, gather
from tests.databases import migrated
from wellchat import clock
from wellchat.accounts import links
from wellchat.accounts.links import DeadLink
from wellchat.accounts.queries import user_by_email
from wellchat.accounts.secrets_check import check_secrets
from wellchat.accounts.sessions import sign_in, sign_out
from wellchat.audit.actions import record
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
        app.test_client_class = FlaskClient
        return app

    migrated(make())
    return make


def people(app: Flask) -> Cast:
    with app.app_context():
        cast = gather(clock.now())
        db.session.remove()
        return cast


def set_by(answer: Any) -> dict[str, str]:
    """name -> the whole line of each cookie that an answer sets."""
    return {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


def act(app: Flask, what: Callable[[], object], cookies: dict[str, str] | None = None) -> dict[str, str]:
    """The lines of the cookies that are set when a request of a browser with these cookies does this."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
    with app.test_request_context("/", base_url=HTTPS, headers=headers):
        app.preprocess_request()
        what()
        answer = app.process_response(app.make_response("x"))
        db.session.remove()
    return set_by(answer)


def sign_in_cara() -> None:
    user = user_by_email("cara@example.com")
    assert user is not None
    sign_in(user, remember=True)


def cookies_of(app: Flask) -> dict[str, str]:
    """The cookies of a browser in which Cara signed in, as name -> value."""
    lines = act(app, sign_in_cara)
    return {name: line.partition("=")[2].partition(";")[0] for name, line in lines.items()}


def visit(app: Flask, cookies: dict[str, str]) -> FlaskClient:
    browser = app.test_client()
    for name, value in cookies.items():
        browser.set_cookie(name, value, domain="chat.example.com")
    return browser


def test_over_https_every_cookie_has_the_prefix(house: Any) -> None:
    app = house(BASE_URL=HTTPS)
    people(app)
    found = act(app, sign_in_cara)
    assert set(found) == {"__Host-wellchat", "__Host-wellchat_remember", "__Host-wellchat_device"}
    for line in found.values():
        flags = {flag.strip().lower() for flag in line.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
        assert not [flag for flag in flags if flag.startswith("domain")]


def test_over_http_the_names_are_plain(house: Any) -> None:
    app = house()
    people(app)
    found = act(app, sign_in_cara)
    assert set(found) == {"wellchat", "wellchat_remember", "wellchat_device"}
    assert not any("secure" in line.lower() for line in found.values())


@pytest.mark.parametrize("kept", ["wellchat", "wellchat_remember"])
def test_a_cookie_under_its_old_name_is_moved_once(house: Any, kept: str) -> None:
    before, after = house(), house(BASE_URL=HTTPS)
    people(before)
    browser = visit(after, {kept: cookies_of(before)[kept]})
    answer = browser.get("/api/me", base_url=HTTPS)
    assert answer.status_code == 200
    moved = set_by(answer)
    assert "Expires=Thu, 01 Jan 1970" in moved[kept]
    assert f"__Host-{kept}" in moved
    again = browser.get("/api/me", base_url=HTTPS)
    assert (again.status_code, kept in set_by(again)) == (200, False)


def test_a_new_name_counts_before_an_old_one(house: Any) -> None:
    before, after = house(), house(BASE_URL=HTTPS)
    people(before)
    planted = cookies_of(before)["wellchat"]
    browser = visit(after, {"wellchat": planted, "__Host-wellchat": "x"})
    assert browser.get("/api/me", base_url=HTTPS).status_code == 401


def test_signing_out_deletes_the_prefixed_cookies(house: Any) -> None:
    app = house(BASE_URL=HTTPS)
    people(app)
    gone = act(app, sign_out, cookies_of(app))
    for name in ("__Host-wellchat", "__Host-wellchat_remember"):
        assert "Expires=Thu, 01 Jan 1970" in gone[name]
        assert "secure" in gone[name].lower()
    assert "__Host-wellchat_device" not in gone


# Secrets


@pytest.mark.parametrize("kept", ["wellchat", "wellchat_remember"])
def test_after_a_change_of_the_secret_people_stay_signed_in(house: Any, kept: str) -> None:
    before = house()
    people(before)
    value = cookies_of(before)[kept]
    rotated, dropped = house(SECRET_KEY=NEW, OLD_SECRET_KEYS=f"{OTHER},{OLD}"), house(SECRET_KEY=NEW)
    for app, status in ((rotated, 200), (dropped, 401)):
        browser = app.test_client()
        browser.set_cookie(kept, value)
        assert browser.get("/api/me").status_code == status


def test_a_page_that_was_open_meanwhile_can_still_send(house: Any) -> None:
    before = house()
    people(before)
    found = {}

    def open_page() -> None:
        sign_in_cara()
        found["token"] = generate_csrf()
        assert session["csrf_token"]

    line = act(before, open_page)["wellchat"]
    for settings, status in (({}, 400), ({"OLD_SECRET_KEYS": OLD}, 303)):
        browser = house(SECRET_KEY=NEW, **settings).test_client()
        browser.set_cookie("wellchat", line.partition("=")[2].partition(";")[0])
        answer = browser.post("/sign-out", headers={"X-CSRFToken": found["token"]})
        assert answer.status_code == status


def test_links_and_addresses_in_mails_outlive_the_secret(house: Any) -> None:
    before = house()
    cara = people(before).cara
    now = clock.now()
    with before.app_context():
        link = links.reset_path(cara.id, now).removeprefix("/reset-password/")
        path = unsubscribe_path(cara.id).removeprefix("/unsubscribe/")
        address = reply_address(user_id=cara.id, thread_id="0123456789abc", now=now)
        name = pseudonym(cara.id)
        db.session.remove()
    assert address is not None
    with house(SECRET_KEY=NEW, OLD_SECRET_KEYS=OLD).app_context():
        assert links.link_owner(link, links.RESET, now=now).id == cara.id
        assert parse_unsubscribe_token(path)[0] == cara.id
        assert parse_reply_address(address) is not None
        assert pseudonym(cara.id) == name
        # What is signed now is signed with the new one.
        fresh = links.reset_path(cara.id, now).removeprefix("/reset-password/")
        db.session.remove()
    with house(SECRET_KEY=NEW, PSEUDONYM_KEY=OLD).app_context():
        assert links.link_owner(fresh, links.RESET, now=now).id == cara.id
        with pytest.raises(DeadLink):
            links.link_owner(link, links.RESET, now=now)
        assert parse_reply_address(address) is None
        assert pseudonym(cara.id) == name
        db.session.remove()


def test_the_doctor_says_when_names_in_the_log_would_change(house: Any) -> None:
    before = house()
    cara = people(before).cara
    with before.app_context():
        record("session.started", now=clock.now(), person_id=cara.id)
        assert check_secrets(before) == "WELLCHAT_SECRET_KEY signs, 0 older ones still verify"
        db.session.remove()
    rotated = house(SECRET_KEY=NEW, OLD_SECRET_KEYS=OLD)
    with rotated.app_context():
        assert check_secrets(rotated) == "WELLCHAT_SECRET_KEY signs, 1 older one still verifies"
        db.session.remove()
    forgot = house(SECRET_KEY=NEW)
    with forgot.app_context():
        with pytest.raises(ValueError, match="WELLCHAT_PSEUDONYM_KEY"):
            check_secrets(forgot)
        db.session.remove()
