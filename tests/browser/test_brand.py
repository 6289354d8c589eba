"""The name, the logo and the colour of an installation, where people see them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.house import House, Sit, a_house

pytestmark = pytest.mark.slow

NAME = "Salon Lumière & Friends of Fine Hair"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'
    '<rect width="40" height="20" rx="6" fill="#d9480f"/><circle cx="12" cy="10" r="5" fill="white"/></svg>'
)
SMALL: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
# The drawn width of the logo, how far the page scrolls sideways, and the accent.
LOOKS = """() => [document.querySelector(".brand__logo").naturalWidth > 0,
  document.documentElement.scrollWidth - innerWidth,
  getComputedStyle(document.documentElement).getPropertyValue("--accent-hue").trim()]"""

house = a_house(
    lambda talk: talk.exchange("pcp"),
    WELLCHAT_CLIENT_VIEW="one-thread",
    WELLCHAT_HOME_URL="https://www.salon.example",
    WELLCHAT_TERMS_URL="https://salon.example/terms",
)


def looked_at(page: Page, name: str) -> None:
    """Readable for axe, and not wider than the window. The pictures are kept where somebody asks for them."""
    loaded, sideways, hue = page.evaluate(LOOKS)
    assert (loaded, sideways <= 0, hue.replace(" ", "")) == (True, True, "calc(130+3)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_the_brand_is_on_every_page(sit: Sit, house: House, tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    ada = sit(house.ada, at="/oversight/brand", **SMALL)
    ada.get_by_label("Name", exact=True).fill(NAME)
    ada.get_by_label("Logo").set_input_files(logo)
    ada.get_by_label("Accent colour").fill("133")
    ada.get_by_role("button", name="Preview").click()
    expect(ada.get_by_text("This is a preview.")).to_be_visible()
    looked_at(ada, "preview")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_text("Saved. Other servers")).to_be_visible()

    stranger = sit(None, at="/sign-in", **SMALL)
    expect(stranger).to_have_title(f"Sign in · {NAME}")
    expect(stranger.get_by_role("link", name="Back to salon.example")).to_be_visible()
    looked_at(stranger, "sign-in")
    paul = sit(house.paul, at="/", viewport={"width": 1280, "height": 800})
    expect(paul.get_by_role("link", name=NAME)).to_be_visible()
    looked_at(paul, "inbox")
    # A client with one conversation lands in it, and needs no way back.
    for name, options in (("alone-small", SMALL), ("alone", {"viewport": {"width": 1280, "height": 800}})):
        cara = sit(house.cara, at="/", **options)
        expect(cara).to_have_url(house.url + house.thread)
        expect(cara.get_by_role("textbox", name="Message")).to_be_visible()
        expect(cara.get_by_role("link", name="Messages", exact=True)).to_be_hidden()
        expect(cara.get_by_label("Inbox")).to_have_count(0)
        looked_at(cara, name)
        cara.get_by_role("button", name="Account").click()
        expect(cara.get_by_role("button", name="Sign out")).to_be_visible()
        expect(cara.get_by_role("link", name="Terms")).to_be_visible()
        looked_at(cara, f"{name}-menu")
