"""Who gets in: by sign-up, by invitation, or not at all; and professionals who wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.accounts.conftest import account, again, mails_to
from wellchat import clock
from wellchat.accounts.admission import accept_invitation, confirm_professional, invite
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent
from wellchat.connections.actions import connect
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotAllowed
from wellchat.mail import compose
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread

FORM = {"name": "Nora Newell", "password": "three warm words", "email": "new@example.com"}


def kinds():
    db.session.rollback()
    return [event.kind for event in db.session.execute(select(AuditEvent)).scalars()]


@pytest.mark.parametrize(
    ("mode", "words"), [("invited", "by invitation"), ("off", "Nobody can make an account")]
)
def test_a_closed_sign_up_says_so_and_makes_nothing(app, cast, visitor, mode, words):
    app.config["SIGN_UP"] = mode
    assert words in visitor().get("/sign-up").text
    answer = visitor().post("/sign-up", data={**FORM, "role": "client"})
    assert answer.status_code == 403
    assert words in answer.text
    assert 'href="/sign-up"' not in visitor().get("/sign-in").text
    assert account("new@example.com") is None


@pytest.mark.each_database
def test_an_invitation_makes_one_account_with_its_role(app, cast, visitor):
    app.config["SIGN_UP"] = "invited"
    app.config["CONFIRM_PROFESSIONALS"] = True
    result = app.test_cli_runner().invoke(
        args=["user", "invite", "New@Example.com", "--role", "professional"]
    )
    assert result.exit_code == 0
    link = result.output.strip().removeprefix(app.config["BASE_URL"])
    (mail,) = mails_to("new@example.com")
    assert link.partition("/invited/")[0] == ""
    assert "/invited/" in compose.render(mail, now=clock.now()).content.decode()
    browser = visitor()
    assert "new@example.com" in browser.get(link).text
    weak = browser.post(link, data={**FORM, "password": "Password1!"})
    assert (weak.status_code, "Nora Newell" in weak.text) == (422, True)
    assert browser.post(link, data={**FORM, "role": "admin", "email": "other@example.com"}).status_code == 303
    assert browser.is_signed_in()
    made = account("new@example.com")
    assert (made.role, made.waits, made.verified_at is not None) == ("professional", False, True)
    assert account("other@example.com") is None
    assert visitor().get(link).status_code == 410
    assert visitor().post(link, data=FORM).status_code == 410
    assert "account.invited" in kinds()


def test_an_invitation_ends_after_seven_days_and_a_forged_one_never_began(app, cast, visitor):
    now = clock.now()
    path = invite(email="new@example.com", role="client", now=now - timedelta(days=7, seconds=1))
    assert visitor().get(path).status_code == 410
    assert visitor().get("/invited/nonsense").status_code == 410
    assert visitor().post("/invited/nonsense", data=FORM).status_code == 410
    with pytest.raises(DeadLink):
        accept_invitation(
            token=path.rpartition("/")[2], name="N", password="three warm words", time_zone="UTC", now=now
        )


def test_nobody_with_an_account_is_invited(app, cast):
    result = app.test_cli_runner().invoke(args=["user", "invite", "cara@example.com", "--role", "client"])
    assert (result.exit_code, "already has an account" in result.output) == (1, True)
    assert mails_to("cara@example.com") == []


@pytest.fixture
def waiting(app, cast, visitor):
    """A professional who signed up by themselves."""
    app.config["CONFIRM_PROFESSIONALS"] = True
    visitor().post("/sign-up", data={**FORM, "role": "professional"})
    with transaction():
        user = account("new@example.com")
        user.verified_at = clock.now()
    return again(user)


def test_a_professional_who_waits_is_found_by_nobody_and_writes_to_nobody(waiting, cast, browse, now):
    assert waiting.waits
    assert browse(cast.cara).get(f"/people/{waiting.id}").status_code == 404
    call = {"with": waiting.id}
    assert browse(cast.cara).post("/api/threads", json=call).status_code == 404
    with pytest.raises(Invalid, match="not confirmed yet"):
        connect(client_id=cast.cara.id, professional_id=waiting.id, now=now)
    with pytest.raises(NotAllowed):
        open_thread(viewer=waiting, with_id=cast.cara.id, now=now)
    with pytest.raises(NotAllowed):
        send_message(sender=waiting, thread_id="x", body="Hello", client_key="1", now=now)
    assert "confirm every professional first" in browse(waiting).get("/").text


def test_once_confirmed_they_are_like_any_other(app, waiting, cast, browse):
    result = app.test_cli_runner().invoke(args=["user", "confirm", "new@example.com"])
    assert (result.exit_code, result.output) == (0, "Confirmed.\n")
    assert browse(cast.cara).get(f"/people/{waiting.id}").status_code == 200
    assert browse(cast.cara).post("/api/threads", json={"with": waiting.id}).status_code == 201
    assert not confirm_professional(user_id=waiting.id, now=clock.now())
    assert kinds().count("account.confirmed") == 1


def test_clients_and_everybody_from_before_do_not_wait(app, cast, visitor):
    app.config["CONFIRM_PROFESSIONALS"] = True
    visitor().post("/sign-up", data={**FORM, "role": "client"})
    db.session.rollback()
    assert not any(user.waits for user in db.session.execute(select(User)).scalars())
