"""From the form to the first page: the account waits until its address is proven."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests.accounts.conftest import PASSWORD, account, link_in, mails_to
from wellchat import clock
from wellchat.accounts import credentials, passwords
from wellchat.accounts.models import User
from wellchat.changes.models import ChangeLog
from wellchat.db import db

NEW = {
    "email": "Nora@Example.com",
    "name": "Nora  Winter",
    "password": "three warm words",
    "role": "client",
    "time_zone": "Europe/Oslo",
}


def test_the_link_in_the_mail_verifies_and_signs_in(app, visitor):
    nora = visitor()
    answer = nora.post("/sign-up", data=NEW)
    assert answer.status_code == 200
    assert "nora@example.com" in answer.text
    assert "/outbox" in answer.text
    assert not nora.is_signed_in()

    (mail,) = mails_to("nora@example.com")
    assert mail.name == "verification"
    assert nora.post(link_in(mail)).headers["Location"] == "/"
    assert nora.is_signed_in()
    user = account("nora@example.com")
    assert (user.name, user.role, user.time_zone) == ("Nora Winter", "client", "Europe/Oslo")
    assert user.verified_at is not None
    assert db.session.get(ChangeLog, user.id) is not None
    assert mails_to("nora@example.com")[-1].name == "welcome"
    assert visitor().sign_in("nora@example.com", "three warm words").headers["Location"] == "/"


def test_the_mail_ledger_stores_no_secret(app, visitor):
    visitor().post("/sign-up", data=NEW)
    (mail,) = mails_to("nora@example.com")
    assert mail.context == {"name": "Nora Winter", "link": "verify"}


def test_signing_up_needs_the_csrf_token_of_the_form(app, visitor):
    nora = visitor()
    page = nora.get("/sign-up").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    assert nora.post("/sign-up", data=NEW, forged=True).status_code == 400
    assert mails_to("nora@example.com") == []
    assert nora.post("/sign-up", data={**NEW, "csrf_token": token}, forged=True).status_code == 200
    assert len(mails_to("nora@example.com")) == 1


def test_opening_the_verification_link_changes_nothing(app, visitor):
    visitor().post("/sign-up", data=NEW)
    link = link_in(mails_to("nora@example.com")[0])
    scanner = visitor()
    for _ in range(3):
        assert "Finish and sign in" in scanner.get(link).text
    assert not scanner.is_signed_in()
    assert visitor().post(link).status_code == 303


def test_an_unverified_user_gets_another_link_instead_of_a_session(app, visitor):
    nora = visitor()
    nora.post("/sign-up", data=NEW)
    answer = nora.sign_in("nora@example.com", "three warm words")
    assert "Check your mail" in answer.text
    assert not nora.is_signed_in()
    assert [mail.name for mail in mails_to("nora@example.com")] == ["verification", "verification"]
    assert nora.sign_in("nora@example.com", "three wrong words").status_code == 422
    assert len(mails_to("nora@example.com")) == 2


def test_an_existing_account_is_mentioned_by_mail_only(app, cast, visitor):
    before = cast.cara.password_hash
    answer = visitor().post("/sign-up", data={**NEW, "email": "cara@example.com", "name": "Mallory"})
    assert "Check your mail" in answer.text
    assert [mail.name for mail in mails_to("cara@example.com")] == ["already_registered"]
    cara = account("cara@example.com")
    assert (cara.name, cara.password_hash) == ("Cara Client", before)


def test_nobody_can_choose_the_password_of_another_persons_address(app, visitor):
    """Mallory signs up with Nora's address, before or after her. His password does not open her account."""
    visitor().post("/sign-up", data={**NEW, "password": "known to mallory"})
    visitor().post("/sign-up", data=NEW)
    nora = visitor()
    answer = nora.post(link_in(mails_to("nora@example.com")[-1]))
    assert answer.headers["Location"] == "/settings#password"
    assert nora.is_signed_in()
    for password in ("known to mallory", "three warm words"):
        assert visitor().sign_in("nora@example.com", password).status_code == 422
    changed = nora.post("/settings/password", data={"new_password": "four very warm words"})
    assert changed.status_code == 303
    assert visitor().sign_in("nora@example.com", "four very warm words").status_code == 303


def test_signing_up_twice_with_one_password_keeps_it(app, visitor):
    visitor().post("/sign-up", data=NEW)
    visitor().post("/sign-up", data=NEW)
    assert visitor().post(link_in(mails_to("nora@example.com")[-1])).headers["Location"] == "/"


def test_twelve_simultaneous_sign_ups_make_one_account(app, at_once):
    form = {**NEW, "email": "nora@example.com"}
    at_once(12, lambda i: credentials.sign_up(**form, now=clock.now()))
    users = db.session.execute(select(User).where(User.email == "nora@example.com")).scalars().all()
    assert len(users) == 1
    assert db.session.get(ChangeLog, users[0].id) is not None


def test_the_role_of_an_administrator_is_refused(app, visitor):
    assert visitor().post("/sign-up", data={**NEW, "role": "admin"}).status_code == 422
    assert account("nora@example.com") is None


def test_an_unknown_browser_time_zone_becomes_utc(app, visitor):
    visitor().post("/sign-up", data={**NEW, "time_zone": "Mars/Olympus"})
    assert account("nora@example.com").time_zone == "UTC"


def test_a_refused_form_keeps_its_values_except_the_password(app, visitor):
    answer = visitor().post("/sign-up", data={**NEW, "email": "no address", "password": PASSWORD})
    assert answer.status_code == 422
    assert 'value="no address"' in answer.text
    assert 'value="Nora  Winter"' in answer.text
    assert "name@example.com" in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.each_database
def test_an_address_verified_during_a_sign_up_keeps_its_password(app, visitor, background, monkeypatch):
    """Somebody else signs up with it, and has looked at the account before its owner opened the link."""
    visitor().post("/sign-up", data=NEW)
    (mail,) = mails_to("nora@example.com")
    token, real = link_in(mail).rpartition("/")[2], passwords.matches

    def matches(*given):
        background(lambda: credentials.verify_address(token=token, now=clock.now())).result(10)
        return real(*given)

    db.session.rollback()
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "matches", matches)
        stranger = {"name": "S", "password": "not hers at all", "role": "client", "time_zone": "UTC"}
        background(lambda: credentials.sign_up(email="nora@example.com", now=clock.now(), **stranger)).result(
            10
        )
    db.session.rollback()
    assert credentials.authenticate(email="nora@example.com", password=NEW["password"]) is not None
    assert "already_registered" in [mail.name for mail in mails_to("nora@example.com")]
