"""The example in a browser: what one person does, the other one sees without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import current_app
from playwright.sync_api import expect

from tests.browser.house import House, Sit, a_house, seats
from tests.cast import Talk
from tests.examples.conftest import migrate


def furnish(talk: Talk) -> None:
    """Run the example's migration."""
    migrate(current_app._get_current_object(), "upgrade")


house = a_house(furnish, WELLCHAT_FEATURES="examples.goals")


@pytest.fixture
def sit(chromium: Any, house: House) -> Iterator[Sit]:
    """People sit down in the house."""
    with seats(chromium, house, service_workers="block") as sit:
        yield sit


def test_a_goal_appears_beside_the_thread_and_on_the_page(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    listed = sit(house.cara, at="/goals")
    expect(cara.locator("#goals")).to_contain_text("No goals yet.")
    expect(listed.locator("#goals")).to_contain_text("No goals yet.")
    paul = sit(house.paul, at=house.thread)
    paul.locator(".composer__more").click()
    paul.get_by_role("link", name="Set a goal").click()
    paul.get_by_label("New goal").fill("Run 5 km")
    paul.get_by_role("button", name="Set a goal").click()
    expect(paul.locator("#goals")).to_contain_text("Run 5 km")
    expect(cara.locator("#goals")).to_contain_text("Run 5 km")
    expect(listed.locator("#goals")).to_contain_text("Run 5 km")
    listed.get_by_role("button", name="Done").click()
    expect(cara.locator("#goals s")).to_have_text("Run 5 km")
