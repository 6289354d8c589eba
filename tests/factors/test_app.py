"""Signing in with an authenticator app and recovery codes, at every door, on either database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.accounts.conftest import account, link_in, mails_to
from tests.factors.conftest import FACTORS, PASSWORD, Holder, Phone, again, half_way, hidden
from wellchat import clock
from wellchat.accounts import credentials
from wellchat.accounts.proof import is_fresh
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.factors.actions import renew_codes, use_code
from wellchat.factors.models import HalfSignIn, RecoveryCode, Totp
from wellchat.factors.tries import TooManyTries

pytestmark = pytest.mark.each_database


def test_an_app_is_set_up_by_its_first_code(app, cast, now, visitor, acts):
    browser = visitor()
    browser.sign_in("cara@example.com")
    page = browser.get(f"{FACTORS}/app").text
    assert "<svg" in page
    key = page.partition('id="key">')[2].partition("<")[0].replace(" ", "")
    phone, sealed = Phone(key), hidden(page, "sealed")
    wrong = browser.post(f"{FACTORS}/app", data={"code": "000000", "sealed": sealed})
    assert wrong.status_code == 422
    assert key in wrong.text.replace(" ", ""), "the same picture, for it was scanned"
    assert again(cast.cara).factor_since is None
    done = browser.post(f"{FACTORS}/app", data={"code": phone.code(now), "sealed": sealed})
    assert done.status_code == 200
    assert done.text.count('<li class="code">') == 10
    assert again(cast.cara).factor_since is not None
    assert [mail.name for mail in mails_to("cara@example.com")] == ["factor_added"]
    assert sorted(acts()) == [("factor.added", "done"), ("factor.codes_made", "done")]
    assert 'class="code"' not in browser.get(FACTORS).text, "shown once"
    twice = browser.post(f"{FACTORS}/app", data={"code": phone.code(now, steps=1), "sealed": sealed})
    assert twice.location == FACTORS
    assert db.session.get(Totp, cast.cara.id).secret_sealed.find(key.encode()) == -1


def test_a_sealed_key_of_another_person_is_refused(app, cast, now, visitor):
    paul, cara = visitor(), visitor()
    paul.sign_in("paul@example.com")
    cara.sign_in("cara@example.com")
    page = paul.get(f"{FACTORS}/app").text
    key = page.partition('id="key">')[2].partition("<")[0].replace(" ", "")
    form = {"code": Phone(key).code(now), "sealed": hidden(page, "sealed")}
    for sealed in (form["sealed"], "nonsense", "", "ä", "A" * 5000):
        answer = cara.post(f"{FACTORS}/app", data={**form, "sealed": sealed})
        assert answer.location == f"{FACTORS}/app"
    assert again(cast.cara).factor_since is None


def test_the_password_alone_signs_nobody_in(app, cara, now, visitor, acts):
    browser = half_way(visitor())
    assert not browser.is_signed_in()
    assert browser.get("/settings").status_code == 302
    page = browser.get("/sign-in/second").text
    assert 'autocomplete="one-time-code"' in page
    wrong = browser.post("/sign-in/second", data={"code": "123 456"})
    assert wrong.status_code == 422
    assert not browser.is_signed_in()
    right = browser.post("/sign-in/second", data={"code": cara.phone.code(now)})
    assert (right.status_code, right.location) == (303, "/")
    assert browser.is_signed_in()
    assert acts()[-2:] == [("factor.refused", "refused"), ("factor.used", "done")]


def test_the_second_step_leads_to_the_page_that_was_asked_for(app, cara, now, visitor):
    browser = visitor()
    browser.sign_in("cara@example.com", next="/settings", remember="1")
    answer = browser.post("/sign-in/second", data={"code": cara.phone.code(now)})
    assert answer.location == "/settings"
    browser.delete_cookie("wellchat")
    assert browser.is_signed_in(), "and is remembered"


def test_a_code_works_once(app, cara, now, visitor):
    first, second = half_way(visitor()), half_way(visitor())
    code = cara.phone.code(now)
    assert first.post("/sign-in/second", data={"code": code}).status_code == 303
    again_ = second.post("/sign-in/second", data={"code": code})
    assert again_.status_code == 422
    assert "used already" in again_.text
    older = second.post("/sign-in/second", data={"code": cara.phone.code(now, steps=-1)})
    assert older.status_code == 422
    assert not second.is_signed_in()
    assert second.post("/sign-in/second", data={"code": cara.phone.code(now, steps=1)}).status_code == 303


@pytest.mark.parametrize("seconds", [-1, 30])
def test_an_operator_can_take_codes_only_while_an_app_shows_them(app, cara, now, seconds):
    begin = datetime.fromtimestamp(int(now.timestamp()) // 30 * 30, UTC)
    code, at = cara.phone.code(begin), begin + timedelta(seconds=seconds)
    app.config["TOTP_DRIFT"] = 0
    with pytest.raises(Invalid):
        use_code(user_id=cara.user.id, typed=code, now=at)
    assert use_code(user_id=cara.user.id, typed=code, now=begin + timedelta(seconds=29)) == "app"


def test_of_two_browsers_with_one_code_one_gets_in(app, cara, now, at_once):
    def enter(_number):
        try:
            return use_code(user_id=cara.user.id, typed=cara.phone.code(now), now=now)
        except Invalid:
            return None

    assert sorted(at_once(6, enter), key=str) == [None] * 5 + ["app"]


def test_of_two_browsers_with_one_recovery_code_one_gets_in(app, cara, now, at_once):
    def enter(_number):
        try:
            return use_code(user_id=cara.user.id, typed=cara.codes[0], now=now)
        except Invalid:
            return None

    assert sorted(at_once(6, enter), key=str) == [None] * 5 + ["recovery"]
    mails = [mail for mail in mails_to("cara@example.com") if mail.name == "recovery_code_used"]
    assert [mail.context["left"] for mail in mails] == [9]


def test_a_recovery_code_works_once_and_is_told_of(app, cara, now, visitor):
    code = f" {cara.codes[3][:5].lower()}-{cara.codes[3][5:]} "
    first = half_way(visitor())
    assert first.post("/sign-in/second", data={"code": code, "kind": "recovery"}).status_code == 303
    assert "9 recovery codes are left" in first.get("/settings").text
    second = half_way(visitor())
    refused = second.post("/sign-in/second", data={"code": code, "kind": "recovery"})
    assert refused.status_code == 422
    assert "used already" in refused.text
    stored = db.session.execute(select(RecoveryCode.digest)).scalars().all()
    assert len(stored) == 10
    assert not set(stored) & set(cara.codes)


def test_new_recovery_codes_replace_the_old_ones(app, cara, now):
    fresh = renew_codes(user_id=cara.user.id, now=now)
    with pytest.raises(Invalid):
        use_code(user_id=cara.user.id, typed=cara.codes[0], now=now)
    assert use_code(user_id=cara.user.id, typed=fresh[0], now=now) == "recovery"


def test_the_half_way_state_belongs_to_its_browser_and_ends(app, cara, now, visitor, change):
    browser, other = half_way(visitor()), visitor()
    code = cara.phone.code(now)
    for way in ("/sign-in/second", "/sign-in/second/passkey"):
        assert other.post(way, data={"code": code, "response": "{}"}).location == "/sign-in"
    (half,) = db.session.execute(select(HalfSignIn)).scalars()
    change(half, ends_at=now - timedelta(seconds=1))
    late = browser.post("/sign-in/second", data={"code": code})
    assert late.location == "/sign-in"
    assert "took too long" in browser.get("/sign-in").text
    assert not browser.is_signed_in()


def test_a_password_changed_meanwhile_ends_the_half_way_state(app, cara, now, visitor):
    thief = half_way(visitor())
    credentials.change_password(user_id=cara.user.id, current=PASSWORD, new="four warm words", now=now)
    assert thief.post("/sign-in/second", data={"code": cara.phone.code(now)}).location == "/sign-in"
    assert not thief.is_signed_in()


def test_a_half_way_state_is_used_up_by_signing_in(app, cara, now, visitor):
    browser, copy = half_way(visitor()), visitor()
    copy.set_cookie("wellchat", browser.cookie("wellchat"))
    assert browser.post("/sign-in/second", data={"code": cara.phone.code(now)}).status_code == 303
    late = copy.post("/sign-in/second", data={"code": cara.phone.code(now, steps=1)})
    assert late.location == "/sign-in"


def test_links_by_mail_lead_to_the_second_step_too(app, cara, now, visitor):
    credentials.request_password_reset(email="cara@example.com", now=now)
    link = link_in(next(mail for mail in mails_to("cara@example.com") if mail.name == "reset"))
    browser = visitor()
    answer = browser.post(link, data={"password": "four warm words"})
    assert answer.location == "/sign-in/second"
    assert not browser.is_signed_in()
    assert again(cara.user).factor_since is not None, "a new password resets no factor"
    assert browser.post("/sign-in/second", data={"code": cara.phone.code(now)}).status_code == 303
    assert browser.is_signed_in()


def test_a_token_needs_a_code_too(app, cara, now, visitor):
    program = visitor()
    body = {"email": "cara@example.com", "password": PASSWORD}
    without = program.post("/api/tokens", json=body)
    assert (without.status_code, without.content_type) == (403, "application/problem+json")
    assert "code" in without.json["errors"]
    wrong = program.post("/api/tokens", json={**body, "code": "111111"})
    assert wrong.status_code == 401
    assert "code" in wrong.json["errors"]
    strange = program.post("/api/tokens", json={**body, "code": 123456})
    assert strange.status_code == 422
    assert "code" not in program.post("/api/tokens", json={**body, "password": "wrong"}).json.get(
        "errors", {}
    )
    right = program.post("/api/tokens", json={**body, "code": cara.phone.code(now)})
    assert right.status_code == 201
    replay = program.post("/api/tokens", json={**body, "code": cara.phone.code(now)})
    assert replay.status_code == 401


def test_tries_are_counted_over_all_doors_and_from_everywhere(app, cara, now, at_once):
    app.config["RATE_LIMITS"] = True

    def guess(number):
        try:
            use_code(user_id=cara.user.id, typed=f"{number:06}", now=now)
        except TooManyTries:
            return "limit"
        except Invalid:
            return "wrong"

    assert sorted(at_once(8, guess)) == ["limit"] * 3 + ["wrong"] * 5
    with pytest.raises(TooManyTries):
        use_code(user_id=cara.user.id, typed=cara.phone.code(now), now=now)
    for minute in range(1, 4):
        for number in range(5):
            assert guess_at(cara, now + timedelta(minutes=minute, seconds=number)) == "wrong"
    assert guess_at(cara, now + timedelta(minutes=5)) == "limit"
    assert guess_at(cara, now + timedelta(minutes=61)) == "wrong"


def guess_at(cara: Holder, at):
    try:
        use_code(user_id=cara.user.id, typed="0", now=at)
    except TooManyTries:
        return "limit"
    except Invalid:
        return "wrong"


@pytest.mark.usefixtures("still_clock")
def test_too_many_tries_are_answered_on_the_page(app, cara, now, visitor):
    app.config["RATE_LIMITS"] = True
    browser = half_way(visitor())
    answers = [browser.post("/sign-in/second", data={"code": "1"}).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert "Wait a minute" in browser.post("/sign-in/second", data={"code": "1"}).text


def test_a_change_needs_a_fresh_proof_by_the_factor(app, cara, now, visitor, change):
    browser = half_way(visitor())
    browser.post("/sign-in/second", data={"code": cara.phone.code(now)})
    age_proofs(cara)
    for path in ("/app/remove", "/codes", "/passkeys/x/remove", "/passkeys/x", "/passkey/options"):
        assert browser.post(FACTORS + path).location.startswith("/prove"), path
    page = browser.get(f"/prove?next={FACTORS}").text
    assert 'value="password"' not in page
    password = browser.post("/prove", data={"method": "password", "password": PASSWORD})
    assert password.status_code == 422, "for somebody with a factor the password is not enough"
    wrong = browser.post("/prove", data={"method": "code", "code": "222222"})
    assert wrong.status_code == 422
    assert "not right" in wrong.text
    proof = {"method": "code", "code": cara.phone.code(now, steps=1), "next": FACTORS}
    assert browser.post("/prove", data=proof).location == FACTORS
    assert browser.post(f"{FACTORS}/app/remove").location == FACTORS
    assert again(cara.user).factor_since is None
    assert db.session.execute(select(RecoveryCode)).all() == []
    assert [mail.name for mail in mails_to("cara@example.com")][-1] == "factor_removed"


def test_a_recovery_code_proves_too(app, cara, now, visitor):
    browser = half_way(visitor())
    browser.post("/sign-in/second", data={"code": cara.phone.code(now)})
    age_proofs(cara)
    proof = {"method": "recovery", "code": cara.codes[0], "next": FACTORS}
    assert browser.post("/prove", data=proof).location == FACTORS
    assert browser.post(f"{FACTORS}/codes").status_code == 200
    assert browser.post("/prove", data=proof).status_code == 422


def age_proofs(holder: Holder) -> None:
    from wellchat.accounts.session_models import UserSession

    with transaction() as session:
        session.execute(update(UserSession).values(proved_at=clock.now() - timedelta(hours=1)))


def test_a_changed_key_of_the_installation_lets_no_code_through(app, cara, now):
    app.config["SECRET_KEY"] = "another-key-of-this-installation"
    for typed in (cara.phone.code(now), cara.codes[0]):
        with pytest.raises(Invalid):
            use_code(user_id=cara.user.id, typed=typed, now=now)


def test_a_key_copied_into_another_row_cannot_be_used(app, cara, cast, now):
    mallory = Holder(cast.paul, now)
    with transaction() as session:
        stolen = select(Totp.secret_sealed).where(Totp.user_id == cast.paul.id).scalar_subquery()
        session.execute(update(Totp).where(Totp.user_id == cara.user.id).values(secret_sealed=stolen))
    with pytest.raises(Invalid):
        use_code(user_id=cara.user.id, typed=mallory.phone.code(now), now=now)


def test_people_without_a_factor_sign_in_as_before(app, cast, visitor):
    browser = visitor()
    assert browser.sign_in("paul@example.com").location == "/"
    assert browser.is_signed_in()
    assert account("paul@example.com").factor_since is None
    assert not is_fresh(account("paul@example.com"))
