"""A provider of OpenID Connect signs people in: as the standard says, and in no other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from tests.cast import Cast
from tests.sso.conftest import Visitor
from tests.sso.provider import Provider
from wellchat import clock
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.accounts.session_models import UserSession
from wellchat.db import db
from wellchat.sso_settings import providers

Visit = Callable[[], Visitor]
Acts = Callable[[str], list[dict[str, Any]]]
Setting = Callable[..., None]


@pytest.fixture(scope="module")
def served() -> Iterator[Provider]:
    provider = Provider(lambda: clock.now().timestamp())
    yield provider
    provider.close()


@pytest.fixture
def setting(app: Flask) -> Setting:
    """setting(provider, ROLES="staff:professional"): in the settings by the name `acme`."""

    def put(provider: Provider, name: str = "ACME", **parts: str) -> None:
        text = f"{provider.issuer}|{provider.client_id}|{provider.secret}"
        given = {name: text, **{f"{name}_{part}": value for part, value in parts.items()}}
        found = providers(given)
        assert isinstance(found, dict)
        app.config.update(OIDC={**app.config["OIDC"], **found}, SSO_ANYWHERE=True)
        for kept in ("sso_key_sets", "sso_discoveries"):
            app.extensions.pop(kept, None)

    return put


@pytest.fixture
def acme(served: Provider, setting: Setting) -> Provider:
    """As new in each test, at the same address."""
    served.reset()
    served.person |= {"email": "olivia@acme.example", "email_verified": True}
    setting(served)
    return served


def start(browser: Visitor, path: str = "/oidc/acme/start?to=/settings") -> str:
    answer = browser.get(path)
    assert answer.status_code == 302
    return str(answer.location)


def back(browser: Visitor, carried: dict[str, str], name: str = "acme") -> Any:
    return browser.get(f"/oidc/{name}/callback", query_string=carried)


def come(browser: Visitor, provider: Provider) -> Any:
    """The whole way, to the last redirect."""
    answer = back(browser, provider.authorize(start(browser)))
    return browser.get(answer.location) if answer.status_code == 303 else answer


def me(browser: Visitor) -> dict[str, Any]:
    return dict(browser.get("/api/me").json["user"])


def test_the_code_flow_signs_a_person_in(
    acme: Provider, visitor: Visit, app: Flask, acts: Acts, caplog: pytest.LogCaptureFixture
) -> None:
    browser = visitor()
    address = start(browser)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/oidc/acme/callback"
    assert len(asked["code_challenge"]) == 43
    assert "prompt" not in asked
    answer = back(browser, acme.authorize(address))
    assert (answer.status_code, answer.location) == (303, "/sso/arrive")
    assert browser.get("/sso/arrive").location == "/settings"
    assert me(browser)["name"] == "Olivia Oidc"
    user = user_by_email("olivia@acme.example")
    assert user is not None
    assert (user.password_hash, user.verified_at is None) == (None, False)
    assert [row.way for row in db.session.execute(select(UserSession)).scalars()] == ["oidc"]
    # Once more: the same person, and what was read of the provider is kept.
    acme.asked.clear()
    again = visitor()
    come(again, acme)
    assert me(again)["id"] == user.id
    assert acme.asked == ["/token"]
    # Their page names the provider; neither log nor page has its secret or a token.
    assert "Your account is kept at Acme" in again.get("/settings").text
    assert acme.secret not in caplog.text + again.get("/settings").text
    assert acts("sso.refused") == []


def test_the_button_is_on_the_sign_in_page(acme: Provider, visitor: Visit) -> None:
    page = visitor().get("/sign-in?next=/settings").text
    assert 'href="/oidc/acme/start?to=/settings"' in page.replace("%2F", "/")
    assert "Sign in with Acme" in page
    assert visitor().get("/oidc/other/start").status_code == 404


def bent(**claims: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(claims)


def claim(**claims: Any) -> Callable[[Provider], None]:
    """The provider puts these into its ID tokens; None leaves one out."""
    return lambda provider: setattr(provider, "bend", bent(**claims))


def head(**header: Any) -> Callable[[Provider], None]:
    return lambda provider: setattr(provider, "header", header)


def other_userinfo(provider: Provider) -> None:
    del provider.person["name"]
    provider.userinfo = {"sub": "p-2", "name": "Eve"}


def other_issuer(provider: Provider) -> None:
    provider.metadata = {"issuer": "https://other.example"}


WRONG: dict[str, tuple[str, Callable[[Provider], None]]] = {
    "aud of another client": ("bad_claim", claim(aud="other")),
    "no aud": ("bad_claim", claim(aud=None)),
    "aud of two without azp": ("wrong_party", claim(aud=["chat", "other"])),
    "azp of another client": ("wrong_party", claim(azp="other")),
    "another issuer": ("bad_claim", claim(iss="https://other.example")),
    "another nonce": ("bad_claim", claim(nonce="n")),
    "no nonce": ("bad_claim", claim(nonce=None)),
    "no sub": ("bad_claim", claim(sub=None)),
    "sub as a number": ("bad_claim", claim(sub=7)),
    "sub with a control character": ("bad_claim", claim(sub="p\x001")),
    "no exp": ("bad_claim", claim(exp=None)),
    "exp as text": ("bad_claim", claim(exp="2027")),
    "alg none": ("malformed", head(alg="none")),
    "alg not in the setting": ("wrong_algorithm", head(alg="RS512")),
    "an access token": ("foreign_type", head(typ="at+jwt")),
    "kid of nobody": ("unknown_key", head(kid="2025-9")),
    "key for encryption": ("unknown_key", head(kid="enc")),
    "no token": ("missing", lambda provider: setattr(provider, "sends_token", False)),
    "an issuer that is not the setting's": ("wrong_issuer", other_issuer),
    "userinfo of somebody else": ("wrong_subject", other_userinfo),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_of_the_provider_signs_nobody_in(
    acme: Provider, visitor: Visit, acts: Acts, name: str
) -> None:
    code, bend = WRONG[name]
    bend(acme)
    browser = visitor()
    answer = browser.get("/oidc/acme/start")
    if answer.status_code == 302:
        answer = back(browser, acme.authorize(answer.location))
    assert answer.status_code == 401
    assert [each["code"] for each in acts("sso.refused")] == [code]
    assert db.session.execute(select(User)).first() is None
    assert not browser.is_signed_in()


def test_clocks_may_differ_by_a_minute(acme: Provider, visitor: Visit, acts: Acts) -> None:
    for ahead, ended, good in ((50, 300, True), (90, 300, False), (-50, 0, True), (-90, 0, False)):
        acme.seconds_ahead = ahead
        acme.bend = lambda claims, ended=ended: claims.update(exp=claims["iat"] + ended)
        assert (come(visitor(), acme).status_code == 303) is good, ahead
    assert len(acts("sso.refused")) == 2


def test_keys_roll_and_one_key_needs_no_name(
    acme: Provider, visitor: Visit, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.header = {"kid": None, "x5t": "abc", "x-own": {"a": 1}, "jku": "https://elsewhere.example"}
    assert come(visitor(), acme).status_code == 303
    acme.header = {}
    old, new = acme.keys[0], ECKey.generate_key("P-256", {"kid": "2026-2"})
    acme.keys = [old, new]
    # Asked again for an unknown name, though not within five minutes.
    assert come(visitor(), acme).status_code == 401
    for kept in app.extensions["sso_key_sets"]._kept.values():
        kept.asked_at -= timedelta(minutes=6)
    assert come(visitor(), acme).status_code == 303
    acme.keys = [old, RSAKey.generate_key(2048, {"kid": "2026-3"})]
    acme.header = {"kid": None}
    app.extensions.pop("sso_key_sets")
    # Without a name, one of two could be meant.
    assert come(visitor(), acme).status_code == 401


def test_state_and_code_are_of_one_browser_and_good_once(acme: Provider, visitor: Visit, acts: Acts) -> None:
    browser, other = visitor(), visitor()
    carried = acme.authorize(start(browser))
    start(other)
    # An attacker's own answer, in the browser of somebody else.
    assert back(other, carried).status_code == 401
    assert back(visitor(), carried).status_code == 401
    flow = browser.get_cookie("wellchat_sso_flow")
    assert back(browser, carried).status_code == 303
    # Again with everything: the note is gone; put back, the state is used.
    assert back(browser, carried).status_code == 401
    assert flow is not None
    browser.set_cookie("wellchat_sso_flow", flow.value)
    assert back(browser, carried).status_code == 401
    # A code that was used is refused by the provider.
    fresh = visitor()
    answer = acme.authorize(start(fresh)) | {"code": carried["code"]}
    assert back(fresh, answer).status_code == 401
    codes = [each["code"] for each in acts("sso.refused")]
    assert codes == ["wrong_state"] * 3 + ["used_before", "code_refused"]


def test_an_answer_of_another_provider_is_not_taken(
    acme: Provider, visitor: Visit, acts: Acts, setting: Setting
) -> None:
    evil = Provider(lambda: clock.now().timestamp())
    try:
        setting(evil, "EVIL")
        browser = visitor()
        # The person starts with one, whose pages lead on to the other: its code comes back to the first.
        carried = acme.authorize(start(browser, "/oidc/evil/start"))
        assert back(browser, carried, "evil").status_code == 401
        browser = visitor()
        carried = acme.authorize(start(browser, "/oidc/evil/start"))
        assert back(browser, carried, "acme").status_code == 401
        browser = visitor()
        # A provider that says that it names itself, and does not.
        assert back(browser, acme.authorize(start(browser)) | {"iss": ""}).status_code == 401
        assert [each["code"] for each in acts("sso.refused")] == [
            "wrong_issuer",
            "wrong_state",
            "wrong_issuer",
        ]
        assert "/token" not in evil.asked
    finally:
        evil.close()


def test_a_person_who_does_not_agree_is_not_signed_in(acme: Provider, visitor: Visit, acts: Acts) -> None:
    browser = visitor()
    carried = acme.authorize(start(browser)) | {"error": "access_denied"}
    assert back(browser, carried).status_code == 401
    assert acts("sso.refused")[0]["code"] == "provider_refused"


def test_a_provider_that_is_down_is_said_to_nobody_but_the_log(
    acme: Provider, visitor: Visit, acts: Acts, app: Flask
) -> None:
    app.config["SSO_ANYWHERE"] = False
    answer = visitor().get("/oidc/acme/start")
    assert (answer.status_code, acme.issuer in answer.text) == (401, False)
    assert acts("sso.refused")[0]["code"] == "provider_unreachable"


def test_the_profile_may_come_from_userinfo_and_the_secret_in_the_form(
    acme: Provider, visitor: Visit
) -> None:
    acme.userinfo = acme.person | {"name": "Only There", "email_verified": "true"}
    acme.person = {"sub": "p-1"}
    acme.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    browser = visitor()
    come(browser, acme)
    assert me(browser)["name"] == "Only There"
    user = user_by_email("olivia@acme.example")
    # The text "true" is not true.
    assert user is not None
    assert user.verified_at is None


def test_an_address_joins_only_if_it_is_verified_and_the_setting_says_so(
    acme: Provider, visitor: Visit, acts: Acts, setting: Setting, cast: Cast
) -> None:
    acme.person["email"] = cast.cara.email
    assert come(visitor(), acme).status_code == 401
    setting(acme, JOINS="on")
    for claim in ("true", False, None):
        acme.person["email_verified"] = claim
        assert come(visitor(), acme).status_code == 401
    acme.person["email_verified"] = True
    browser = visitor()
    come(browser, acme)
    assert me(browser)["id"] == cast.cara.id
    acme.person |= {"sub": "p-2", "email": cast.ada.email}
    assert come(visitor(), acme).status_code == 401
    assert [each["code"] for each in acts("sso.refused")] == [
        "address_taken",
        *["address_not_verified"] * 3,
        "address_of_admin",
    ]


def test_groups_give_roles_and_domains_close_the_door(
    acme: Provider, visitor: Visit, acts: Acts, setting: Setting
) -> None:
    setting(acme, ROLES="staff:professional,x:y:client", DOMAINS="acme.example", GROUPS="teams")
    for sub, groups, email, role in (
        ("p-1", ["other", "staff"], "a@acme.example", "professional"),
        ("p-2", "x:y", "b@acme.example", "client"),
        ("p-3", ["other"], "c@acme.example", None),
        ("p-4", ["staff"], "d@other.example", None),
    ):
        acme.person = {"sub": sub, "name": sub, "email": email, "email_verified": True, "teams": groups}
        browser = visitor()
        come(browser, acme)
        assert (me(browser)["role"] if browser.is_signed_in() else None) == role
    assert [each["code"] for each in acts("sso.refused")] == ["no_group", "wrong_domain"]


def test_a_lost_group_takes_the_duties_of_an_administrator(
    acme: Provider, visitor: Visit, acts: Acts, setting: Setting, app: Flask, cast: Cast
) -> None:
    app.config["MFA"] = "off"
    setting(acme, ADMINS="bosses,helpers:support", ROLES="*:client")
    acme.person["groups"] = ["bosses", "helpers"]
    browser = visitor()
    come(browser, acme)
    user = user_by_email("olivia@acme.example")
    assert user is not None
    assert (user.role, set(user.admin_roles.split())) == ("admin", {"owner", "support"})
    assert browser.get("/oversight/people").status_code == 200
    acme.person["groups"] = ["helpers"]
    come(visitor(), acme)
    db.session.refresh(user)
    assert user.admin_roles == "support"
    acme.person["groups"] = []
    other = visitor()
    come(other, acme)
    db.session.refresh(user)
    assert (user.role, user.admin_roles, me(other)["role"]) == ("client", "", "client")
    # What was open as an administrator is closed.
    assert not browser.is_signed_in()
    changes = [(each["from"], each["to"]) for each in acts("person.role_changed")]
    assert changes[0] == ("client", "owner support")
    assert changes[-1] == ("support", "client")


def test_the_last_owner_who_loses_the_group_does_not_get_in(
    acme: Provider, visitor: Visit, acts: Acts, setting: Setting, app: Flask
) -> None:
    app.config["MFA"] = "off"
    setting(acme, ADMINS="bosses")
    acme.person["groups"] = ["bosses"]
    browser = visitor()
    come(browser, acme)
    acme.person["groups"] = []
    assert come(visitor(), acme).status_code == 401
    assert acts("sso.refused")[0]["code"] == "last_owner"
    assert not browser.is_signed_in()


def test_the_provider_ends_sessions_by_its_logout_token(acme: Provider, visitor: Visit, acts: Acts) -> None:
    first, second, third = visitor(), visitor(), visitor()
    for browser, sid in ((first, "s-1"), (second, "s-2"), (third, "s-3")):
        acme.person["sid"] = sid
        come(browser, acme)

    def send(token: str | None) -> Any:
        form = {"logout_token": token} if token else {}
        return visitor().post("/oidc/acme/backchannel-logout", data=form, forged=True)

    token = acme.logout_token(sid="s-1", sub=None)
    assert send(token).status_code == 200
    assert [browser.is_signed_in() for browser in (first, second, third)] == [False, True, True]
    for wrong in (
        token,
        None,
        acme.logout_token(nonce="n"),
        acme.logout_token(events=None),
        acme.logout_token(sub=None),
        acme.logout_token(jti=None),
        acme.logout_token(aud="other"),
        acme.logout_token(iat=acme.now() - 700),
        acme.sign({"iss": acme.issuer, "aud": "chat", "iat": acme.now(), "sub": "p-1", "jti": "x"}),
    ):
        answer = send(wrong)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert [browser.is_signed_in() for browser in (first, second, third)] == [False, True, True]
    assert len(acts("sso.refused")) == 9
    assert send(acme.logout_token(sub="nobody")).status_code == 200
    assert send(acme.logout_token()).status_code == 200
    assert [browser.is_signed_in() for browser in (first, second, third)] == [False, False, False]


def test_signing_out_offers_the_provider_s_own_sign_out(acme: Provider, visitor: Visit) -> None:
    browser = visitor()
    come(browser, acme)
    assert browser.post("/sign-out").location == "/oidc/acme/signed-out"
    page = browser.get("/oidc/acme/signed-out").text
    assert 'href="/oidc/acme/sign-out"' in page
    assert not browser.is_signed_in()
    leaving = urlsplit(browser.get("/oidc/acme/sign-out").location)
    assert f"{leaving.scheme}://{leaving.netloc}{leaving.path}" == f"{acme.issuer}/logout"
    asked = parse_qs(leaving.query)
    assert asked["post_logout_redirect_uri"] == ["http://127.0.0.1:8000/sign-in"]
    assert asked["id_token_hint"][0].count(".") == 2
    # Once; and nothing starts by itself.
    assert browser.get("/oidc/acme/sign-out").location == "/sign-in"
    assert browser.get("/sign-in").status_code == 200


def test_signing_in_again_at_the_provider_is_a_proof(acme: Provider, visitor: Visit, change: Any) -> None:
    browser = visitor()
    come(browser, acme)
    (row,) = db.session.execute(select(UserSession)).scalars()
    change(row, proved_at=None)
    page = browser.get("/prove?next=/settings").text
    assert 'href="/oidc/acme/start?to=%2Fsettings&amp;again=1"' in page
    assert "/forgot-password" not in page
    assert browser.post("/prove", data={"method": "home"}).status_code == 422
    address = start(browser, "/oidc/acme/start?to=/settings&again=1")
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    assert browser.get(back(browser, acme.authorize(address)).location).location == "/settings"
    db.session.refresh(row)
    assert row.proved_at is not None


def test_a_second_factor_at_the_provider_is_one(acme: Provider, visitor: Visit) -> None:
    for claims, way in (
        ({"amr": ["pwd"]}, "oidc"),
        ({"amr": ["pwd", "otp"]}, "oidc-mfa"),
        ({"acr": "https://refeds.org/profile/mfa"}, "oidc-mfa"),
        ({"amr": "mfa"}, "oidc"),
    ):
        acme.bend = bent(**claims)
        come(visitor(), acme)
        query = select(UserSession.way).order_by(UserSession.made_at.desc()).limit(1)
        db.session.rollback()
        assert db.session.execute(query).scalar_one() == way


def test_somebody_with_a_password_keeps_it_beside_the_provider(
    acme: Provider, visitor: Visit, setting: Setting, now: Any
) -> None:
    create_user(
        email="olivia@acme.example", name="Olivia", role="professional", password="correct horse", now=now
    )
    setting(acme, JOINS="on")
    browser = visitor()
    come(browser, acme)
    assert "/settings/password" in browser.get("/settings").text
    assert visitor().sign_in("olivia@acme.example").status_code == 303
