"""The link of a professional at a phone: copied, shared, and followed by somebody without an account."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.house import PHONE, House, Sit, a_house

pytestmark = pytest.mark.slow

house = a_house()
SHARE = "navigator.share = (what) => { window.shared = what; return Promise.resolve(); }"


def test_a_link_is_chosen_copied_shared_and_followed(house: House, sit: Sit) -> None:
    page = sit(house.paul, at="/invite", **PHONE)
    page.get_by_label("Show my page to everybody who has the link").check()
    page.get_by_label("Name in the link").fill("paul")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(SHARE)
    page.get_by_role("button", name="Copy the link").press("Enter")
    expect(page.get_by_role("button", name="Link copied.")).to_be_visible()
    link = f"{house.url}/with/paul"
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.context.add_init_script(SHARE)
    page.reload()
    page.get_by_role("button", name="Share").press("Enter")
    assert page.evaluate("window.shared") == {"title": "Paul Professional", "url": link}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    stranger = sit(None, at="/with/paul", **PHONE)
    stranger.get_by_role("link", name="Write to Paul Professional").press("Enter")
    expect(stranger).to_have_url(f"{house.url}/sign-up?next=/with/paul/write")

    # The first message is sent by Enter, as every other.
    olga = sit(house.olga, at="/with/paul/write")
    field = olga.get_by_label("Your first message")
    field.press_sequentially("Hello")
    field.press("Shift+Enter")
    field.press_sequentially("Paul")
    field.press("Enter")
    olga.wait_for_url("**/threads/*")
    expect(olga.get_by_role("log")).to_contain_text("Hello\nPaul", use_inner_text=True)
