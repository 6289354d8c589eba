"""The inbox at a real browser.

Its parts, the menu of a row, all of it by keyboard, drafts, more rows when scrolled.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from tests.browser.doings import field
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.accounts.actions import create_user
from wellchat.clock import now as clock_now
from wellchat.connections.actions import connect
from wellchat.db import transaction
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject

MANY = 70
SCROLLED = """(count) => {
  const list = document.querySelector(".conversations");
  list.scrollTo(0, list.scrollHeight);
  return list.querySelectorAll(".conversation__title").length >= count;
}"""
PINNED = re.compile("conversation--pinned")


def furnish(talk: Talk) -> Any:
    """Paul's seventy clients: each has written once, the later ones more recently; most was read."""
    paul, now, ids = talk.paul, clock_now(), {}
    put_subject(kind="coupon", external_id="c", title="Half off", professional_id=paul.id, now=now)
    for i in range(MANY):
        client = create_user(email=f"n{i}@example.com", name=f"Number {i:02}", role="client", now=now)
        connect(client_id=client.id, professional_id=paul.id, now=now)
        about = {"subject": ("coupon", "c")} if i == 60 else {"with_id": paul.id}
        thread_id, _ = open_thread(viewer=client, now=now, **about)
        at = now - timedelta(minutes=200 - i)
        send_message(sender=client, thread_id=thread_id, body=f"I am {i}", client_key="k", now=at)
        if i != 65:
            mark_read(viewer=paul, thread_id=thread_id, seq=1, now=at)
        if i % 2:
            send_message(sender=paul, thread_id=thread_id, body="Hello.", client_key="a", now=at)
        ids[i] = thread_id
    return SimpleNamespace(threads=ids)


house = a_house(furnish, worker=True)


def row(page: Page, number: int) -> Locator:
    named = re.compile(f"Number {number:02}|Half off" if number == 60 else f"Number {number:02}")
    return page.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text=named)


def names(page: Page) -> Locator:
    return page.locator(".conversation__title")


def first(page: Page) -> Locator:
    return page.get_by_role("listitem").filter(has_text=re.compile("Number|Half")).first


def test_the_list_goes_on_when_it_is_scrolled(sit: Sit, house: House) -> None:
    paul = sit(house.paul)
    expect(row(paul, 69)).to_be_visible()
    assert names(paul).count() <= 62
    paul.wait_for_function(SCROLLED, arg=MANY + 1, polling=100)
    expect(row(paul, 0)).to_have_count(1)
    shown = names(paul).all_text_contents()
    assert len(shown) == len(set(shown)) == MANY + 1
    expect(paul.get_by_role("link", name="More conversations")).to_have_count(0)


def test_a_row_s_menu(sit: Sit, house: House) -> None:
    paul, other = sit(house.paul), sit(house.paul)
    row(paul, 50).hover()
    row(paul, 50).get_by_role("button", name="Actions").click()
    menu = paul.get_by_role("dialog", name="Actions")
    expect(menu.get_by_role("button", name="Pin to the top")).to_be_focused()
    expect(menu.get_by_role("button", name="Mark as read")).to_be_hidden()
    menu.get_by_role("button", name="Pin to the top").click()
    # On top here, and in every other window.
    for page in (paul, other):
        expect(first(page)).to_contain_text("Number 50")
        expect(row(page, 50)).to_have_class(PINNED)
    other.reload()
    expect(first(other)).to_contain_text("Number 50")

    row(paul, 50).hover()
    row(paul, 50).get_by_role("button", name="Actions").click()
    menu.get_by_role("button", name="Mute until tomorrow").click()
    expect(row(paul, 50).get_by_title("Muted")).to_be_visible()
    row(paul, 50).hover()
    row(paul, 50).get_by_role("button", name="Actions").click()
    expect(menu.get_by_role("button", name="Unmute")).to_be_visible()
    menu.get_by_role("button", name="Unpin").click()
    expect(row(paul, 50)).not_to_have_class(PINNED)


def test_by_keyboard(sit: Sit, house: House) -> None:
    paul = sit(house.paul)
    press = paul.keyboard.press
    press("?")
    expect(paul.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press("j")  # a dialog is open: nothing else hears it
    press("Escape")
    expect(paul.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    press("j")
    expect(paul.get_by_role("link", name=re.compile("^Cara Client"))).to_be_focused()
    press("j")
    expect(row(paul, 69).get_by_role("link")).to_be_focused()
    press("ArrowDown")
    press("j")
    press("k")
    expect(row(paul, 68).get_by_role("link")).to_be_focused()
    press("e")
    expect(row(paul, 68)).to_have_count(0)
    expect(row(paul, 67).get_by_role("link")).to_be_focused()
    press("p")
    expect(first(paul)).to_contain_text("Number 67")
    expect(row(paul, 67).get_by_role("link")).to_be_focused()
    press("p")
    expect(row(paul, 67)).not_to_have_class(PINNED)
    press("s")
    expect(paul.get_by_role("button", name="Snooze for 1 hour")).to_be_focused()
    press("Enter")
    expect(row(paul, 67)).to_have_count(0)
    press("/")
    expect(paul.get_by_role("searchbox")).to_be_focused()
    paul.keyboard.type("eejk?")
    expect(paul.get_by_role("searchbox")).to_have_value("eejk?")
    expect(row(paul, 66)).to_have_count(1)

    paul.goto("/?archived=1")
    expect(row(paul, 68)).to_have_count(1)
    paul.goto("/?snoozed=1")
    press("j")
    press(".")
    paul.get_by_role("button", name="Bring back now").click()
    expect(row(paul, 67)).to_have_count(0)
    expect(paul.get_by_text("Nothing is snoozed.")).to_be_visible()


def test_a_snooze_ends_before_the_reader_s_eyes(sit: Sit, house: House) -> None:
    paul = sit(house.paul)
    at = (clock_now() + timedelta(hours=1)).isoformat()
    call = f"/api/threads/{house.found.threads[64]}/membership"
    options: dict[str, Any] = {"method": "PATCH", "headers": {"Content-Type": "application/json"}}
    options["body"] = json.dumps({"snoozed_until": at})
    answer = paul.evaluate("([call, options]) => fetch(call, options).then((r) => r.status)", [call, options])
    assert answer == 200
    expect(row(paul, 64)).to_have_count(0)
    with house.app.app_context(), transaction() as session:  # the hour is over
        session.execute(
            update(Membership)
            .where(Membership.thread_id == house.found.threads[64], Membership.user_id == house.paul.id)
            .values(snoozed_until=clock_now())
        )
    expect(row(paul, 64)).to_be_visible()
    expect(first(paul)).to_contain_text("Number 64")


def test_the_parts(sit: Sit, house: House) -> None:
    paul = sit(house.paul)
    parts = paul.get_by_role("navigation", name="Filter")
    parts.get_by_role("link", name="Unread").click()
    expect(row(paul, 65)).to_be_visible()
    expect(names(paul)).to_have_count(1)
    parts.get_by_role("link", name="Clear").click()
    parts.get_by_role("link", name="Waiting on me").click()
    expect(first(paul)).to_contain_text("Number 00")  # who waits longest
    expect(row(paul, 0)).to_contain_text("Waiting 3 h")
    expect(row(paul, 63)).to_have_count(0)
    parts.get_by_role("link", name="Waiting on me: take this off").click()
    parts.get_by_role("link", name="Coupon", exact=True).click()
    expect(row(paul, 60)).to_be_visible()
    expect(names(paul)).to_have_count(1)
    # What is opened from a part stays within it.
    row(paul, 60).get_by_role("link").click()
    expect(paul).to_have_url(re.compile(r"/threads/\w+\?kind=coupon"))
    expect(names(paul)).to_have_count(1)


def test_a_draft_stands_in_its_row_and_follows_to_other_tabs(sit: Sit, house: House) -> None:
    thread = f"/threads/{house.found.threads[61]}"
    paul = sit(house.paul, at=thread)
    paul.clock.install()
    other = paul.context.new_page()
    other.goto("/")
    field(paul).fill("Not quite fini")
    expect(row(other, 61)).to_contain_text("Draft: Not quite fini")
    third = paul.context.new_page()
    third.goto(thread)
    expect(field(third)).to_have_value("Not quite fini")
    paul.clock.fast_forward(2_000)  # nobody is writing in the first any more
    field(third).fill("Not quite finished")
    expect(field(paul)).to_have_value("Not quite finished")
    third.get_by_role("button", name="Send", exact=True).click()
    expect(row(other, 61)).not_to_contain_text("Draft")
    expect(field(paul)).to_have_value("")


def test_on_a_phone_the_menu_is_within_reach(sit: Sit, house: House) -> None:
    paul = sit(house.paul, **PHONE)
    button = row(paul, 62).get_by_role("button", name="Actions")
    expect(button).to_be_visible()
    button.tap()
    menu = paul.get_by_role("dialog", name="Actions")
    expect(menu.get_by_role("button", name="Archive")).to_be_in_viewport(ratio=1)
    expect(menu.get_by_role("button", name="Snooze for a week")).to_be_in_viewport(ratio=1)


SWIPE = """async ([row, by]) => {
  const at = row.getBoundingClientRect();
  const place = (x) => ({ clientX: at.left + 100 + x, clientY: at.top + 20 });
  const touch = (x) => new Touch({ identifier: 1, target: row, ...place(x) });
  const say = (kind, x) => row.dispatchEvent(new TouchEvent(kind, {
    bubbles: true, touches: kind === "touchend" ? [] : [touch(x)], changedTouches: [touch(x)] }));
  // What follows the finger is loaded by the first touch: go on until it does.
  while (!row.querySelector("a").style.translate) {
    say("touchstart", 0);
    await new Promise(requestAnimationFrame);
    for (const x of [by / 4, by / 2, by]) say("touchmove", x);
  }
  say("touchend", by);
}"""


def test_on_a_phone_the_head_takes_a_fifth_of_the_screen(sit: Sit, house: House) -> None:
    paul = sit(house.paul, **PHONE | {"viewport": {"width": 390, "height": 844}})
    head = paul.locator(".pane-list__head").bounding_box()
    assert head
    assert head["y"] + head["height"] <= 844 / 5
    chips = paul.get_by_role("navigation", name="Filter")
    expect(chips.get_by_role("link", name="Archived")).to_have_count(1)
    # The field is behind its icon, and goes when nothing was typed.
    field = paul.get_by_role("searchbox", name="Find a conversation")
    paul.locator(".pane-list__find").tap()
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport(ratio=1)
    paul.keyboard.press("Escape")
    expect(field).not_to_be_in_viewport(ratio=0.5)


def test_what_was_done_shows_itself_and_can_be_undone(sit: Sit, house: House) -> None:
    paul, other = sit(house.paul), sit(house.paul)
    chips = other.get_by_role("navigation", name="Filter")
    waiting = int(chips.locator('[data-count="waiting"]').inner_text())
    row(paul, 56).get_by_role("link").focus()
    paul.keyboard.press("e")
    toast = paul.locator(".toast")
    expect(toast).to_contain_text("Archived")
    expect(row(other, 56)).to_have_count(0)
    paul.keyboard.press("z")
    expect(row(other, 56)).to_have_count(1)
    expect(toast).to_be_hidden()
    # Who waits is not lost in the archive.
    row(paul, 56).get_by_role("link").focus()
    paul.keyboard.press("e")
    expect(row(paul, 56)).to_have_count(0)
    paul.goto("/?waiting=1")
    expect(toast).to_contain_text("Archived")  # still to be undone
    expect(row(paul, 56).get_by_title("Archived")).to_be_visible()
    since = paul.locator("li .conversation__waiting").evaluate_all(
        "all => all.map((each) => each.dataset.since)"
    )
    assert since == sorted(since)
    row(paul, 56).get_by_role("link").focus()
    paul.keyboard.press("n")
    expect(row(paul, 56)).to_have_count(0)
    expect(chips.locator('[data-count="waiting"]')).to_have_text(str(waiting - 1))
    toast.get_by_role("button", name="Undo").click()
    expect(row(paul, 56)).to_have_count(1)
    expect(chips.locator('[data-count="waiting"]')).to_have_text(str(waiting))


def test_several_are_selected_by_key_and_put_away_together(sit: Sit, house: House) -> None:
    paul = sit(house.paul)
    press = paul.keyboard.press
    row(paul, 55).get_by_role("link").focus()
    press("x")
    bulk = paul.get_by_role("toolbar", name="Selected conversations")
    expect(bulk).to_contain_text("1 selected")
    row(paul, 53).click(modifiers=["Shift"])
    expect(bulk).to_contain_text("3 selected")
    expect(row(paul, 54).get_by_role("checkbox")).to_be_checked()
    bulk.get_by_role("button", name="Archive").click()
    for number in (53, 54, 55):
        expect(row(paul, number)).to_have_count(0)
    expect(paul.locator(".toast")).to_contain_text("3 conversations")
    expect(bulk).to_be_hidden()
    press("Control+z")
    for number in (53, 54, 55):
        expect(row(paul, number)).to_have_count(1)


def test_right_click_and_swipe_open_the_same_acts(sit: Sit, house: House) -> None:
    paul = sit(house.paul, **PHONE)
    row(paul, 52).dispatch_event("contextmenu", {"bubbles": True, "cancelable": True})
    menu = paul.get_by_role("dialog", name="Actions")
    expect(menu.get_by_role("link", name="Block…")).to_have_attribute(
        "href", f"/threads/{house.found.threads[52]}/block"
    )
    paul.keyboard.press("Escape")
    paul.evaluate(SWIPE, [row(paul, 51).element_handle(), 140])
    expect(paul.locator(".toast")).to_contain_text("Archived")
    expect(row(paul, 51)).to_have_count(0)
    paul.evaluate(SWIPE, [row(paul, 50).element_handle(), -140])
    expect(paul.locator(".toast")).to_contain_text("Snoozed")


def test_a_filter_is_kept_under_a_name(sit: Sit, house: House) -> None:
    paul = sit(house.paul, at="/?waiting=1")
    chips = paul.get_by_role("navigation", name="Filter")
    chips.get_by_role("button", name="Keep this filter").click()
    paul.get_by_label("Name of the filter").fill("To answer")
    paul.get_by_role("button", name="Keep it").click()
    expect(chips.get_by_role("link", name="To answer")).to_have_attribute("aria-current", "true")
    paul.goto("/")
    chips.get_by_role("link", name="To answer").click()
    expect(row(paul, 0)).to_contain_text("Waiting 3 h")
    chips.get_by_role("button", name="Remove the filter To answer").click()
    expect(chips.get_by_role("link", name="To answer")).to_have_count(0)
