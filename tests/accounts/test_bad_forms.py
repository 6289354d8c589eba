"""Bad input to every form of accounts: a clear refusal with what was typed, never a 500, nothing changed."""

from __future__ import annotations

import pytest

from tests.accounts.conftest import PASSWORD, again, link_in, mails_to
from wellchat.accounts import credentials

PROFILE = {"name": "Cara", "time_zone": "Europe/Oslo", "bio": "Hello", "role_label": "Customer"}
FORMS = {
    "/sign-in": {"email": "cara@example.com", "password": PASSWORD},
    "/sign-up": {"email": "new@example.com", "name": "New", "password": "three warm words", "role": "client"},
    "/forgot-password": {"email": "cara@example.com"},
    "/settings": PROFILE,
    "/settings/password": {"current_password": PASSWORD, "new_password": "three warm words"},
}
SIGNED_IN = {"/settings", "/settings/password"}
NUL, LONG = "a\x00b", "x" * 5000
FIELDS = [(path, field) for path, form in FORMS.items() for field in form]


@pytest.fixture
def person(cast, visitor):
    def person(path):
        browser = visitor()
        return browser.signed_in_as(cast.cara) if path in SIGNED_IN else browser

    return person


@pytest.mark.parametrize(("path", "field"), FIELDS)
@pytest.mark.parametrize("value", [NUL, LONG], ids=["nul", "long"])
def test_a_wrong_value_in_any_field_is_refused_beside_it(person, everything, path, field, value):
    browser = person(path)
    before = everything()
    answer = browser.post(path, data={**FORMS[path], field: value})
    assert answer.status_code == 422
    assert (
        'aria-invalid="true"' in answer.text
        or 'id="role-error"' in answer.text
        or "is-invalid" in answer.text
    )
    assert everything() == before


@pytest.mark.parametrize(("path", "field"), FIELDS)
@pytest.mark.parametrize("raw", [b"%ED%A0%80", b"%FF%FE", b"%00", b"a%0D%0ABcc: x@y.example"])
def test_invalid_utf8_never_causes_a_server_error(person, path, field, raw):
    """Lone surrogates and other bytes that are no UTF-8, straight from the wire."""
    pairs = [f"{name}=".encode() + (raw if name == field else b"x") for name in FORMS[path]]
    answer = person(path).post(path, data=b"&".join(pairs), content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (200, 303, 422)


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_a_missing_field_is_refused(person, path, field):
    form = {name: value for name, value in FORMS[path].items() if name != field}
    answer = person(path).post(path, data=form)
    optional = field in ("bio", "role_label")
    assert answer.status_code == (303 if optional else 422)


NO_ADDRESSES = [
    *(
        "",
        " ",
        "cara",
        "cara@",
        "@example.com",
        "a b@example.com",
        "a@b@c.example",
        "a@b.example\nBcc: x@y.example",
    ),
    *(
        "a@-b.example",
        "a@b..example",
        '"a b"@c.example',
        "a@[127.0.0.1]",
        "ä@example.com",
        "x" * 65 + "@e.example",
    ),
]
NO_NAMES = [
    *("", "  ", "\u200b\u200b", "a\u202eb", "a\rb\x07", "..."),
    *("Win at http://evil.example", "www.evil.example", "<b>x</b>"),
]


@pytest.mark.parametrize("email", NO_ADDRESSES)
def test_an_invalid_email_address_is_refused(app, cast, visitor, email):
    for path in ("/sign-up", "/forgot-password"):
        assert visitor().post(path, data={**FORMS[path], "email": email}).status_code == 422


@pytest.mark.parametrize(
    "email", ["a+b@example.com", "a@intranet", "a@b.test", "A.B@EXAMPLE.COM", "a@BÜCHER.example"]
)
def test_a_valid_email_address_is_accepted(app, cast, visitor, email):
    assert visitor().post("/sign-up", data={**FORMS["/sign-up"], "email": email}).status_code == 200


@pytest.mark.parametrize("name", NO_NAMES)
def test_an_invalid_name_is_refused(app, cast, visitor, name):
    assert visitor().post("/sign-up", data={**FORMS["/sign-up"], "name": name}).status_code == 422
    cara = visitor().signed_in_as(cast.cara)
    assert cara.post("/settings", data={**PROFILE, "name": name}).status_code == 422


@pytest.mark.parametrize("password", ["short", "password", "PASSWORD123", "aaaaaaaaaaaa", "12345678"])
def test_a_common_password_is_refused(app, cast, now, visitor, password):
    assert visitor().post("/sign-up", data={**FORMS["/sign-up"], "password": password}).status_code == 422
    cara = visitor().signed_in_as(cast.cara)
    change = {"current_password": PASSWORD, "new_password": password}
    assert cara.post("/settings/password", data=change).status_code == 422
    credentials.request_password_reset(email="cara@example.com", now=now)
    link = link_in(mails_to("cara@example.com")[-1])
    assert visitor().post(link, data={"password": password}).status_code == 422


def test_a_body_over_the_limit_is_refused(app, cast, visitor):
    assert visitor().post("/sign-in", data={"email": "x" * 600_000, "password": "x"}).status_code == 413


def test_undeclared_fields_of_a_form_are_ignored(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    extra = {
        "role": "admin",
        "email": "other@example.com",
        "id": "x",
        "session_epoch": "9",
        "verified_at": "x",
    }
    assert cara.post("/settings", data={**PROFILE, **extra}).status_code == 303
    again(cast.cara)
    assert (cast.cara.role, cast.cara.email, cast.cara.session_epoch) == ("client", "cara@example.com", 1)
