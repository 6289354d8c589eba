"""Links by mail: signed, for one purpose, expiring, and each works once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.accounts.conftest import PASSWORD, again, link_in, mails_to
from wellchat.accounts import credentials, links
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import UsedLink
from wellchat.db import db, transaction
from wellchat.mail import compose
from wellchat.mail.compose import NotWanted
from wellchat.mail.models import Mail

NEW = "four warm words here"


def reset_token(user, now):
    return links.reset_path(user.id, now).removeprefix("/reset-password/")


@pytest.mark.each_database
def test_a_link_used_fifty_times_at_once_works_once(app, cast, now, at_once):
    token = reset_token(cast.cara, now)

    def redeem(i):
        try:
            credentials.reset_password(token=token, password=f"warm words number {i}", now=now)
        except DeadLink:
            return False
        return True

    assert sum(at_once(50, redeem)) == 1
    assert again(cast.cara).session_epoch == 2


@pytest.mark.each_database
def test_of_several_reset_links_only_one_works(app, cast, now, at_once):
    tokens = [reset_token(cast.cara, now + timedelta(seconds=i)) for i in range(8)]
    assert len(set(tokens)) == 8

    def redeem(i):
        try:
            credentials.reset_password(token=tokens[i], password=f"warm words number {i}", now=now)
        except DeadLink:
            return False
        return True

    assert sum(at_once(8, redeem)) == 1


def test_a_used_link_does_not_work_in_another_base64_spelling(app, cast, now):
    """The last letter of a base64 signature has bits to spare."""
    token = reset_token(cast.cara, now)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [token[:-1] + letter for letter in letters if letter != token[-1]]
    working = [twin for twin in twins if _works(twin, now)]
    assert working, "there are such spellings"
    with transaction():
        links.redeem(token, links.RESET, now=now)
    for twin in working:
        assert not _works(twin, now)


def _works(token, now):
    try:
        links.link_owner(token, links.RESET, now=now)
    except DeadLink:
        return False
    return True


def test_a_link_expires(app, cast, now):
    token = reset_token(cast.cara, now)
    assert links.link_owner(token, links.RESET, now=now + timedelta(minutes=59)).id == cast.cara.id
    with pytest.raises(DeadLink):
        links.link_owner(token, links.RESET, now=now + timedelta(hours=1))


def test_an_operator_can_let_links_live_ten_minutes(app, cast, now, change, visitor):
    """Those that stand for a password or an address; the page and the mail say how long."""
    app.config["LINK_MINUTES"] = 10
    change(cast.cara, verified_at=None)
    for purpose in (links.RESET, links.VERIFY):
        token = links.path_for(cast.cara, purpose, now).removeprefix(purpose.path)
        assert links.link_owner(token, purpose, now=now + timedelta(seconds=599)).id == cast.cara.id
        with pytest.raises(DeadLink):
            links.link_owner(token, purpose, now=now + timedelta(minutes=10))
    token = links.path_of(links.ADDRESS, "a", now).removeprefix(links.ADDRESS.path)
    assert links.read(token, links.ADDRESS, now=now + timedelta(seconds=599)) == "a"
    with pytest.raises(DeadLink):
        links.read(token, links.ADDRESS, now=now + timedelta(minutes=10))
    assert links.NOT_ME.lasts == timedelta(days=7), "it signs nobody in"
    assert "once, for 10 minutes." in visitor().post("/forgot-password", data={"email": cast.cara.email}).text
    (mail,) = mails_to(cast.cara.email)
    assert b"once, for 10 minutes." in compose.render(mail, now=now).content
    app.config["LINK_MINUTES"] = 4320
    assert [links.link_lasts(name) for name in ("verify", "reset", "address")] == [
        "3 days",
        "1 hour",
        "1 day",
    ]


def test_a_link_works_for_its_own_purpose_only(app, cast, now):
    with pytest.raises(DeadLink):
        links.link_owner(reset_token(cast.cara, now), links.VERIFY, now=now)


@pytest.mark.parametrize("spoil", ["", "x", "a.b", "a.b.c", ".eJw", "é", "../..", "0" * 4000])
def test_a_forged_link_is_refused(app, cast, now, visitor, spoil):
    with pytest.raises(DeadLink):
        links.link_owner(spoil, links.RESET, now=now)
    if spoil and "/" not in spoil:
        assert visitor().get(f"/reset-password/{spoil}").status_code == 410
        assert visitor().post(f"/reset-password/{spoil}", data={"password": NEW}).status_code == 410
        assert visitor().post(f"/verify/{spoil}").status_code == 410


def test_the_fingerprint_in_a_link_has_128_bits(app, cast, now):
    token = reset_token(cast.cara, now)
    user_id, expires, fingerprint = links._signer(links.RESET).loads(token)
    assert len(bytes.fromhex(fingerprint)) == 16
    # A mail of version 0.2 has fewer, and works until its end.
    short = links._signer(links.RESET).dumps([user_id, expires, fingerprint[:20]])
    assert links.link_owner(short, links.RESET, now=now).id == cast.cara.id
    shorter = links._signer(links.RESET).dumps([user_id, expires, fingerprint[:19]])
    with pytest.raises(DeadLink):
        links.link_owner(shorter, links.RESET, now=now)


def test_a_link_with_one_changed_letter_is_refused(app, cast, now):
    token = reset_token(cast.cara, now)
    for i in range(len(token) - 1):
        assert not _works(token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :], now)


def test_a_link_dies_when_the_account_changes(app, cast, now):
    token = reset_token(cast.cara, now)
    credentials.change_password(user_id=cast.cara.id, current=PASSWORD, new=NEW, now=now)
    with pytest.raises(DeadLink):
        links.link_owner(token, links.RESET, now=now)
    token = reset_token(cast.cara, now)
    credentials.end_sessions(user_id=cast.cara.id)
    with pytest.raises(DeadLink):
        links.link_owner(token, links.RESET, now=now)


def test_no_link_is_made_for_a_verified_or_unknown_user(app, cast, now):
    with pytest.raises(NotWanted):
        links.verify_path(cast.cara.id, now)
    with pytest.raises(NotWanted):
        links.reset_path("nobody", now)


def test_the_link_in_the_mail_resets_the_password(app, cast, visitor):
    elsewhere, cara = visitor(), visitor()
    elsewhere.sign_in("cara@example.com")
    assert "Check your mail" in cara.post("/forgot-password", data={"email": "Cara@Example.com"}).text
    (mail,) = mails_to("cara@example.com")
    link = link_in(mail)
    assert "Choose a new password" in cara.get(link).text
    assert cara.get(link).status_code == 200, "looking uses nothing up"
    assert cara.post(link, data={"password": "short"}).status_code == 422
    assert cara.post(link, data={"password": NEW}).status_code == 303
    assert "Your new password is set." in cara.get("/").text
    assert cara.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert visitor().post(link, data={"password": "mallory was here"}).status_code == 410
    assert visitor().get(link).status_code == 410
    assert visitor().sign_in("cara@example.com", NEW).status_code == 303
    # The last two: the browser with the link, and the one after it, are not the one she had signed in on.
    assert [m.name for m in mails_to("cara@example.com")] == [
        "reset",
        "password_changed",
        "new_device",
        "new_device",
    ]


def test_a_first_password_signs_nobody_out_in_words(app, cast, change, visitor, now):
    change(cast.cara, password_hash=None)
    cara, path = visitor(), links.reset_path(cast.cara.id, now)
    assert "signed out" not in cara.get(path).text
    assert "signed out" not in cara.post(path, data={"password": "short"}).text
    cara.post(path, data={"password": NEW})
    page = cara.get("/").text
    assert ("Your password is set." in page, "signed out" in page) == (True, False)


def test_a_reset_verifies_the_address_too(app, now, visitor):
    credentials.sign_up(
        email="nora@example.com", name="Nora", password=PASSWORD, role="client", time_zone="UTC", now=now
    )
    visitor().post("/forgot-password", data={"email": "nora@example.com"})
    link = link_in(mails_to("nora@example.com")[-1])
    assert visitor().post(link, data={"password": NEW}).status_code == 303
    assert visitor().sign_in("nora@example.com", NEW).status_code == 303


POISON = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1:8000@evil.example"},
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Server": "evil.example", "X-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"},
    {"X-Original-URL": "http://evil.example/", "X-Rewrite-URL": "http://evil.example/"},
    {"Origin": "http://evil.example", "Referer": "http://evil.example/"},
]


@pytest.mark.parametrize("headers", POISON)
def test_the_host_header_does_not_change_a_link(app, cast, visitor, headers):
    visitor().post("/forgot-password", data={"email": "cara@example.com"}, headers=headers)
    for mail in mails_to("cara@example.com"):
        assert link_in(mail).startswith("/reset-password/")
        assert "evil.example" not in str(mail.context)


def test_a_reset_for_an_unknown_address_sends_nothing_and_is_recorded(app, cast, visitor):
    visitor().post("/forgot-password", data={"email": "nobody@example.com"})
    (skip,) = mails_to("nobody@example.com")
    assert (skip.state, skip.reason) == ("skipped", "There is no account with this address.")
    assert db.session.scalar(select(func.count()).select_from(Mail)) == 1
    assert db.session.scalar(select(func.count()).select_from(UsedLink)) == 0
