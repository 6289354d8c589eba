"""Where somebody was going is not forgotten on the way in, and never leads away from here."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from urllib.parse import quote

import pytest

from tests.accounts.conftest import PASSWORD, account, link_in, mails_to
from tests.accounts.test_signing_up import NEW
from wellchat import clock
from wellchat.db import transaction
from wellchat.mail import compose
from wellchat.next_page import MAX_NEXT

THERE = "/people/rosa?about=a+b&x=1"
SIGNED = {**NEW, "next": THERE}


def test_each_page_on_the_way_in_hands_it_on(app, visitor):
    nora, asked = visitor(), f"next={quote(THERE, safe='/')}".replace("&", "&amp;")
    assert f"/sign-up?{asked}" in nora.get("/sign-in", query_string={"next": THERE}).text
    assert f"/forgot-password?{asked}" in nora.get("/sign-in", query_string={"next": THERE}).text
    for path in ("/sign-up", "/forgot-password"):
        page = nora.get(path, query_string={"next": THERE}).text
        assert f"/sign-in?{asked}" in page
        assert 'name="next" value="/people/rosa?about=a+b&amp;x=1"' in page
    refused = nora.post("/sign-up", data={**SIGNED, "password": "short"})
    assert (refused.status_code, 'name="next" value="/people/rosa' in refused.text) == (422, True)
    assert f"/sign-in?{asked}" in nora.post("/sign-up", data=SIGNED).text


def test_signing_up_leads_there_from_the_link_in_any_browser(app, visitor):
    visitor().post("/sign-up", data=SIGNED)
    (mail,) = mails_to("nora@example.com")
    link, elsewhere = link_in(mail), visitor()
    page = elsewhere.get(link).text
    assert 'name="next" value="/people/rosa?about=a+b&amp;x=1"' in page
    assert elsewhere.post(link.partition("?")[0], data={"next": THERE}).headers["Location"] == THERE
    # The link is used up, and still knows the way.
    assert "/sign-in?next=/people/rosa" in visitor().post(link).text


def test_an_unverified_person_who_signs_in_gets_a_link_that_leads_there(app, visitor):
    nora = visitor()
    nora.post("/sign-up", data=NEW)
    nora.sign_in("nora@example.com", NEW["password"], next=THERE)
    assert nora.post(link_in(mails_to("nora@example.com")[-1])).headers["Location"] == THERE


def test_a_new_password_leads_there(app, visitor, cast):
    visitor().post("/forgot-password", data={"email": "cara@example.com", "next": THERE})
    answer = visitor().post(link_in(mails_to("cara@example.com")[-1]), data={"password": "three warm words"})
    assert answer.headers["Location"] == THERE


def test_who_has_an_account_already_is_led_there_from_the_mail(app, visitor, cast):
    visitor().post("/sign-up", data={**SIGNED, "email": "cara@example.com"})
    mail = mails_to("cara@example.com")[-1]
    assert mail.name == "already_registered"
    text = message_from_bytes(compose.render(mail, now=clock.now()).content, policy=default)
    body = text.get_body(("plain",)).get_content()
    assert "/sign-in?next=/people/rosa" in body
    assert "/forgot-password?next=/people/rosa" in body


def test_who_has_to_choose_a_password_first_goes_on_afterwards(app, visitor):
    visitor().post("/sign-up", data=SIGNED)
    visitor().post("/sign-up", data={**SIGNED, "password": "quite another phrase"})
    nora = visitor()
    choose = nora.post(link_in(mails_to("nora@example.com")[-1])).headers["Location"]
    assert account("nora@example.com").password_hash is None
    page = nora.get(choose.partition("#")[0]).text
    assert 'name="next" value="/people/rosa?about=a+b&amp;x=1"' in page
    chosen = nora.post("/settings/password", data={"new_password": "three warm words", "next": THERE})
    assert chosen.headers["Location"] == THERE


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/" * MAX_NEXT + "x"]
)
def test_no_door_leads_away(app, visitor, cast, target):
    nora = visitor()
    nora.post("/sign-up", data={**NEW, "next": target})
    (mail,) = mails_to("nora@example.com")
    assert "next" not in mail.context
    assert nora.post(link_in(mail), query_string={"next": target}).headers["Location"] == "/"
    visitor().post("/forgot-password", data={"email": "cara@example.com", "next": target})
    reset = link_in(mails_to("cara@example.com")[-1])
    chosen = visitor().post(reset, data={"password": "three warm words", "next": target})
    assert chosen.headers["Location"] == "/"
    changed = nora.post(
        "/settings/password",
        data={"current_password": NEW["password"], "new_password": "quite another phrase", "next": target},
    )
    assert changed.headers["Location"].startswith("/settings")


def test_a_second_step_that_took_too_long_begins_again_with_the_way(app, visitor, cast, now):
    with transaction() as session:
        session.merge(cast.cara).factor_since = now
    browser = visitor()
    assert browser.sign_in("cara@example.com", PASSWORD, next=THERE).headers["Location"] == "/sign-in/second"
    with browser.session_transaction() as session:
        session["half"] = "gone"
    again = browser.get("/sign-in/second").headers["Location"]
    assert again == "/sign-in?next=/people/rosa%3Fabout%3Da%2Bb%26x%3D1"
