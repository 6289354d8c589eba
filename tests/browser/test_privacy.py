"""One's own data, by keyboard in a browser: a copy, and an erasure that is asked for and taken back."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, Sit, a_house

pytestmark = pytest.mark.slow

house = a_house(worker=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def test_a_copy_is_asked_for_made_and_downloaded(house: House, sit: Sit) -> None:
    page = sit(house.cara, at="/settings/privacy")
    press(page, "Get a copy")
    link = page.get_by_role("link", name="Download the copy")
    # The section is drawn anew when the worker is done; nobody reloads.
    expect(link).to_be_visible(timeout=30_000)
    link.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert "index.html" in zipfile.ZipFile(download.value.path()).namelist()


def test_an_erasure_is_taken_back(house: House, sit: Sit) -> None:
    page = sit(house.paul, at="/settings/privacy")
    page.get_by_label("I want my account to be erased.").focus()
    page.keyboard.press("Space")
    press(page, "Erase my account")
    expect(page.get_by_text("Your account is erased on")).to_be_visible()
    press(page, "Keep my account")
    expect(page.get_by_text("Your account is kept.")).to_be_visible()
