"""Passkeys: adding, using and refusing them, on either database."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.accounts.conftest import mails_to
from tests.factors.conftest import FACTORS, Holder, again, half_way
from tests.factors.device import Device, user_of
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.factors import passkeys
from wellchat.factors.challenges import ALONE, SECOND
from wellchat.factors.models import FactorChallenge, Passkey

pytestmark = pytest.mark.each_database


def add(browser, device, name="My phone"):
    options = browser.post(f"{FACTORS}/passkey/options").json
    return browser.post(f"{FACTORS}/passkey", data={"response": device.make(options), "name": name})


def alone(browser, device, **form):
    options = browser.post("/sign-in/passkey/options").json
    return browser.post("/sign-in/passkey", data={"response": device.use(options), **form})


@pytest.fixture
def key(cast, device, visitor):
    """Cara's only factor."""
    browser = visitor()
    browser.sign_in("cara@example.com")
    assert add(browser, device).text.count('<li class="code">') == 10
    return device


def test_options_ask_for_a_key_that_can_sign_in_alone(app, cast, device, visitor):
    browser = visitor()
    browser.sign_in("cara@example.com")
    options = browser.post(f"{FACTORS}/passkey/options").json
    assert options["rp"]["id"] == "chat.example.com"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert options["excludeCredentials"] == []
    assert user_of(options["user"]["id"]) == cast.cara.id
    add(browser, device)
    (known,) = browser.post(f"{FACTORS}/passkey/options").json["excludeCredentials"]
    assert known["transports"] == ["internal"]
    assert again(cast.cara).factor_since is not None
    assert [mail.context["label"] for mail in mails_to("cara@example.com")] == ["My phone"]
    assert "My phone" in browser.get(FACTORS).text


def test_a_passkey_signs_in_alone(app, cast, key, visitor, acts):
    browser = visitor()
    options = browser.post("/sign-in/passkey/options").json
    assert options.get("allowCredentials", []) == []
    assert options["userVerification"] == "required"
    answer = browser.post("/sign-in/passkey", data={"response": key.use(options), "next": "/settings"})
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert browser.is_signed_in()
    assert acts()[-1] == ("factor.used", "done")


def test_a_word_that_only_newer_browsers_know_is_passed_over(app, cast, key, visitor):
    browser = visitor()
    said = json.loads(key.use(browser.post("/sign-in/passkey/options").json))
    said["authenticatorAttachment"] = "satellite"
    browser.post("/sign-in/passkey", data={"response": json.dumps(said)})
    assert browser.is_signed_in()


def test_a_passkey_is_a_second_step(app, cast, key, visitor):
    browser = half_way(visitor())
    page = browser.get("/sign-in/second").text
    assert 'data-controller="passkey"' in page
    assert "one-time-code" not in page
    options = browser.post("/sign-in/passkey/options").json
    assert len(options["allowCredentials"]) == 1
    answer = browser.post("/sign-in/second/passkey", data={"response": key.use(options)})
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.is_signed_in()


def test_a_passkey_proves_who_is_there(app, cast, key, visitor):
    browser = visitor()
    browser.signed_in_as(cast.cara)
    from tests.factors.test_app import age_proofs

    age_proofs(Holder.__new__(Holder))
    assert 'data-options="/prove/passkey/options"' in browser.get("/prove").text
    options = browser.post("/prove/passkey/options").json
    form = {"method": "passkey", "response": key.use(options), "next": FACTORS}
    assert browser.post("/prove", data=form).location == FACTORS
    assert browser.post("/prove", data=form).status_code == 422, "a challenge is good once"


def test_an_answer_is_good_once(app, cast, key, visitor):
    browser, other = visitor(), visitor()
    options = browser.post("/sign-in/passkey/options").json
    cookie, response = browser.cookie("wellchat"), key.use(options)
    assert browser.post("/sign-in/passkey", data={"response": response}).status_code == 303
    other.set_cookie("wellchat", cookie)
    replay = other.post("/sign-in/passkey", data={"response": response})
    assert replay.status_code == 422
    assert "sent twice" in replay.text
    assert not other.is_signed_in()


def test_of_two_requests_with_one_answer_one_gets_in(app, cast, key, now, at_once):
    challenge_id, options = passkeys.begin_use(purpose=ALONE, user_id=None, now=now)
    response = key.use(options)

    def enter(_number):
        try:
            return passkeys.use_passkey(
                purpose=ALONE, user_id=None, challenge_id=challenge_id, response=response, now=now
            ).id
        except Invalid:
            return None

    answers = at_once(6, enter)
    assert answers.count(None) == 5
    assert cast.cara.id in answers


def test_an_answer_for_another_browser_or_too_late_is_refused(app, cast, key, visitor, change, now):
    browser, other = visitor(), visitor()
    options = browser.post("/sign-in/passkey/options").json
    other.post("/sign-in/passkey/options")
    refused = other.post("/sign-in/passkey", data={"response": key.use(options)})
    assert refused.status_code == 422
    with transaction() as session:
        session.execute(update(FactorChallenge).values(ends_at=now - timedelta(seconds=1)))
    assert browser.post("/sign-in/passkey", data={"response": key.use(options)}).status_code == 422
    assert not browser.is_signed_in()


@pytest.mark.parametrize(
    "change_",
    [
        {"origin": "https://chat.example.com.evil.example"},
        {"origin": "https://chat.example.com/"},
        {"origin": "http://chat.example.com"},
        {"origin": "https://chat.example.com:444"},
        {"verifies": False},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "https://evil.example"}},
        {"client_data": {"type": "webauthn.create"}},
        {"client_data": {"challenge": "AAAA"}},
        {"handle": None},
        {"handle": "bm9ib2R5"},
    ],
)
def test_what_a_browser_must_not_say_is_refused(app, cast, key, visitor, acts, change_):
    for name, value in change_.items():
        setattr(key, name, value)
    browser = visitor()
    answer = alone(browser, key)
    assert answer.status_code == 422
    assert not browser.is_signed_in()
    assert acts()[-1] == ("factor.refused", "refused")


def test_a_passkey_made_inside_another_site_or_without_check_is_refused(app, cast, here, visitor):
    browser = visitor()
    browser.sign_in("cara@example.com")
    for change_ in ({"origin": "https://evil.example"}, {"verifies": False}):
        assert add(browser, Device(**{"origin": here, **change_})).status_code == 422
    assert add(browser, Device(here, client_data={"crossOrigin": True})).status_code == 422
    assert again(cast.cara).factor_since is None


def test_anothers_passkey_is_no_second_step(app, cast, key, here, visitor):
    paul, thiefs = visitor(), Device(here)
    paul.sign_in("paul@example.com")
    add(paul, thiefs)
    thief = half_way(visitor(), "cara@example.com")
    options = thief.post("/sign-in/passkey/options").json
    assert thief.post("/sign-in/second/passkey", data={"response": thiefs.use(options)}).status_code == 422
    thiefs.handle = key.handle
    options = thief.post("/sign-in/passkey/options").json
    assert thief.post("/sign-in/second/passkey", data={"response": thiefs.use(options)}).status_code == 422
    assert alone(visitor(), thiefs).status_code == 422
    assert not thief.is_signed_in()


def test_a_challenge_for_one_purpose_serves_no_other(app, cast, key, visitor):
    browser = half_way(visitor())
    browser.post("/sign-in/passkey/options")
    assert browser.post("/sign-in/passkey", data={"response": "{}"}).status_code == 422
    signed_in = visitor()
    signed_in.signed_in_as(cast.cara)
    options = signed_in.post("/prove/passkey/options").json
    answer = signed_in.post("/sign-in/passkey", data={"response": key.use(options)})
    assert answer.status_code == 422


def test_a_count_that_went_backwards_needs_the_password_too(app, cast, key, visitor, acts):
    key.count = 7
    assert alone(visitor(), key).status_code == 303
    key.count = 7
    copied = visitor()
    answer = alone(copied, key)
    assert answer.status_code == 422
    assert "may have been copied" in answer.text
    assert not copied.is_signed_in()
    owner = half_way(visitor())
    options = owner.post("/sign-in/passkey/options").json
    assert owner.post("/sign-in/second/passkey", data={"response": key.use(options)}).status_code == 303
    assert "may have been copied" in owner.get(FACTORS).text
    key.count = 4_000_000_000
    assert alone(visitor(), key).status_code == 303


def test_passkeys_are_named_and_removed(app, cast, key, visitor):
    browser = visitor()
    browser.signed_in_as(cast.cara)
    (stored,) = passkeys.passkeys_of(cast.cara.id)
    path = f"{FACTORS}/passkeys/{stored.id}"
    assert browser.post(path, data={"name": "Blue key"}).status_code == 303
    assert "Blue key" in browser.get(FACTORS).text
    empty = browser.post(path, data={"name": "x" * 81})
    assert empty.status_code == 422
    assert "x" * 81 in empty.text, "what was typed is kept"
    stranger = visitor()
    stranger.signed_in_as(cast.paul)
    assert stranger.post(path, data={"name": "Mine"}).status_code == 404
    assert stranger.post(f"{path}/remove").status_code == 404
    assert browser.post(f"{path}/remove").status_code == 303
    assert again(cast.cara).factor_since is None
    assert alone(visitor(), key).status_code == 422


def test_a_passkey_in_use_already_is_refused(app, cast, key, visitor, now):
    paul = visitor()
    paul.sign_in("paul@example.com")
    options = paul.post(f"{FACTORS}/passkey/options").json
    made = key.make(options)
    with transaction() as session:
        session.execute(update(Passkey).values(credential_id=key.id))
    assert paul.post(f"{FACTORS}/passkey", data={"response": made}).status_code == 422
    assert again(cast.paul).factor_since is None


@pytest.mark.parametrize(
    "response",
    [
        *("", "{", "[]", "null", "1", '"x"', "{}", '{"response": 3}', '{"response": {"clientDataJSON": 1}}'),
        json.dumps({"id": "x", "rawId": "x", "type": "y", "response": {"clientDataJSON": "e30"}}),
        *("[" * 9000, "x" * 40_000, '{"response": {"clientDataJSON": "bnVsbA"}}', "\x00"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(app, cast, key, visitor, response):
    browser = visitor()
    browser.signed_in_as(cast.cara)
    browser.post(f"{FACTORS}/passkey/options")
    assert browser.post(f"{FACTORS}/passkey", data={"response": response}).status_code == 422
    stranger = visitor()
    stranger.post("/sign-in/passkey/options")
    assert stranger.post("/sign-in/passkey", data={"response": response}).status_code == 422
    assert len(passkeys.passkeys_of(cast.cara.id)) == 1


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://chat.example.com", ("chat.example.com", "https://chat.example.com")),
        ("https://Chat.Example.com:443/", ("chat.example.com", "https://chat.example.com")),
        ("https://chat.example.com:8443/x", ("chat.example.com", "https://chat.example.com:8443")),
        ("https://käse.example", ("xn--kse-qla.example", "https://xn--kse-qla.example")),
        ("http://localhost:8000", ("localhost", "http://localhost:8000")),
        ("http://chat.example.com", None),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]:8000", None),
    ],
)
def test_the_site_is_that_of_the_address(app, address, site):
    from wellchat.factors import ceremony

    app.config["BASE_URL"] = address
    assert ceremony.site() == site


def test_where_there_can_be_no_passkeys_none_are_offered(app, cast, visitor):
    browser = visitor()
    assert "Sign in with a passkey" not in browser.get("/sign-in").text
    assert browser.post("/sign-in/passkey/options").status_code == 422
    browser.sign_in("cara@example.com")
    assert "https address with a name" in browser.get(f"{FACTORS}/passkey").text
    assert browser.post(f"{FACTORS}/passkey/options").status_code == 422
    assert db.session.execute(select(FactorChallenge)).all() == []


def test_the_doctor_names_passkeys_of_another_address(app, key):
    from wellchat.factors.checks import check

    assert "chat.example.com" in check(app)
    app.config["BASE_URL"] = "https://new.example.com"
    with pytest.raises(ValueError, match="1 passkey was made for another host name"):
        check(app)


def test_tries_of_a_stranger_do_not_lock_the_owner_out(app, cast, key, visitor, now):
    app.config["RATE_LIMITS"] = True
    for _ in range(8):
        challenge_id, options = passkeys.begin_use(purpose=ALONE, user_id=None, now=now)
        bad = json.loads(key.use(options))
        bad["response"]["signature"] = "AAAA"
        with pytest.raises(Invalid):
            passkeys.use_passkey(
                purpose=ALONE, user_id=None, challenge_id=challenge_id, response=json.dumps(bad), now=now
            )
    challenge_id, options = passkeys.begin_use(purpose=SECOND, user_id=cast.cara.id, now=now)
    used = passkeys.use_passkey(
        purpose=SECOND, user_id=cast.cara.id, challenge_id=challenge_id, response=key.use(options), now=now
    )
    assert used.id == cast.cara.id
