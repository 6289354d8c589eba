"""A new address is proven first, both are told, the old one can go back; a taken one looks alike."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import account, mails_to
from tests.accounts.test_devices import link
from tests.accounts.test_sessions import rows
from tests.cast import Cast
from wellchat import clock
from wellchat.accounts import address_change, links, standing
from wellchat.accounts.actions import create_user
from wellchat.accounts.address_models import AddressChange
from wellchat.accounts.admission import invite
from wellchat.accounts.credentials import request_password_reset
from wellchat.accounts.links import DeadLink
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.audit.models import AuditEvent
from wellchat.db import db, transaction
from wellchat.errors import Conflict
from wellchat.mail.actions import deliver, resend
from wellchat.mail.models import Mail

NEW = "cara.new@example.com"


def names(email: str) -> list[tuple[str, str]]:
    return [(mail.name, mail.state) for mail in mails_to(email)]


def ask(browser: Any, email: str = NEW) -> Any:
    return browser.post("/settings/address", data={"new_email": email})


@pytest.fixture
def cara(visitor: Any, cast: Cast) -> Any:
    """Cara's browser."""
    browser = visitor()
    browser.sign_in("cara@example.com")
    return browser


@pytest.fixture
def moved(cara: Any) -> Any:
    """Cara's browser, after she changed her address."""
    ask(cara)
    cara.post(link(mails_to(NEW)[0], "/confirm-address/"))
    return cara


@pytest.mark.each_database
def test_the_address_changes_when_the_new_one_is_proven(cara: Any, cast: Cast) -> None:
    assert ask(cara).status_code == 303
    assert names("cara@example.com") == [("address_asked", "queued")]
    assert account(NEW) is None
    path = link(mails_to(NEW)[0], "/confirm-address/")
    assert NEW in cara.get(path).get_data(as_text=True)
    assert account(NEW) is None
    assert cara.post(path).location == "/settings"
    assert account(NEW).id == cast.cara.id
    assert cara.is_signed_in()
    assert names("cara@example.com")[1:] == [("address_changed", "queued")]
    assert names(NEW)[1:] == [("address_done", "queued")]
    assert cara.post(path).status_code == 410
    db.session.rollback()
    kinds = db.session.execute(db.select(AuditEvent.kind).order_by(AuditEvent.at)).scalars().all()
    assert kinds == ["session.started", "address.change_asked", "address.changed"]


@pytest.mark.each_database
def test_a_taken_address_is_answered_as_a_free_one(cara: Any, cast: Cast) -> None:
    def answer(email: str) -> tuple[int, str, str]:
        sent = ask(cara, email)
        page = cara.get("/settings").get_data(as_text=True)
        mails = cara.get("/settings/emails").get_data(as_text=True)
        changing = re.compile(r"csrf_token\" value=\"[^\"]+\"|csrf[^>]+>")
        return sent.status_code, sent.location, changing.sub("", page + mails).replace(email, "ADDRESS")

    free = answer(NEW)
    taken = answer("olga@example.com")
    assert taken[:2] == free[:2]
    assert "We have sent a link to ADDRESS" in free[2]
    assert "We have sent a link to ADDRESS" in taken[2]
    assert names("olga@example.com") == [("address_confirm", "skipped")]
    for address in (NEW, "olga@example.com"):
        assert address not in cara.get("/settings/emails").get_data(as_text=True)


def test_the_section_says_which_address_is_waited_for(cara: Any) -> None:
    def section(path: str = "/settings") -> str:
        page = cara.get(path).get_data(as_text=True)
        return str(page.partition('id="address"')[2].partition("</section>")[0])

    assert "Waiting for" not in section()
    assert ask(cara).location == "/settings#address"
    said = section()
    assert 'role="status"' in said
    assert f"We have sent a link to {NEW}" in said
    assert f"Waiting for {NEW} to be confirmed" in said
    assert ask(cara).status_code == 303
    # A page without the section says it at its top.
    assert f"We have sent a link to {NEW}" in cara.get("/settings/emails").get_data(as_text=True)
    assert section().count("Waiting for") == 1
    cara.post(link(mails_to(NEW)[0], "/confirm-address/"))
    assert "Waiting for" not in section()


def test_a_change_needs_a_fresh_proof(cara: Any, change: Any) -> None:
    change(rows()[0], proved_at=clock.now() - timedelta(minutes=11))
    assert ask(cara).location.startswith("/prove?next=")
    assert b"Show that it is you, to change the address" in cara.get("/settings").data
    assert mails_to(NEW) == []


@pytest.mark.parametrize(
    "email", ["", "x", "a@b@c", "x" * 300 + "@example.com", "cara@example.com", "a\u0000@b.c"]
)
def test_what_is_no_new_address_is_refused(cara: Any, email: str) -> None:
    answer = ask(cara, email)
    assert answer.status_code == 422
    assert b'id="new_email-error"' in answer.data


@pytest.mark.each_database
def test_the_old_address_goes_back_within_seven_days(moved: Any, visitor: Any, cast: Cast) -> None:
    path = link(mails_to("cara@example.com")[1], "/undo-address/")
    stranger = visitor()
    assert b"Go back to my address" in stranger.get(path).data
    assert b"Signed out everywhere" in stranger.post(path).data
    assert account("cara@example.com").id == cast.cara.id
    assert not moved.is_signed_in()
    assert names("cara@example.com")[-1] == ("reset", "queued")
    assert stranger.post(path).status_code == 410


def test_after_seven_days_there_is_no_way_back(app: Flask, moved: Any, cast: Cast, now: Any) -> None:
    change = db.session.execute(db.select(AddressChange)).scalar_one()
    week = timedelta(days=7, seconds=5)
    token = links.path_of(links.UNDO, change.id, clock.now()).removeprefix("/undo-address/")
    with pytest.raises(DeadLink):
        address_change.undo_change(token=token, now=clock.now() + week)
    assert account(NEW) is not None


@pytest.mark.each_database
def test_nobody_takes_the_old_address_meanwhile(moved: Any, visitor: Any, cast: Cast) -> None:
    form = {"email": "cara@example.com", "name": "Eve", "password": "another horse", "role": "client"}
    assert b"Check your mail" in visitor().post("/sign-up", data=form).data
    assert account("cara@example.com") is None
    with pytest.raises(Conflict):
        invite(email="cara@example.com", role="client", now=clock.now())
    with pytest.raises(Conflict):
        create_user(email="cara@example.com", name="Eve", role="client", now=clock.now())
    assert account("cara@example.com") is None
    later = clock.now() + timedelta(days=8)
    assert create_user(email="cara@example.com", name="Eve", role="client", now=later)
    olga = visitor()
    olga.sign_in("olga@example.com")
    assert ask(olga, "cara@example.com").status_code == 303
    assert names("cara@example.com")[-2:] == [("verification", "skipped"), ("address_confirm", "skipped")]


@pytest.mark.each_database
def test_an_address_that_was_taken_meanwhile_is_not_moved_to(
    cara: Any, visitor: Any, change: Any, cast: Cast
) -> None:
    ask(cara)
    path = link(mails_to(NEW)[0], "/confirm-address/")
    change(cast.olga, email=NEW)
    assert cara.post(path).status_code == 410
    assert account("cara@example.com").id == cast.cara.id


@pytest.mark.each_database
def test_one_link_opened_at_once_moves_once(app: Flask, cara: Any, at_once: Any) -> None:
    ask(cara)
    token = link(mails_to(NEW)[0], "/confirm-address/").removeprefix("/confirm-address/")
    now = clock.now()

    def confirm(_number: int) -> bool:
        try:
            address_change.confirm_change(token=token, now=now)
        except DeadLink:
            return False
        return True

    assert sorted(at_once(3, confirm)) == [False, False, True]
    assert [name for name, _ in names(NEW)] == ["address_confirm", "address_done"]


def test_a_forged_link_is_dead(cara: Any) -> None:
    for path in ("/confirm-address/x", "/undo-address/x.y", "/not-me/x"):
        assert cara.get(path).status_code == 410
        assert cara.post(path).status_code == 410


def test_erasing_takes_the_addresses_along(app: Flask, cara: Any, cast: Cast, now: Any) -> None:
    ask(cara)
    db.session.rollback()
    assert export_person(cast.cara.id)["address_changes"][0]["new_email"] == NEW
    path = link(mails_to(NEW)[0], "/confirm-address/")
    db.session.rollback()
    erase_person(user_id=cast.cara.id, now=now)
    assert mails_to(NEW) == []
    assert cara.post(path).status_code == 410


def test_nothing_is_sent_to_the_new_address_of_a_disabled_account(cara: Any, cast: Cast, app: Flask) -> None:
    ask(cara)
    standing.disable(user_id=cast.cara.id, now=clock.now())
    (mail,) = mails_to(NEW)
    assert deliver(mail_id=mail.id, now=clock.now()) == "skipped"


@pytest.mark.each_database
def test_what_waits_for_the_old_address_goes_to_the_new_one_and_no_link_to_the_old(
    cara: Any, cast: Cast
) -> None:
    now = clock.now()
    request_password_reset(email="cara@example.com", now=now)
    request_password_reset(email="cara@example.com", now=now)
    waiting, failed = (mail.id for mail in mails_to("cara@example.com") if mail.name == "reset")
    with transaction() as session:
        session.get_one(Mail, failed).state = "failed"
    ask(cara)
    cara.post(link(mails_to(NEW)[-1], "/confirm-address/"))
    assert {mail.id for mail in mails_to(NEW)} >= {waiting}
    now = clock.now()
    resend(mail_id=failed, now=now)
    assert deliver(mail_id=failed, now=now) == "skipped"
    # What tells the old address of the change is for the old address.
    told = {mail.name: mail.id for mail in mails_to("cara@example.com")}
    for name in ("address_asked", "address_changed"):
        assert deliver(mail_id=told[name], now=now) == "sent"
    assert deliver(mail_id=waiting, now=now) == "sent"
