"""Who must have a second factor, and what they can do before they have one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factors.conftest import FACTORS, PASSWORD, Holder, again
from wellchat import clock
from wellchat.factors.policy import must_have_factor


@pytest.mark.parametrize(
    ("rule", "address", "who"),
    [
        ("off", "https://x.example", ""),
        ("admins", "https://x.example", "ada"),
        ("professionals", "https://x.example", "ada paul"),
        ("everyone", "https://x.example", "ada cara paul"),
        ("everyone", "http://127.0.0.1:8000", ""),
    ],
)
def test_the_rule_counts_where_the_address_is_https(app, cast, rule, address, who):
    app.config["MFA"], app.config["BASE_URL"] = rule, address
    found = [name for name in ("ada", "cara", "paul") if must_have_factor(getattr(cast, name))]
    assert " ".join(found) == who


@pytest.fixture
def rule(app):
    app.config["BASE_URL"], app.config["MFA"] = "https://x.example", "professionals"


def test_an_administrator_does_nothing_before_there_is_a_factor(app, cast, rule, now, visitor):
    ada = visitor()
    ada.sign_in("ada@example.com")
    for path in ("/", "/settings", "/oversight/emails", "/search"):
        assert ada.get(path).location == FACTORS, path
    refused = ada.get("/api/threads")
    assert (refused.status_code, refused.content_type) == (403, "application/problem+json")
    assert FACTORS in refused.json["detail"]
    assert ada.post("/settings", data={"name": "x"}).location == FACTORS
    page = ada.get(FACTORS)
    assert page.status_code == 200
    assert "Your account needs a second factor" in page.text
    assert " data-held-back" in page.text, "the page asks for no updates: they would be refused"
    assert ada.get(f"{FACTORS}/app").status_code == 200
    assert ada.post("/sign-out").location == "/sign-in"
    Holder(cast.ada, now)
    ada.signed_in_as(cast.ada)
    assert ada.get("/settings").status_code == 200
    assert "Your account needs" not in ada.get("/settings").text
    assert " data-held-back" not in ada.get("/settings").text


def test_a_token_of_an_administrator_needs_a_factor_first(app, cast, rule, now, visitor):
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert visitor().post("/api/tokens", json=body).status_code == 403
    ada = Holder(cast.ada, now)
    made = visitor().post("/api/tokens", json={**body, "code": ada.phone.code(clock.now(), steps=0)})
    assert made.status_code == 201


def test_others_have_seven_days(app, cast, rule, now, visitor, change):
    paul = visitor()
    paul.sign_in("paul@example.com")
    assert paul.get("/settings").status_code == 200
    due_at = again(cast.paul).factor_due_at
    assert timedelta(days=6, hours=23) < due_at - now < timedelta(days=7, hours=1)
    assert "You have 7 days" in paul.get("/settings").text
    assert again(cast.paul).factor_due_at == due_at, "the first page counts"
    assert paul.get("/api/threads").status_code == 200
    change(cast.paul, factor_due_at=now + timedelta(hours=3))
    assert "You have 1 day " in paul.get("/settings").text
    body = {"email": "paul@example.com", "password": PASSWORD}
    assert visitor().post("/api/tokens", json=body).status_code == 201
    change(cast.paul, factor_due_at=now - timedelta(seconds=1))
    assert visitor().post("/api/tokens", json=body).status_code == 403
    assert paul.get("/settings").location == FACTORS
    assert paul.get("/api/threads").status_code == 403
    Holder(cast.paul, now)
    assert again(cast.paul).factor_due_at is None
    assert paul.get("/settings").status_code == 200


def test_who_need_none_are_left_alone(app, cast, rule, visitor):
    cara = visitor()
    cara.sign_in("cara@example.com")
    assert "second factor" not in cara.get("/settings").text
    assert again(cast.cara).factor_due_at is None


def test_the_rule_adds_no_statement(app, cast, rule, talk, visitor, queries, change, now):
    change(cast.paul, factor_due_at=now + timedelta(days=7))
    paul = visitor()
    paul.signed_in_as(cast.paul)
    paul.get("/api/threads")
    counts = []
    for name in ("off", "professionals"):
        app.config["MFA"] = name
        with queries() as counted:
            assert paul.get("/api/threads").status_code == 200
        counts.append(counted.count)
    assert counts[0] == counts[1]
