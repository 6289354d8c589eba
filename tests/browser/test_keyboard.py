"""By keyboard alone, read aloud, without motion, in the reader's own colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.access_states import STATES
from tests.browser.everything import furnish
from tests.browser.house import House, Sit, a_house

pytestmark = pytest.mark.slow

# Where the focus is, by a name that is its own; and whether somebody who looks can tell.
FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  window.seen ??= new Map();
  if (!window.seen.has(at)) window.seen.set(at, window.seen.size);
  const marks = (element) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor } = getComputedStyle(element);
    const outline = outlineStyle === "none" ? "" : outlineWidth;
    return [outline, boxShadow, borderColor, backgroundColor].join();
  };
  const frame = at.closest("label, form, .search, .composer__box, .palette__field");
  const around = [at, at.parentElement, frame].filter(Boolean);
  const focused = around.map(marks).join();
  const { width, height } = at.getBoundingClientRect();
  const name = at.outerHTML.slice(0, 120);
  const found = { id: window.seen.get(at), name, visible: true, size: width * height };
  // A field of several parts, which is back at its first part after a blur.
  if (["date", "time"].includes(at.type)) return found;
  at.blur();
  found.visible = focused !== around.map(marks).join();
  at.focus({ preventScroll: true });
  return found;
}"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# What can be clicked here, by those who can.
REACHABLE = """(root) => [...(root ? document.querySelector(root) : document)
  .querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true })
    && !(one.type === "radio" && !one.checked))
  .filter((one) => !window.seen?.has(one)).map((one) => one.outerHTML.slice(0, 120))"""


house = a_house(furnish)


def walk(page: Page, most: int = 150) -> list[int]:
    """Tab until one comes to where one began; every stop can be seen."""
    stops: list[int] = []
    nowhere = 0
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None:
            nowhere += 1
            if nowhere > 1:
                break
            continue
        assert at["visible"], f"cannot be seen: {at['name']}"
        assert at["size"] > 0, f"has no size: {at['name']}"
        if stops and at["id"] == stops[0]:
            break
        stops.append(at["id"])
    return stops


@pytest.mark.parametrize("path", ["/", "thread", "/search?q=thursday", "/settings/notifications", "/new"])
def test_all_of_a_page_is_reached(sit: Sit, house: House, path: str) -> None:
    cara = sit(house.cara, at=house.thread if path == "thread" else path)
    cara.evaluate("document.activeElement.blur()")
    stops = walk(cara)
    assert len(stops) > 8
    assert cara.evaluate(REACHABLE, None) == []


def test_past_all_that_comes_on_every_page(sit: Sit, house: House) -> None:
    cara = sit(house.cara, at="/settings")
    cara.keyboard.press("Tab")
    skip = cara.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    cara.keyboard.press("Enter")
    expect(cara.locator("#main")).to_be_focused()
    cara.keyboard.press("Tab")
    expect(cara.locator("main:focus-within")).to_be_attached()


# A state, what is open then, and what had the focus before and has it again.
OPEN = {
    "account menu": ("#account-menu", ".topbar__account"),
    "notification menu": ("#notification-menu", '[popovertarget="notification-menu"]'),
    "row menu": ("#row-menu", ".conversation"),
    "shortcuts": ('[data-part="shortcuts"]', None),
    "palette": (".palette", ".topbar__search"),
    "thread menu": ("#thread-menu", ".thread__menu"),
    "message menu": ("#message-menu", '[data-seq="7"]'),
    "delete?": ("dialog.confirm", '[data-seq="7"]'),
    "emoji board": (".board", ".composer"),
    "lightbox": (".lightbox", '.message [data-action="lightbox"]'),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_opens_keeps_the_focus_and_gives_it_back(sit: Sit, house: House, name: str) -> None:
    box, opener = OPEN[name]
    cara = sit(house.cara, at=STATES[name].where(house.found))
    STATES[name].act(cara)
    modal = cara.evaluate("(box) => document.querySelector(box).matches(':modal')", box)
    if not modal:
        cara.evaluate("(box) => document.querySelector(box).querySelector('a, button, input').focus()", box)
    for _ in range(12 if modal else 1):
        cara.keyboard.press("Tab")
        at = cara.evaluate(FOCUS)
        if at is None:
            continue  # the browser's own controls, between the last and the first
        assert at["visible"], f"cannot be seen: {at['name']}"
        if modal:
            assert cara.evaluate("(box) => document.activeElement.closest(box) !== null", box), at["name"]
    cara.keyboard.press("Escape")
    expect(cara.locator(box)).to_be_hidden()
    if opener:
        expect(cara.locator(opener).and_(cara.locator(":focus-within")).first).to_be_attached()


def test_arrows_home_and_end_go_through_a_menu(sit: Sit, house: House) -> None:
    cara = sit(house.cara, at=house.thread)
    cara.locator(".thread__menu").press("Enter")
    items = cara.locator("#thread-menu").locator(
        "a:visible, button:visible, input:visible:not([type=hidden])"
    )
    last = items.count() - 1
    for key, at in (("ArrowDown", 0), ("ArrowUp", last), ("ArrowUp", last - 1), ("Home", 0), ("End", last)):
        cara.keyboard.press(key)
        expect(items.nth(at)).to_be_focused()
    cara.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()


def test_the_booking_of_a_message_is_a_stop_once_its_message_has_the_focus(sit: Sit, house: House) -> None:
    cara = sit(house.cara, at=house.thread)
    booking = cara.locator(".log .message__subject:visible")
    cara.locator(".log").focus()
    for _ in range(booking.count() + 1):
        cara.keyboard.press("Tab")
        expect(cara.locator(".message__subject:focus")).to_have_count(0)
    row = cara.locator(".log [data-seq]").filter(has=cara.locator(".message__subject:visible")).first
    row.evaluate("(row) => { row.tabIndex = -1; row.focus(); }")
    cara.keyboard.press("Tab")
    expect(booking.first).to_be_focused()


def test_what_arrives_is_said_and_nothing_else(sit: Sit, house: House) -> None:
    cara, paul = sit(house.cara, at=house.thread), sit(house.paul, at=house.thread)
    cara.evaluate(
        """() => {
          window.said = [];
          const live = document.querySelectorAll('[aria-live], [role=log], [role=status], [role=alert]');
          for (const region of live) {
            if (region.getAttribute("aria-live") === "off") continue;
            new MutationObserver((all) => {
              for (const { addedNodes } of all) {
                for (const node of addedNodes) {
                  const words = node.textContent.trim();
                  if (words && node.parentElement?.checkVisibility() !== false) window.said.push(words);
                }
              }
            }).observe(region, { childList: true, subtree: true });
          }
        }"""
    )
    paul.locator(".composer__field").fill("Here is some news")
    paul.locator(".composer__send").click()
    expect(cara.get_by_role("log")).to_contain_text("Here is some news")
    cara.wait_for_function("() => window.said.length")
    cara.wait_for_timeout(500)  # nothing more is said
    said = cara.evaluate("window.said.splice(0)")
    assert len(said) == 1
    assert "Here is some news" in said[0]
    # Her own words are not read back to her.
    cara.locator(".composer__field").fill("Thank you for it")
    cara.locator(".composer__send").click()
    expect(paul.get_by_role("log")).to_contain_text("Thank you for it")
    cara.wait_for_timeout(500)
    assert not [words for words in cara.evaluate("window.said") if "Here is" in words or "Thank you" in words]


def test_nothing_moves_for_who_wants_it_still(sit: Sit, house: House) -> None:
    cara = sit(house.cara, at=house.thread, reduced_motion="reduce")
    paul = sit(house.paul, at=house.thread)
    cara.evaluate(
        """() => {
          window.moved = [];
          (function look() {
            for (const one of document.getAnimations()) {
              const { duration, iterations } = one.effect.getComputedTiming();
              const name = one.animationName || one.transitionProperty;
              if (duration * iterations > 10) window.moved.push(`${name} ${duration}`);
            }
            requestAnimationFrame(look);
          })();
        }"""
    )
    paul.locator(".composer__field").press_sequentially("Typing this")
    paul.locator(".composer__send").click()
    expect(cara.get_by_role("log")).to_contain_text("Typing this")
    for name in ("thread menu", "account menu", "notification menu", "message menu", "palette"):
        cara.locator(".composer__field").wait_for()
        STATES[name].act(cara)
        cara.evaluate(TWO_FRAMES)  # `look` has seen it
        assert cara.evaluate("window.moved") == [], name
        cara.keyboard.press("Escape")
    long = cara.evaluate(
        """() => [...document.querySelectorAll("*")].filter((one) => {
          const style = getComputedStyle(one);
          const ms = (time) => parseFloat(time) * (time.includes("ms") ? 1 : 1000);
          const most = (list) => Math.max(...list.split(",").map(ms));
          const runs = style.animationName !== "none";
          return most(style.transitionDuration) > 10 || (runs && most(style.animationDuration) > 10);
        }).map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert long == []


def test_in_the_reader_s_own_colours(sit: Sit, house: House) -> None:
    """Forced colours take away backgrounds and shadows: what says something by them alone needs a border."""
    cara = sit(house.cara, at=house.thread, forced_colors="active")
    bordered = (
        "(one) => ['borderTopStyle', 'outlineStyle'].some((name) => getComputedStyle(one)[name] !== 'none')"
    )
    for selector in (".message__bubble", ".composer__box", ".conversation--current .conversation__link"):
        assert cara.locator(selector).first.evaluate(bordered), selector
    cara.locator(".composer__field").press("Shift+Tab")
    assert cara.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    expect(cara.locator(".topbar__account")).to_be_visible()
