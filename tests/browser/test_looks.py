"""What else only a picture shows, as far as it can be told in numbers: what stands where, in any language."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.everything import furnish
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.accounts.actions import create_user
from wellchat.connections.actions import connect
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread

pytestmark = pytest.mark.slow

DESK = {"viewport": {"width": 1280, "height": 800}}
SIZES = pytest.mark.parametrize("options", [DESK, PHONE], ids=["desktop", "phone"])
LINES = """(cell) => {
  const words = document.createRange();
  words.selectNode(cell.firstChild);
  return new Set([...words.getClientRects()].map(({ top }) => top)).size;
}"""


def a_lot(talk: Talk) -> Any:
    """Everything, and a hundred messages that wait."""
    many = create_user(email="many@example.com", name="Many Words", role="professional", now=talk.now)
    connect(client_id=talk.cara.id, professional_id=many.id, now=talk.now)
    thread_id, _ = open_thread(viewer=talk.cara, with_id=many.id, now=talk.now)
    for seq in range(100):
        send_message(sender=many, thread_id=thread_id, body="More", client_key=f"more-{seq}", now=talk.now)
    return furnish(talk)


house = a_house(a_lot, WELLCHAT_LANGUAGES="en,fr,ar")


def box(found: Locator) -> dict[str, float]:
    at = found.first.bounding_box()
    assert at
    return {**at, "right": at["x"] + at["width"], "bottom": at["y"] + at["height"]}


def middle(found: Locator) -> float:
    at = box(found)
    return at["x"] + at["width"] / 2


@SIZES
def test_what_is_answered_stands_above_the_field(house: House, sit: Sit, options: dict[str, Any]) -> None:
    page = sit(house.cara, at=f"{house.thread}?reply_to=7", **options)
    answered, field = box(page.locator('[data-part="reply-banner"]')), box(page.locator(".composer__field"))
    assert answered["bottom"] <= field["y"]
    assert field["height"] < 48  # one line
    assert answered["width"] > 0.9 * box(page.locator(".composer__box"))["width"]


def test_the_list_stands_still_when_a_thread_opens_beside_it(house: House, sit: Sit) -> None:
    page = sit(house.cara, **DESK)

    def seen() -> list[Any]:
        title = page.locator(".pane-list__title > :first-child")
        return [
            box(page.locator(".pane-list")),
            box(title),
            title.evaluate("(it) => getComputedStyle(it).font"),
        ]

    alone = seen()
    page.goto(house.thread)
    assert seen() == alone


def test_a_long_count_hides_nothing_on_a_phone(house: House, sit: Sit) -> None:
    page = sit(house.cara, at=house.thread, **PHONE)
    count = page.locator(".topbar__link--messages .badge")
    assert count.inner_text() == "99+"
    arrow = box(page.locator(".topbar__back .icon"))
    assert arrow["x"] + 0.6 * arrow["width"] <= box(count)["x"]  # where its point and its arms end
    page.locator('[data-part="button"] .badge').evaluate(
        "(badge) => { badge.hidden = false; badge.textContent = '99+'; }"
    )
    assert box(page.locator('[data-part="button"] .badge'))["right"] + 2 <= page.evaluate("innerWidth")


def test_no_word_is_torn_on_a_phone(house: House, sit: Sit) -> None:
    page = sit(house.cara, at="/settings/notifications", locale="fr", **PHONE)
    kinds = page.locator(".grid tbody th")
    assert kinds.first.inner_text() == "Nouveaux messages"
    assert max(kinds.nth(i).evaluate(LINES) for i in range(kinds.count())) <= 2
    heads = page.locator(".grid thead th:not(:first-child)")
    assert heads.evaluate_all("(all) => all.every((head) => head.scrollWidth <= head.clientWidth)")
    assert page.locator(".tabs").evaluate("(tabs) => tabs.scrollWidth <= tabs.clientWidth")


def in_arabic(sit: Sit, house: House, at: str, options: dict[str, Any]) -> Page:
    return sit(house.cara, at=at, locale="ar", **options)


@SIZES
def test_from_right_to_left_it_is_the_mirror_image(house: House, sit: Sit, options: dict[str, Any]) -> None:
    page = in_arabic(sit, house, house.thread, options)
    page.locator('[data-part="jump"]').evaluate("(chip) => { chip.hidden = false; }")
    assert abs(middle(page.locator('[data-part="jump"]')) - middle(page.locator(".composer"))) < 1

    page.goto("/notifications")
    row = box(page.locator(".notification"))
    assert row["right"] - box(page.locator(".notification__link > :first-child"))["right"] >= 12

    page.goto("/search?q=thursday")
    icon, words = page.locator(".find .search .icon"), page.locator(".find .search .input")
    kept = words.evaluate("(field) => parseFloat(getComputedStyle(field).paddingRight)")
    assert box(words)["right"] - kept <= box(icon)["x"]


def test_from_right_to_left_what_opens_belongs_to_its_button(house: House, sit: Sit) -> None:
    page = in_arabic(sit, house, house.thread, DESK)
    page.locator(".composer__emoji").click()
    page.locator(".board__grid button").first.wait_for()
    assert box(page.locator(".board"))["x"] == pytest.approx(
        box(page.locator(".composer__emoji"))["x"], abs=1
    )
