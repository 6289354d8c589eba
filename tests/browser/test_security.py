"""The page Security, in browsers, by keyboard: one ends the session of another, and proves who is there."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import update

from tests.browser.house import House, Sit, a_house
from wellchat.accounts import passwords
from wellchat.accounts.models import User
from wellchat.accounts.session_models import UserSession
from wellchat.clock import now as clock_now
from wellchat.db import transaction

house = a_house()


def test_everywhere_else_is_signed_out_by_keyboard(sit: Sit, house: House) -> None:
    other = sit(house.cara, at="/settings")
    own = sit(house.cara, at="/settings/security")
    expect(own.get_by_text("This one")).to_have_count(1)
    button = own.get_by_role("button", name="Sign out everywhere else")
    button.focus()
    own.keyboard.press("Enter")
    expect(own.get_by_text("other browser")).to_be_visible()
    # The other page notices by its own poll and leaves; it is not told to go anywhere.
    expect(other).to_have_url(re.compile("/sign-in"))


def test_a_token_asks_who_is_there_and_goes_on(sit: Sit, house: House) -> None:
    with house.app.app_context(), transaction() as session:
        stored = passwords.hash_password("correct horse")
        session.execute(update(User).where(User.id == house.paul.id).values(password_hash=stored))
    paul = sit(house.paul, at="/settings")
    with house.app.app_context(), transaction() as session:
        long_ago = clock_now() - timedelta(minutes=11)
        session.execute(
            update(UserSession).where(UserSession.user_id == house.paul.id).values(proved_at=long_ago)
        )
    paul.goto("/settings")
    link = paul.get_by_role("link", name="Show that it is you, to make a token")
    link.focus()
    paul.keyboard.press("Enter")
    expect(paul.get_by_label("Password")).to_be_focused()
    paul.keyboard.type("correct horse")
    paul.keyboard.press("Enter")
    expect(paul).to_have_url(re.compile("/settings#tokens"))
    paul.get_by_label("What it is for").focus()
    paul.keyboard.type("cron")
    paul.keyboard.press("Enter")
    expect(paul.get_by_label("Your new token")).to_be_visible()
