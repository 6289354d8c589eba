"""How often strangers may knock."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest

from tests.accounts.conftest import PASSWORD, Visitor, mails_to
from tests.databases import migrated
from wellchat.accounts.addresses import canonical_address
from wellchat.db import db
from wellchat.web import limiter


@pytest.fixture
def app(make_app):
    """With the limits in force."""
    app = migrated(make_app(RATE_LIMITS=True))
    with app.app_context():
        yield app
        db.session.remove()
    limiter.enabled = False  # it is one for all applications of this process


@pytest.fixture
def door(app, cast, visitor, still_clock):
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
def test_a_reset_is_always_answered_the_same_and_mailed_once_while_its_link_lives(door, email):
    answers = [door(f"10.0.{i}.1").post("/forgot-password", data={"email": email}) for i in range(6)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({re.search("<main.*</main>", answer.text, re.DOTALL)[0] for answer in answers}) == 1
    sent = [mail for mail in mails_to(email) if mail.state == "queued"]
    assert len(sent) == (1 if email == "cara@example.com" else 0)
    assert len(mails_to(email)) == 6, "every request writes one row, known or not"


def test_no_door_mails_an_address_for_one_purpose_more_than_another(door):
    form = {"email": "new@example.com", "name": "N", "password": "three warm words", "role": "client"}
    assert door("10.0.1.1").post("/sign-up", data=form).status_code == 200
    assert door("10.0.2.1").post("/sign-up", data=form).status_code == 200
    assert door("10.0.3.1").sign_in("NEW@example.com", "three warm words").status_code == 200
    given = {"email": "new@example.com", "password": "three warm words"}
    assert door("10.0.4.1").post("/api/tokens", json=given).status_code in (401, 403)
    kinds = Counter((mail.name, mail.state) for mail in mails_to("new@example.com"))
    assert kinds["verification", "queued"] == 1
    assert door("10.0.5.1").post("/forgot-password", data={"email": "new@example.com"}).status_code == 200
    assert [mail.state for mail in mails_to("new@example.com") if mail.name == "reset"] == ["queued"]


SPELLINGS = [
    f"{local}@{domain}{end}"
    for local in ("cara", "CARA", "Cara", "cAra")
    for domain in ("example.com", "EXAMPLE.com", "\uff45xample.com", "example\u3002com")
    for end in ("", " ", "\t", "\u2003")
]


def test_all_spellings_that_find_one_account_share_its_budget(door):
    assert len(SPELLINGS) == 64
    assert {canonical_address(each) for each in SPELLINGS} == {"cara@example.com"}
    answers = [door(f"10.{i}.0.1").sign_in(each, "guess").status_code for i, each in enumerate(SPELLINGS)]
    assert Counter(answers) == {422: 5, 429: 59}


def test_spellings_of_an_unknown_address_share_a_budget_too(door):
    answers = [
        door(f"10.{i}.0.1").sign_in(each.lower().replace("cara", "nemo"), "guess").status_code
        for i, each in enumerate(SPELLINGS)
    ]
    assert Counter(answers) == {422: 5, 429: 59}


def test_ipv6_addresses_of_one_network_are_one_place(door):
    answers = [
        door(f"2001:db8:1:2::{i:x}").sign_in(f"a{i}@example.com", "guess").status_code for i in range(14)
    ]
    assert Counter(answers) == {422: 10, 429: 4}
    answers = [
        door(f"2001:db8:1:{i:x}::1").sign_in(f"b{i}@example.com", "guess").status_code for i in range(3, 40)
    ]
    assert Counter(answers)[422] == 20, "thirty of one /48 within a minute, with the ten before"
    assert door("2001:db8:9::1").sign_in("cara@example.com").status_code == 303


def test_the_page_the_call_the_present_password_and_the_proof_are_one_count(door, cast):
    assert door("10.0.0.1").sign_in("cara@example.com", "guess").status_code == 422
    given = {"email": "cara@example.com", "password": "guess"}
    assert door("10.0.1.1").post("/api/tokens", json=given).status_code == 401
    inside = door("10.0.2.1").signed_in_as(cast.cara)
    change = {"current_password": "guess", "new_password": "three warm words"}
    answers = [inside.post("/settings/password", data=change).status_code for _ in range(4)]
    assert answers == [422, 422, 422, 429]
    assert inside.post("/prove", data={"method": "password", "password": "guess"}).status_code == 429
    assert door("10.0.3.1").sign_in("cara@example.com", "guess").status_code == 429


def test_the_windows_of_an_hour_and_a_day_hold_when_the_minute_is_over(door, monkeypatch):
    tried = 0
    for i in range(30):
        later = time.time() + 61 * i
        with monkeypatch.context() as at:
            at.setattr("time.time", lambda later=later: later)
            answers = [door(f"10.{i}.{j}.1").sign_in("cara@example.com", "no").status_code for j in range(6)]
        tried += answers.count(422)
    assert tried == 20


def test_an_ip_address_causes_five_mails_a_minute(door):
    for i in range(5):
        assert door().post("/forgot-password", data={"email": f"a{i}@example.com"}).status_code == 200
    assert door().post("/forgot-password", data={"email": "b@example.com"}).status_code == 429


@pytest.mark.timeout(300)
def test_a_thousand_guesses_try_fewer_than_thirty_and_the_owner_signs_in_meanwhile(
    make_app, visitor, cast, app
):
    """From 100 networks behind a proxy, in 64 spellings; the owner comes from the device they use."""
    proxied = make_app(RATE_LIMITS=True, TRUSTED_PROXIES=1, DATABASE_URL=app.config["DATABASE_URL"])
    proxied.test_client_class = Visitor

    def come_from(place, browser):
        browser.environ_base["HTTP_X_FORWARDED_FOR"] = place
        return browser

    owner = come_from("198.51.100.7", proxied.test_client())
    assert owner.sign_in("cara@example.com").status_code == 303
    owner.post("/sign-out")
    statuses = []
    for i in range(1_000):
        place = f"203.{i % 100}.113.{i // 100}" if i % 2 else f"2001:db8:{i % 100:x}::{i:x}"
        stranger, spelling = come_from(place, proxied.test_client()), SPELLINGS[i % 64]
        given = {"email": spelling, "password": f"guess {i}"}
        # By both doors; the call is cheaper to refuse than a page.
        door = (
            stranger.sign_in
            if i % 10 == 0
            else lambda stranger=stranger, **given: stranger.post("/api/tokens", json=given)
        )
        statuses.append(door(**given).status_code)
        if i == 500:
            assert owner.sign_in("cara@example.com").status_code == 303
    tried = Counter(statuses)
    assert 0 < tried[422] + tried[401] < 30
    assert sum(tried.values()) == tried[422] + tried[401] + tried[429]
    owner.post("/sign-out")
    assert owner.sign_in("cara@example.com").status_code == 303
    # A machine under load takes longer than a minute for all this: use up the minute that is now.
    for i in range(6):
        come_from(f"203.0.{i}.1", proxied.test_client()).sign_in("cara@example.com", "guess")
    elsewhere = come_from("198.51.100.8", proxied.test_client())
    assert elsewhere.sign_in("cara@example.com").status_code == 429, (
        "a device that nobody knows has no budget"
    )


def test_a_known_device_has_a_budget_too(door):
    device = door("10.0.0.1")
    assert device.sign_in("cara@example.com").status_code == 303
    device.post("/sign-out")
    answers = [device.sign_in("cara@example.com", "guess").status_code for _ in range(7)]
    assert Counter(answers) == {422: 5, 429: 2}
    assert door("10.0.1.1").sign_in("cara@example.com").status_code == 303, "it is not the account's"
