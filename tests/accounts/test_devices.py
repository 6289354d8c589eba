"""A device is known by its cookie: a new one is told by mail, and "this was not me" ends everything."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import account, mails_to
from tests.accounts.test_sessions import FIREFOX
from tests.cast import Cast
from wellchat import clock
from wellchat.accounts.actions import create_token
from wellchat.accounts.devices import knows
from wellchat.accounts.known_devices import KnownDevice, moment_in, trim_devices
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.mail import compose

PASSWORD = {"email": "cara@example.com", "password": "correct horse"}


def names(email: str = "cara@example.com") -> list[str]:
    return [mail.name for mail in mails_to(email)]


def link(mail: Any, path: str) -> str:
    """The path of the link in the mail as it would be sent now."""
    message = message_from_bytes(compose.render(mail, now=clock.now()).content, policy=default)
    found = re.search(rf"http://127\.0\.0\.1:8000({path}\S+)", message.get_body(("plain",)).get_content())
    assert found
    return found[1]


@pytest.fixture
def surprised(visitor: Any, cast: Cast) -> Any:
    """The browser of somebody who signed in as Cara on a device that is not hers."""
    visitor().sign_in("cara@example.com")
    other = visitor()
    other.post("/sign-in", data=PASSWORD, headers=FIREFOX)
    return other


@pytest.mark.each_database
def test_the_first_device_is_no_news_and_a_second_one_is(visitor: Any, cast: Cast) -> None:
    own = visitor()
    own.sign_in("cara@example.com")
    cookie = own.get_cookie("wellchat_device")
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    own.post("/sign-out")
    own.sign_in("cara@example.com")
    assert names() == []
    visitor().post("/sign-in", data=PASSWORD, headers=FIREFOX)
    (mail,) = mails_to("cara@example.com")
    text = compose.render(mail, now=clock.now()).content.decode()
    assert "Firefox on Linux" in text
    assert "127.0.0.0/24" in text
    db.session.rollback()
    kinds = db.session.execute(db.select(AuditEvent.kind)).scalars().all()
    assert kinds.count("device.new") == 1


@pytest.mark.each_database
def test_this_was_not_me_ends_everything(
    app: Flask, surprised: Any, visitor: Any, cast: Cast, now: Any
) -> None:
    create_token(user_id=cast.cara.id, now=now)
    path = link(mails_to("cara@example.com")[-1], "/not-me/")
    owner = visitor()
    assert b"Sign out everywhere" in owner.get(path).data
    assert surprised.is_signed_in()
    assert b"Signed out everywhere" in owner.post(path).data
    assert not surprised.is_signed_in()
    assert names() == ["new_device", "reset"]
    assert db.session.execute(db.select(KnownDevice)).all() == []
    assert owner.post(path).status_code == 410
    assert owner.get(path).status_code == 410
    kinds = db.session.execute(db.select(AuditEvent.kind)).scalars().all()
    assert "device.denied" in kinds
    assert link(mails_to("cara@example.com")[-1], "/reset-password/")


def test_a_forged_or_changed_cookie_is_no_known_device(app: Flask, visitor: Any, cast: Cast) -> None:
    own = visitor()
    own.sign_in("cara@example.com")
    real = own.cookie("wellchat_device")
    for cookie, known in ((real, True), (real[::-1], False), ("x", False), ("", False), ("a.b", False)):
        with app.test_request_context("/", headers={"Cookie": f"wellchat_device={cookie}"}):
            assert knows(cast.cara.id) is known
            assert knows(cast.olga.id) is False


def test_two_people_at_one_device_are_known_apart(visitor: Any, cast: Cast) -> None:
    shared = visitor()
    shared.sign_in("cara@example.com")
    shared.post("/sign-out")
    shared.sign_in("olga@example.com")
    assert names("olga@example.com") == []
    visitor().sign_in("olga@example.com")
    assert (names("olga@example.com"), names()) == (["new_device"], [])


def test_devices_are_forgotten_with_their_cookies(app: Flask, surprised: Any, now: Any) -> None:
    from datetime import timedelta

    assert trim_devices(now=now + timedelta(days=399)) == 0
    assert trim_devices(now=now + timedelta(days=401)) == 2
    assert account("cara@example.com") is not None


def test_the_time_is_told_in_the_zone_of_the_reader(app: Flask) -> None:
    with app.test_request_context():
        assert moment_in("2026-11-12T13:05:00+00:00", "Europe/Paris") == "Thu 12 Nov, 14:05 (Europe/Paris)"
