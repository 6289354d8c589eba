"""Sessions: how they begin, and every way they end."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from tests.accounts.conftest import PASSWORD, Visitor, again
from wellchat.accounts import actions, credentials, passwords
from wellchat.accounts.credentials import authenticate


def test_the_sign_in_page_has_labelled_fields(app, visitor):
    page = visitor().get("/sign-in").text
    assert 'for="email">Email</label>' in page
    assert 'for="password">Password</label>' in page
    assert ">Sign in</button>" in page


def test_a_user_signs_in_and_out(app, cast, visitor):
    cara = visitor()
    answer = cara.sign_in("  CARA@example.com ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert cara.is_signed_in()
    assert cara.get("/sign-in").headers["Location"] == "/"
    out = cara.post("/sign-out")
    assert out.headers["Location"] == "/sign-in"
    assert out.headers["Clear-Site-Data"] == '"cache"'
    assert not cara.is_signed_in()


def test_signing_out_needs_a_csrf_token(app, cast, visitor):
    cara = visitor()
    cara.sign_in("cara@example.com")
    assert cara.get("/sign-out").status_code == 405
    assert cara.post("/sign-out", forged=True).status_code == 400
    assert cara.is_signed_in()


def test_a_remembered_browser_stays_signed_in(app, cast, visitor):
    cara = visitor()
    cara.sign_in("cara@example.com", remember="1")
    cara.delete_cookie("wellchat")
    assert cara.is_signed_in()
    forgetful = visitor()
    forgetful.sign_in("cara@example.com")
    forgetful.delete_cookie("wellchat")
    assert not forgetful.is_signed_in()


def test_a_second_user_of_a_browser_clears_the_remember_cookie(app, cast, visitor):
    shared = visitor()
    shared.sign_in("cara@example.com", remember="1")
    shared.post("/sign-out")
    assert shared.cookie("wellchat_remember") is None
    shared.sign_in("cara@example.com", remember="1")
    shared.delete_cookie("wellchat")
    remembered = shared.cookie("wellchat_remember")
    shared.post("/sign-out")
    shared.set_cookie("wellchat_remember", remembered)
    assert not shared.is_signed_in(), "a remembered browser that signed out stays out"


def test_a_copied_cookie_stops_working_at_sign_out(app, cast, visitor):
    cara, thief = visitor(), visitor()
    cara.sign_in("cara@example.com")
    other_browser = visitor()
    other_browser.sign_in("cara@example.com")
    copy = cara.cookie("wellchat")
    cara.post("/sign-out")
    thief.set_cookie("wellchat", copy)
    assert not thief.is_signed_in()
    assert thief.get("/settings").status_code == 302
    assert other_browser.is_signed_in()


def test_signing_in_replaces_a_planted_session(app, cast, visitor):
    mallory, cara = visitor(), visitor()
    mallory.get("/sign-in")
    planted = mallory.cookie("wellchat")
    cara.set_cookie("wellchat", planted)
    cara.sign_in("cara@example.com")
    assert cara.cookie("wellchat") != planted
    assert not mallory.is_signed_in()
    with cara.session_transaction() as session:
        assert set(session) <= {"_user_id", "_fresh", "_id", "csrf_token", "landing"}


def test_a_password_change_ends_all_other_sessions_and_tokens(app, cast, now, visitor):
    here, elsewhere, remembered = visitor(), visitor(), visitor()
    here.sign_in("cara@example.com", remember="1")
    elsewhere.sign_in("cara@example.com")
    remembered.sign_in("cara@example.com", remember="1")
    remembered.delete_cookie("wellchat")
    token = actions.create_token(user_id=cast.cara.id, now=now)
    bearer = {"Authorization": f"Bearer {token}"}
    assert visitor().get("/api/me", headers=bearer).status_code == 200

    change = {"current_password": PASSWORD, "new_password": "four warm words here"}
    assert here.post("/settings/password", data=change).status_code == 303
    assert here.is_signed_in()
    here.delete_cookie("wellchat")
    assert here.is_signed_in(), "and is still remembered"
    assert not elsewhere.is_signed_in()
    assert not remembered.is_signed_in()
    assert visitor().get("/api/me", headers=bearer).status_code == 401
    assert visitor().sign_in("cara@example.com").status_code == 422
    assert visitor().sign_in("cara@example.com", "four warm words here").status_code == 303


def test_a_wrong_current_password_changes_nothing(app, cast, visitor):
    cara = visitor()
    cara.sign_in("cara@example.com")
    change = {"current_password": "a guess", "new_password": "four warm words here"}
    answer = cara.post("/settings/password", data=change)
    assert answer.status_code == 422
    assert "not your present password" in answer.text
    assert visitor().sign_in("cara@example.com").status_code == 303


def test_an_outdated_password_hash_is_renewed_at_sign_in(app, cast, monkeypatch):
    old = cast.cara.password_hash
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1))
    assert authenticate(email="cara@example.com", password="wrong") is None
    assert again(cast.cara).password_hash == old
    assert authenticate(email="cara@example.com", password=PASSWORD) is not None
    assert again(cast.cara).password_hash != old
    assert authenticate(email="cara@example.com", password=PASSWORD) is not None


def test_an_account_without_a_password_refuses_every_password(app, now):
    actions.create_user(email="solo@example.com", name="Solo", role="client", now=now)
    for guess in ("None", "", "x"):
        assert authenticate(email="solo@example.com", password=guess) is None


def test_signing_in_continues_to_the_requested_page(app, cast, visitor):
    cara = visitor()
    asked = cara.get("/threads/abc?before=4")
    assert asked.headers["Location"] == "/sign-in?next=/threads/abc?before%3D4"
    page = cara.get(asked.headers["Location"]).text
    assert 'name="next" value="/threads/abc?before=4"' in page
    answer = cara.sign_in("cara@example.com", next="/threads/abc?before=4")
    assert answer.headers["Location"] == "/threads/abc?before=4"
    bad = visitor().sign_in("cara@example.com", next="//evil.example")
    assert bad.headers["Location"] == "/"


def test_a_bad_bearer_token_is_refused_despite_a_cookie(app, cast, now, visitor):
    token = actions.create_token(user_id=cast.paul.id, now=now)
    cara = visitor()
    cara.sign_in("cara@example.com", remember="1")
    me = cara.get("/api/me", headers={"Authorization": f"bearer {token}"})
    assert me.json["user"]["name"] == "Paul Professional"
    for bad in ("Bearer wrong", "Bearer ", "Bearer", f"Bearer {token}x"):
        assert cara.get("/api/me", headers={"Authorization": bad}).status_code == 401
    assert cara.get("/api/me", headers={"Authorization": "Basic eDp5"}).json["user"]["name"] == "Cara Client"


def test_tokens_are_created_and_revoked_by_api(app, cast, visitor):
    program = visitor()
    made = program.post("/api/tokens", json={"email": "Cara@example.com", "password": PASSWORD})
    assert made.status_code == 201
    assert set(made.json) == {"token"}
    bearer = {"Authorization": f"Bearer {made.json['token']}"}
    assert program.get("/api/me", headers=bearer).json["user"]["id"] == cast.cara.id
    assert program.delete("/api/tokens/current", headers=bearer).status_code == 204
    assert program.get("/api/me", headers=bearer).status_code == 401
    assert program.delete("/api/tokens/current", headers=bearer).status_code == 401
    assert program.delete("/api/tokens/current").status_code == 401


def test_deleting_the_current_token_needs_a_token(app, cast, visitor):
    cara = visitor()
    cara.sign_in("cara@example.com")
    same_site = {"Sec-Fetch-Site": "same-origin"}
    assert cara.delete("/api/tokens/current", headers=same_site, forged=True).status_code == 404
    assert cara.delete("/api/tokens/current").status_code == 404
    assert cara.delete("/api/tokens/current", forged=True).status_code == 403


def test_an_unverified_user_gets_a_link_instead_of_a_token(app, now, visitor):
    credentials.sign_up(
        email="nora@example.com", name="Nora", password=PASSWORD, role="client", time_zone="UTC", now=now
    )
    made = visitor().post("/api/tokens", json={"email": "nora@example.com", "password": PASSWORD})
    assert made.status_code == 403
    assert made.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "x",
        {"email": "cara@example.com"},
        {"email": 1, "password": PASSWORD},
        {"email": "cara@example.com", "password": None},
        {"email": "cara@example.com", "password": PASSWORD, "role": "admin"},
        {"email": "cara@example.com\x00", "password": PASSWORD},
        {"email": "cara@example.com", "password": "x" * 201},
        {"email": "x" * 400, "password": PASSWORD},
    ],
)
def test_bodies_of_wrong_types_are_bad_input(app, cast, visitor, body):
    answer = visitor().post("/api/tokens", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 422


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"email": "\\ud800", "password": "x"}', b"\xff\xfe", b"[" * 5000]
)
def test_bodies_that_are_not_json_are_bad_input(app, cast, visitor, raw):
    answer = visitor().post("/api/tokens", data=raw, content_type="application/json")
    assert answer.status_code == 422, answer.text


def test_a_forged_session_cookie_is_ignored(app, cast, visitor):
    cara = cast.cara.id
    for made_up in (
        cara,
        f"{cara}.1",
        f"{cara}.1.",
        f"{cara}.x.y",
        f"{cara}.²2.y",
        f"{cara}.{'9' * 30}.a",
        "..",
    ):
        guest: Visitor = visitor()
        with guest.session_transaction() as session:
            session["_user_id"] = made_up
        assert not guest.is_signed_in()
