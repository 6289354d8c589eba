"""Second factors at real browsers: an app by the keyboard alone, a passkey of a device that is played."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import update

from tests.browser.house import PASSWORD, House, Person, Sit, a_house
from tests.browser.test_access import EVERY_RULE
from wellchat.accounts.session_models import UserSession
from wellchat.clock import now as clock_now
from wellchat.db import transaction

pytestmark = pytest.mark.slow

house = a_house(host="localhost")

FACTORS = "/settings/security/factors"
SIZES = ((1280, 800), (360, 740))
PICTURES = os.environ.get("PICTURES")


def looked_at(page: Page, name: str) -> None:
    """Without a fault for axe, and without scrolling sideways, at a window and at a small phone."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        found = Axe().run(page, options=EVERY_RULE).response["violations"]
        assert found == [], (name, width, [(one["id"], one["nodes"][0]["target"]) for one in found])
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}.{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def types_password(page: Page, person: Person) -> None:
    """From the page of signing in, by the keyboard."""
    page.goto("/sign-in")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def leave(page: Page) -> None:
    """Forget the session. A page that stayed open would load itself anew, and come in between."""
    page.goto("about:blank")
    page.context.clear_cookies()


def age_proofs(house: House) -> None:
    with house.app.app_context(), transaction() as session:
        session.execute(update(UserSession).values(proved_at=clock_now() - timedelta(hours=1)))


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText?.trim()") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_an_app_by_the_keyboard_alone(house: House, sit: Sit) -> None:
    page = sit(None, "/sign-in", reduced_motion="reduce")
    types_password(page, house.cara)
    page.wait_for_url(house.url + house.thread)  # the one conversation that she has
    page.goto(FACTORS)
    looked_at(page, "factors-none")
    tab_to(page, "Set up an app")
    page.keyboard.press("Enter")
    page.wait_for_url(house.url + FACTORS + "/app")
    looked_at(page, "app")
    tab_to(page, "Or type the key")
    page.keyboard.press("Enter")
    phone = pyotp.TOTP(page.locator("#key").inner_text().replace(" ", ""))
    page.keyboard.press("Tab")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator("#code-error")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    looked_at(page, "app-refused")
    page.keyboard.press("Control+A")
    code = phone.now()
    page.keyboard.type(f"{code[:3]} {code[3:]}")
    page.keyboard.press("Enter")
    codes = page.locator("ol.codes li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    looked_at(page, "codes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert recovery in Path(download.value.path()).read_text()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.goto(FACTORS)
    looked_at(page, "factors-app")
    leave(page)

    types_password(page, house.cara)
    page.wait_for_url("**/sign-in/second")
    looked_at(page, "second-step")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.locator("#code-error")).to_contain_text("used already")
    looked_at(page, "second-step-refused")
    tab_to(page, "Use a recovery code")
    page.keyboard.press("Enter")
    expect(page.locator("#recovery")).to_be_focused()
    page.keyboard.type(recovery)
    page.keyboard.press("Enter")
    page.wait_for_url(house.url + house.thread)

    age_proofs(house)
    page.goto(f"{FACTORS}/passkey")
    page.wait_for_url("**/prove?**")
    looked_at(page, "prove")


@pytest.fixture
def device() -> Any:
    """device(page): a device that keeps passkeys and whose owner touches it at once."""

    def plug_in(page: Page, **options: Any) -> Any:
        line = page.context.new_cdp_session(page)
        line.send("WebAuthn.enable")
        about = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            **options,
        }
        made = line.send("WebAuthn.addVirtualAuthenticator", {"options": about})["authenticatorId"]
        return line, made

    return plug_in


def test_a_passkey_from_adding_it_to_a_fresh_proof(house: House, sit: Sit, device: Any) -> None:
    page = sit(None, "/sign-in", reduced_motion="reduce")
    line, key = device(page)
    looked_at(page, "sign-in")
    types_password(page, house.paul)
    page.wait_for_url(house.url + "/")
    page.goto(FACTORS)
    page.get_by_role("link", name="Add a passkey").click()
    page.wait_for_url("**/passkey")
    looked_at(page, "passkey")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("My phone")
    page.keyboard.press("Enter")
    expect(page.locator("ol.codes li")).to_have_count(10)
    (kept,) = line.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert kept["isResidentCredential"]
    assert kept["rpId"] == "localhost"

    page.goto(f"{FACTORS}/passkey")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator('[data-part="error"]')).to_contain_text("has a passkey of yours already")
    looked_at(page, "passkey-refused")
    page.goto(FACTORS)
    looked_at(page, "factors-passkey")
    leave(page)

    page.goto("/sign-in?next=/settings")
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    page.wait_for_url(house.url + "/settings")
    leave(page)

    types_password(page, house.paul)
    page.wait_for_url("**/sign-in/second")
    looked_at(page, "second-step-passkey")
    page.get_by_role("button", name="Use a passkey").press("Enter")
    page.wait_for_url(house.url + "/")

    age_proofs(house)
    page.goto(f"{FACTORS}/passkey")
    page.wait_for_url("**/prove?**")
    expect(page.get_by_label("Password")).to_have_count(0)
    looked_at(page, "prove-passkey")
    page.get_by_role("button", name="Use a passkey").press("Enter")
    page.wait_for_url(house.url + FACTORS + "/passkey")

    page.goto(FACTORS)
    page.get_by_role("button", name="Remove My phone").press("Enter")
    expect(page.get_by_text("The passkey was removed.")).to_be_visible()
    leave(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("not known here")


def test_a_device_that_does_not_answer_is_said(house: House, sit: Sit, device: Any) -> None:
    page = sit(None, "/sign-in", reduced_motion="reduce")
    device(page, isUserVerified=False)
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    expect(page.locator('[data-part="error"]')).to_contain_text("No passkey was used")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_focused()
    looked_at(page, "sign-in-cancelled")


def test_a_browser_without_passkeys_is_offered_none(house: House, sit: Sit) -> None:
    page = sit(None, "/offline", reduced_motion="reduce")
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto("/sign-in")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("button", name=re.compile("passkey"))).to_have_count(0)
