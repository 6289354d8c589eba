"""How often strangers may knock."""

from __future__ import annotations

import pytest

from tests.accounts.conftest import PASSWORD, Visitor
from tests.databases import CleanDatabase
from wellchat.db import db
from wellchat.web import limiter


@pytest.fixture
def app(make_app):
    """With the limits in force."""
    app = make_app(RATE_LIMITS=True)
    CleanDatabase(app)
    with app.app_context():
        yield app
        db.session.remove()
    limiter.enabled = False  # it is one for all applications of this process


@pytest.fixture
def door(app, cast, visitor):
    """A browser at some address."""
    limiter.reset()

    def at(place: str = "10.0.0.1") -> Visitor:
        browser = visitor()
        browser.environ_base["REMOTE_ADDR"] = place
        return browser

    return at


def test_an_account_takes_five_guesses_a_minute_from_all_addresses_together(door):
    for i in range(5):
        assert door(f"10.0.0.{i}").sign_in("cara@example.com", "guess").status_code == 422
    answer = door("10.0.0.99").sign_in(" Cara@Example.com ", "guess")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    by_call = door("10.0.0.98").post("/api/tokens", json={"email": "cara@example.com", "password": PASSWORD})
    assert (by_call.status_code, by_call.content_type) == (429, "application/problem+json")
    assert door("10.0.0.99").sign_in("paul@example.com").status_code == 303


def test_only_a_refusal_has_retry_after_and_it_is_never_zero(door):
    browser = door()
    answers = [
        browser.post("/sign-in", data={"email": f"a{i}@example.com", "password": "guess"}) for i in range(11)
    ]
    assert [answer.headers.get("Retry-After") for answer in answers[:10]] == [None] * 10
    assert answers[10].status_code == 429
    assert 1 <= int(answers[10].headers["Retry-After"]) <= 61  # of a minute, rounded up
    assert "RateLimit-Retry" not in answers[10].headers


def test_an_ip_address_has_ten_guesses_a_minute_whatever_its_headers_say(door):
    for i in range(10):
        lies = {"X-Forwarded-For": f"1.2.3.{i}", "X-Real-IP": f"1.2.3.{i}", "Forwarded": f"for=1.2.3.{i}"}
        answer = door().post(
            "/sign-in", data={"email": f"a{i}@example.com", "password": "guess"}, headers=lies
        )
        assert answer.status_code == 422
    assert door().sign_in("cara@example.com").status_code == 429
    assert door("10.0.0.2").sign_in("cara@example.com").status_code == 303


def test_opening_the_sign_in_page_is_not_limited(door):
    browser = door()
    assert all(browser.get("/sign-in").status_code == 200 for _ in range(30))


@pytest.mark.parametrize("email", ["cara@example.com", "nobody@example.com"])
def test_an_email_address_gets_three_mails_an_hour_known_or_not(door, email):
    for i in range(3):
        assert door(f"10.0.1.{i}").post("/forgot-password", data={"email": email}).status_code == 200
    assert door("10.0.1.9").post("/forgot-password", data={"email": email}).status_code == 429
    form = {"email": email, "name": "N", "password": "three warm words", "role": "client"}
    assert door("10.0.1.8").post("/sign-up", data=form).status_code == 429


def test_an_ip_address_causes_five_mails_a_minute(door):
    for i in range(5):
        assert door().post("/forgot-password", data={"email": f"a{i}@example.com"}).status_code == 200
    assert door().post("/forgot-password", data={"email": "b@example.com"}).status_code == 429
