"""/sso: people come with a token of the host, once, from its own pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.conftest import mails_to
from tests.cast import Cast
from tests.factors.conftest import Holder
from tests.sso.conftest import SHOP, Host, Visitor
from tests.sso.refusals import REFUSALS
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.accounts.session_models import UserSession
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.sso import feature
from wellchat.sso.doors import person_of_token, use_up
from wellchat.sso.keys import create_key
from wellchat.sso.tokens import BadToken, read_host_token

Visit = Callable[[], Visitor]
Acts = Callable[[str], list[dict[str, Any]]]


def bring(browser: Visitor, token: str, to: str = "", *, origin: str = SHOP, **more: str) -> Any:
    """The host's page sends its form: no cookie of ours comes with it, ours from the answer stay."""
    kept = browser.get_cookie("wellchat")
    browser.delete_cookie("wellchat")
    answer = browser.post(
        "/sso", data={"token": token, "to": to, **more}, headers={"Origin": origin}, forged=True
    )
    if kept is not None:
        browser.set_cookie("wellchat", kept.value)
    return answer


def come(browser: Visitor, token: str, to: str = "", **more: str) -> Any:
    """The same, and the redirect after it."""
    answer = bring(browser, token, to, **more)
    assert (answer.status_code, answer.location) == (303, "/sso/arrive")
    return browser.get("/sso/arrive")


def me(browser: Visitor) -> dict[str, Any]:
    return dict(browser.get("/api/me").json["user"])


def count(what: Any) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count()).select_from(what)).scalar_one())


def test_a_token_makes_a_person_and_signs_them_in(host: Host, visitor: Visit, acts: Acts) -> None:
    browser = visitor()
    answer = come(browser, host.token(zoneinfo="Europe/Berlin", locale="de-AT"), "/settings")
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert (me(browser)["name"], me(browser)["role"]) == ("Hanna Host", "client")
    user = db.session.execute(select(User).where(User.name == "Hanna Host")).scalar_one()
    assert (user.email, user.verified_at, user.password_hash, user.locale) == (None, None, None, "de")
    assert user.time_zone == "Europe/Berlin"
    assert [session.way for session in db.session.execute(select(UserSession)).scalars()] == ["sso"]
    # The arrival is good once, too.
    assert browser.get("/sso/arrive").location == "/sign-in"
    # Again: the same person.
    other = visitor()
    come(other, host.token())
    assert me(other)["id"] == user.id
    assert (count(User), len(acts("sso.person_made"))) == (1, 1)
    assert acts("session.started") == [{"way": "sso"}, {"way": "sso"}]


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_is_401_and_one_row(
    host: Host, visitor: Visit, acts: Acts, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    code, make = REFUSALS[name]
    before = count(AuditEvent)
    answer = bring(visitor(), make(host))
    assert answer.status_code == 401
    assert count(AuditEvent) == before + 1
    (refused,) = acts("sso.refused")
    assert (refused["code"], refused["door"]) == (code, "/sso")
    assert refused["reason"] in caplog.text
    # Of nobody's words is anything in the log.
    assert "Hanna" not in str(refused)
    # The stranger reads a number, and nothing of why.
    assert "0123456789abcdef" in answer.text
    assert refused["reason"] not in answer.text
    assert count(User) == 0


def test_a_token_is_good_once_at_the_door(host: Host, visitor: Visit, acts: Acts) -> None:
    token = host.token()
    assert bring(visitor(), token).status_code == 303
    for again in (token, host.token(jti="jti-1")):
        assert bring(visitor(), again).status_code == 401
    assert bring(visitor(), host.token(jti=None)).status_code == 401
    assert [each["code"] for each in acts("sso.refused")] == ["used_before", "used_before", "no_jti"]


@pytest.mark.each_database
def test_of_eight_equal_tokens_at_once_one_passes(
    host: Host, at_once: Any, now: datetime, engine: str
) -> None:
    claims = read_host_token(host.token(), now)

    def one(_number: int) -> str:
        try:
            use_up(claims, now)
        except BadToken as refusal:
            return refusal.code
        return "passed"

    assert sorted(at_once(8, one)) == ["passed", *["used_before"] * 7]


@pytest.mark.each_database
def test_a_person_who_comes_from_eight_tabs_at_once_is_made_once(
    host: Host, at_once: Any, now: datetime, engine: str
) -> None:
    tokens = [host.token(email="hanna@example.com", email_verified=True) for _ in range(8)]
    found = at_once(8, lambda number: person_of_token(read_host_token(tokens[number], now), now).id)
    assert (len(set(found)), count(User)) == (1, 1)


def test_only_a_page_of_the_host_may_bring_a_token(
    app: Flask, host: Host, visitor: Visit, acts: Acts
) -> None:
    for origin in ("https://evil.example", "null", "", f"{SHOP}.evil.example"):
        assert bring(visitor(), host.token(), origin=origin).status_code == 403
    in_address = visitor().get("/sso", query_string={"token": host.token()})
    assert (in_address.status_code, "Referrer-Policy" in acts("sso.refused")[1]["reason"]) == (400, True)
    assert [each["code"] for each in acts("sso.refused")] == [*["wrong_origin"] * 4, "token_in_address"]
    assert visitor().get("/sso").location == "/sign-in"
    app.config["SSO_ORIGINS"] = ()
    for answer in (bring(visitor(), host.token()), visitor().get("/sso"), visitor().get("/sso/start")):
        assert answer.status_code == 404


def test_the_way_on_stays_on_this_site(host: Host, visitor: Visit) -> None:
    for to in ("https://evil.example/", "//evil.example", "/\\evil.example", ""):
        assert come(visitor(), host.token(), to).location == "/"


def test_somebody_else_is_asked_before_they_are_swapped(host: Host, visitor: Visit, cast: Cast) -> None:
    browser = visitor()
    browser.signed_in_as(cast.cara)
    page = come(browser, host.token(name="Hanna"), "/settings")
    assert page.status_code == 200
    assert "You are signed in as Cara Client. Go on as Hanna?" in page.text
    assert me(browser)["id"] == cast.cara.id
    # A page elsewhere cannot press the button.
    assert browser.post("/sso/arrive", forged=True).status_code == 400
    assert me(browser)["id"] == cast.cara.id
    answer = browser.post("/sso/arrive")
    assert (answer.location, answer.headers["Clear-Site-Data"]) == ("/settings", '"cache"')
    assert me(browser)["name"] == "Hanna"
    ended = db.session.execute(select(UserSession.ended_at).where(UserSession.user_id == cast.cara.id))
    assert ended.scalar_one() is not None


def test_the_same_person_keeps_their_session_and_has_proved_who_they_are(
    host: Host, visitor: Visit, change: Any
) -> None:
    browser = visitor()
    come(browser, host.token())
    (row,) = db.session.execute(select(UserSession)).scalars()
    change(row, proved_at=None)
    assert come(browser, host.token(), "/inbox-of-old").location == "/inbox-of-old"
    db.session.rollback()
    (same,) = db.session.execute(select(UserSession).execution_options(populate_existing=True)).scalars()
    assert (same.id, same.proved_at is not None) == (row.id, True)
    # Who signed in at home long ago has proved nothing now.
    change(row, proved_at=None)
    come(browser, host.token(auth_time=host.now - 3600))
    fresh = visitor()
    come(fresh, host.token(auth_time=host.now - 3600))
    proofs = db.session.execute(select(UserSession.proved_at)).scalars().all()
    assert proofs == [None, None]


def test_the_start_leads_to_the_host_and_back_with_its_state(
    app: Flask, host: Host, visitor: Visit, acts: Acts
) -> None:
    browser = visitor()
    answer = browser.get("/sso/start?to=/settings")
    assert answer.location.startswith("https://shop.example/chat?shop=1&return=")
    asked = parse_qs(urlsplit(answer.location).query)
    assert asked["return"] == [f"{host.here}/sso"]
    state = asked["state"][0]
    assert come(browser, host.token(), state=state).location == "/settings"
    # In a browser that did not start, the state is somebody else's.
    assert come(visitor(), host.token(), state=state).status_code == 401
    assert [each["code"] for each in acts("sso.refused")] == ["wrong_state"]


def test_a_second_factor_is_asked_once(host: Host, visitor: Visit, now: datetime) -> None:
    come(visitor(), host.token())
    holder = Holder(db.session.execute(select(User)).scalar_one(), now)
    browser = visitor()
    answer = come(browser, host.token(amr=["pwd"]), "/settings")
    assert answer.location == "/sign-in/second"
    assert not browser.is_signed_in()
    answer = browser.post("/sign-in/second", data={"code": holder.phone.code(now)})
    assert answer.location == "/sso/arrive"
    assert browser.get("/sso/arrive").location == "/settings"
    other = visitor()
    assert come(other, host.token(amr=["pwd", "mfa"])).location == "/"
    assert other.is_signed_in()
    ways = db.session.execute(select(UserSession.way).order_by(UserSession.made_at)).scalars().all()
    assert sorted(ways) == ["sso", "sso", "sso-mfa"]


def test_a_second_factor_at_home_is_one_for_those_who_must_have_one(
    app: Flask, host: Host, visitor: Visit
) -> None:
    app.config.update(MFA="everyone", BASE_URL="https://chat.example.com")
    for amr, held in ((["mfa"], False), (["pwd"], True)):
        browser = visitor()
        come(browser, host.token(aud="https://chat.example.com", amr=amr))
        assert ("Your account needs a second factor" in browser.get("/settings").text) is held


def test_nobody_is_signed_in_after_all_sessions_were_ended(host: Host, visitor: Visit, change: Any) -> None:
    browser = visitor()
    bring(browser, host.token())
    user = db.session.execute(select(User)).scalar_one()
    change(user, session_epoch=user.session_epoch + 1)
    assert browser.get("/sso/arrive").location == "/sign-in"
    change(user, disabled_at=datetime.fromtimestamp(host.now, tz=user.created_at.tzinfo))
    assert bring(browser, host.token()).status_code == 401


def test_after_sign_out_nothing_starts_by_itself(host: Host, visitor: Visit) -> None:
    browser = visitor()
    come(browser, host.token())
    assert browser.post("/sign-out").location == "/sign-in"
    page = browser.get("/sign-in?next=/threads/1")
    assert page.status_code == 200
    assert 'href="/sso/start?to=/threads/1"' in page.text.replace("%2F", "/")


@pytest.mark.usefixtures("still_clock")
def test_thirty_tokens_a_minute_come_from_one_place(make_app: Any, now: datetime) -> None:
    app = make_app(RATE_LIMITS=True, SSO_ORIGINS=(SHOP,))
    codes = [
        app.test_client().post("/sso", headers={"Origin": "https://evil.example"}).status_code
        for _ in range(31)
    ]
    assert codes[-1] == 429
    assert set(codes[:30]) <= {403, 500, 503}


def test_a_person_of_the_host_has_no_password_and_no_address_to_change(
    app: Flask, host: Host, visitor: Visit, cast: Cast
) -> None:
    browser = visitor()
    come(browser, host.token(email="hanna@example.com", email_verified=True))
    page = browser.get("/settings").text
    assert "/settings/password" not in page
    assert "/settings/address" not in page
    assert '<a href="https://shop.example/me">Manage your account at wellchat</a>' in page
    for path, form in (
        ("/settings/password", {"new_password": "correct horse battery"}),
        ("/settings/address", {"new_email": "other@example.com"}),
    ):
        assert browser.post(path, data=form).status_code == 403
    visitor().post("/forgot-password", data={"email": "hanna@example.com"})
    resets = [mail.state for mail in mails_to("hanna@example.com") if mail.name == "reset"]
    assert resets == ["skipped"]
    ours = visitor()
    ours.signed_in_as(cast.cara)
    assert "/settings/address" in ours.get("/settings").text or "/prove" in ours.get("/settings").text
    assert "Manage your account" not in ours.get("/settings").text


def later(host: Host, days: int) -> str:
    return (datetime.fromtimestamp(host.now).astimezone() + timedelta(days=days)).isoformat()


def test_what_home_says_later_is_taken_if_it_is_newer(host: Host, now: datetime) -> None:
    def after(**claims: Any) -> User:
        return person_of_token(read_host_token(host.token(**claims), now), now)

    person = after(name="First", as_of=later(host, 1))
    assert (
        after(name="Third", as_of=later(host, 3), role="professional", zoneinfo="Asia/Tokyo").name == "Third"
    )
    assert after(name="Second", as_of=later(host, 2)).name == "Third"
    assert after(name="No time").name == "Third"
    # An address that is verified there comes along; that of somebody else stays theirs.
    create_user(email="taken@example.com", name="Tom", role="client", now=now)
    for day, email in ((4, "third@example.com"), (5, "taken@example.com")):
        after(as_of=later(host, day), email=email, email_verified=True)
    after(as_of=later(host, 6), email="unverified@example.com")
    db.session.refresh(person)
    assert (person.role, person.time_zone) == ("client", "Asia/Tokyo")
    assert (person.name, person.email) == ("Hanna Host", "third@example.com")


def test_an_address_joins_an_account_only_under_all_conditions(
    host: Host, now: datetime, cast: Cast, acts: Acts, change: Any
) -> None:
    def code(by: Host, email: str, **claims: Any) -> str:
        try:
            return person_of_token(read_host_token(by.token(email=email, **claims), now), now).id
        except BadToken as refusal:
            return refusal.code

    key, secret = create_key(alg="HS256", name="joins", joins_by_email=True, now=now)
    joiner = Host(host.here, key.kid, str(secret), now)
    assert code(host, cast.cara.email, email_verified=True) == "address_taken"
    assert code(joiner, cast.cara.email) == "address_not_verified"
    assert code(joiner, cast.cara.email, email_verified=False) == "address_not_verified"
    assert code(joiner, cast.ada.email, email_verified=True) == "address_of_admin"
    assert count(User) == 5
    # Somebody else signed up with the address, and never showed that it is theirs.
    change(cast.olga, verified_at=None, password_hash="x")
    assert code(joiner, cast.olga.email, email_verified=True, sub="o-1") == cast.olga.id
    db.session.refresh(cast.olga)
    assert (cast.olga.password_hash, cast.olga.verified_at is None) == (None, False)
    assert code(joiner, cast.cara.email, email_verified=True) == cast.cara.id
    assert code(host, "new@example.com") == cast.cara.id
    assert code(joiner, cast.cara.email, email_verified=True, sub="c-2") == "address_taken"
    assert [each["source"] for each in acts("sso.joined")] == ["host", "host"]


def test_a_token_of_the_host_opens_no_account_of_an_administrator(
    host: Host, visitor: Visit, now: datetime, change: Any
) -> None:
    claims = {"email": "hanna@example.com", "email_verified": True}
    person = person_of_token(read_host_token(host.token(**claims), now), now)
    change(person, role="admin", admin_roles="support")
    with pytest.raises(BadToken) as refusal:
        person_of_token(read_host_token(host.token(), now), now)
    assert refusal.value.code == "is_admin"
    # They sign in here from then on.
    visitor().post("/forgot-password", data={"email": "hanna@example.com"})
    assert [mail.name for mail in mails_to("hanna@example.com")] == ["reset"]


def test_who_signs_up_with_the_address_of_a_person_of_the_host_gets_no_account(
    host: Host, visitor: Visit, now: datetime
) -> None:
    person = person_of_token(read_host_token(host.token(email="mistyped@example.com"), now), now)
    assert person.verified_at is None
    form = {"email": "mistyped@example.com", "name": "Owner", "password": "correct horse battery"}
    visitor().post("/sign-up", data={**form, "role": "client"})
    assert [mail.name for mail in mails_to("mistyped@example.com")] == ["already_registered"]


def test_nobody_is_made_where_that_is_off(app: Flask, host: Host, now: datetime) -> None:
    app.config["SSO_MAKES"] = False
    with pytest.raises(BadToken) as refusal:
        person_of_token(read_host_token(host.token(), now), now)
    assert refusal.value.code == "unknown_person"
    app.config["SSO_MAKES"] = True
    with pytest.raises(BadToken) as refusal:
        person_of_token(read_host_token(host.token(name=None), now), now)
    assert refusal.value.code == "no_name"


def test_the_sign_in_page_is_to_the_byte_as_it_was_without_settings(
    app: Flask, host: Host, visitor: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page() -> str:
        return re.sub(r'"[\w.-]{80,}"', "", visitor().get("/sign-in").text)

    assert "/sso/start" in page()
    app.config.update(SSO_URL=None, SSO_ORIGINS=())
    without = page()
    # Without this feature there is nothing in the place.
    monkeypatch.delitem(feature.slots, "sign_in")
    assert without == page()
