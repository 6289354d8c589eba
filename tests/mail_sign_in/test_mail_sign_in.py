"""Links of mails that sign their reader in: by a button, once, for an hour, as the account is now."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import update

from tests.browsing import Browser
from tests.mail.world import DELAY, NOON, World, text_of
from wellchat import clock
from wellchat.accounts.models import User
from wellchat.db import transaction
from wellchat.digests import runs as digests
from wellchat.factors.actions import add_app
from wellchat.mail_sign_in import links

Browse = Callable[..., Browser]


def change(user: User, **values: object) -> None:
    with transaction() as session:
        session.execute(update(User).where(User.id == user.id).values(**values))


@pytest.fixture
def link(world: World) -> str:
    """Return the path of the link in a digest of the coach."""
    change(world.coach, verified_at=NOON)
    return mailed(world)


def mailed(world: World) -> str:
    at = clock.now()
    world.say(world.client, "Hello", at - DELAY)
    digests.sweep(at)
    text = text_of(world.server.messages[-1])
    found = re.search(r"https://chat\.example(/sign-in/mail/\S+)", text)
    return found[1] if found else ""


def is_in(browser: Browser) -> bool:
    return browser.get("/api/me").status_code == 200


@pytest.mark.each_database
def test_a_link_signs_in_once_by_its_button(world: World, link: str, browse: Browse) -> None:
    assert f"next=/threads/{world.thread.id}%231" in link
    scanner, mine, second = browse(), browse(), browse()
    for _ in range(3):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
    assert not is_in(scanner)
    assert str(world.coach.email) in mine.get(link).text
    form = {"next": f"/threads/{world.thread.id}#1"}
    assert mine.post(link, data=form).location == f"/threads/{world.thread.id}#1"
    assert is_in(mine)
    assert mine.get(link).location == f"/threads/{world.thread.id}#1", "who is in goes on"
    assert second.post(link, data=form).location == f"/sign-in?next=/threads/{world.thread.id}%231"
    assert not is_in(second)
    html = world.server.messages[-1].get_body(("html",)).get_content()
    assert link.partition("?")[0] in html, "both parts of the mail hold the same link"


@pytest.mark.each_database
def test_a_link_used_by_many_at_once_signs_in_one(world: World, link: str) -> None:
    token = link.removeprefix("/sign-in/mail/").partition("?")[0]
    answers = world.together(*[lambda: links.redeem(token, now=clock.now())] * 8)
    assert sum(isinstance(each, User) for each in answers) == 1
    assert all(isinstance(each, User | links.DeadLink) for each in answers)


ENDS = {
    "disabled": {"disabled_at": NOON},
    "epoch": {"session_epoch": "another"},
    "address": {"email": "new@example.com"},
    "administrator": {"role": "admin"},
}


@pytest.mark.parametrize("what", ENDS)
def test_a_link_dies_with_what_it_was_made_for(world: World, link: str, browse: Browse, what: str) -> None:
    change(world.coach, **ENDS[what])
    browser = browse()
    for answer in (browser.get(link), browser.post(link)):
        assert answer.location.startswith("/sign-in?next=/threads/") or answer.location == "/sign-in"
    assert not is_in(browser)


def test_a_link_dies_after_an_hour(world: World, link: str) -> None:
    token, later = link.removeprefix("/sign-in/mail/").partition("?")[0], clock.now() + timedelta(hours=1)
    with pytest.raises(links.DeadLink):
        links.owner(token, now=later)
    assert links.owner(token, now=later - timedelta(minutes=2)).id == world.coach.id


def test_the_second_factor_is_asked_for(world: World, link: str, browse: Browse) -> None:
    secret, now = pyotp.random_base32(), clock.now()
    code = pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // 30)
    assert add_app(user_id=world.coach.id, secret=secret, typed=code, now=now)
    browser = browse()
    assert browser.post(link).location == "/sign-in/second"
    assert not is_in(browser)


def test_a_link_is_no_fresh_proof(link: str, browse: Browse) -> None:
    browser = browse()
    browser.post(link)
    assert browser.get("/settings/security/factors/app").location.startswith("/prove")


def test_people_who_sign_in_otherwise_get_the_plain_link(world: World) -> None:
    assert mailed(world) == "", "an address that is not verified opens no door"
    assert f"https://chat.example/threads/{world.thread.id}" in text_of(world.server.messages[-1])


def test_nobody_is_led_elsewhere(link: str, browse: Browse) -> None:
    browser = browse()
    answer = browser.post(link.partition("?")[0], data={"next": "https://evil.example/"})
    assert answer.location == "/"
