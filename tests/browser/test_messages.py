"""What can be done with a message, by two people at two browsers.

Each sees the other's doing without a reload.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.doings import field, log, menu_of, row, sent, until, write
from tests.browser.house import PHONE, House, Person, Sit, a_house
from tests.cast import Talk
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.clock import now as clock_now
from wellchat.connections.actions import connect
from wellchat.db import db
from wellchat.messaging.messages import remove_message, send_message
from wellchat.messaging.system import send_system_message
from wellchat.messaging.threads import open_thread

FAR = 180


def furnish(talk: Talk) -> Any:
    """Paul's answer to Nora, far below what it answers."""
    now, paul = clock_now(), talk.paul
    nora = create_user(email="nora@example.com", name="Nora New", role="client", now=now)
    connect(client_id=nora.id, professional_id=paul.id, now=now)
    thread_id, _ = open_thread(viewer=nora, with_id=paul.id, now=now)
    for i in range(FAR + 1):
        said = {"body": f"Line {i}", "client_key": f"far-{i}", "reply_to": 1 if i == FAR else None}
        send_message(sender=paul, thread_id=thread_id, now=now, **said)
    return SimpleNamespace(nora=Person.of(nora), far=f"/threads/{thread_id}")


MOTION = "no-preference"
house = a_house(furnish)


@pytest.fixture
def pair(house: House, sit: Sit) -> tuple[Page, Page]:
    """Cara at a desktop and Paul with a phone, both in their thread."""
    cara = sit(house.cara, at=house.thread)
    paul = sit(house.paul, at=house.thread, **PHONE)
    cara.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return cara, paul


def test_reactions_on_both_sides(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(cara, "Shall we say Thursday?")
    expect(row(paul, "Shall we say Thursday?")).to_be_visible()
    sheet = menu_of(paul, "Shall we say Thursday?")
    sheet.get_by_role("button", name="Thumbs up").tap()
    expect(sheet).to_be_hidden()
    hers = row(cara, "Shall we say Thursday?").get_by_role("group", name="Reactions")
    expect(hers.get_by_role("button", name="👍 Paul Professional")).to_be_visible()
    hers.get_by_role("button").click()
    his = row(paul, "Shall we say Thursday?").get_by_role("group", name="Reactions")
    expect(his.get_by_role("button", name="👍 You and Cara Client")).to_contain_text("2")
    menu = menu_of(cara, "Shall we say Thursday?")
    menu.get_by_label("Another emoji").fill("not one")
    menu.get_by_role("button", name="React", exact=True).click()
    expect(menu.get_by_role("alert")).to_have_text("React with one emoji.")
    menu.get_by_label("Another emoji").fill("👩‍🌾")
    menu.get_by_role("button", name="React", exact=True).click()
    expect(his.get_by_role("button", name="👩‍🌾 Cara Client")).to_be_visible()
    his.get_by_role("button", name="👍 You and Cara Client").tap()
    expect(hers.get_by_role("button", name="👍 You", exact=True)).to_have_attribute("aria-pressed", "true")
    paul.reload()
    expect(his.get_by_role("button")).to_have_count(2)


def test_an_edit_where_it_stands(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(cara, "See you at fuor")
    field(cara).press("ArrowUp")
    editor = cara.get_by_label("Edit message")
    expect(editor).to_be_focused()
    editor.press("Escape")
    expect(editor).to_have_count(0)
    menu_of(cara, "See you at fuor").get_by_role("button", name="Edit").click()
    editor.fill("See you at four")
    editor.press("Enter")
    expect(editor).to_have_count(0)
    expect(row(paul, "See you at four")).to_contain_text("edited")
    expect(log(paul)).not_to_contain_text("fuor")
    expect(menu_of(paul, "See you at four").get_by_role("button", name="Edit")).to_be_hidden()


def test_who_goes_on_while_an_edit_is_saved_is_left_there(pair: tuple[Page, Page]) -> None:
    cara, _paul = pair
    sent(cara, "See you at nin")
    menu_of(cara, "See you at nin").get_by_role("button", name="Edit", exact=True).click()
    held: list[Route] = []
    cara.route("**/api/threads/*/messages/*", lambda route: held.append(route))
    editor = cara.get_by_label("Edit message")
    editor.fill("See you at nine")
    editor.press("Enter")
    until(cara, lambda: held, "the edit on its way")
    field(cara).click()
    held[0].continue_()
    expect(editor).to_have_count(0)
    expect(field(cara)).to_be_focused()
    cara.unroute("**/api/threads/*/messages/*")


def test_the_button_goes_when_the_time_is_over(pair: tuple[Page, Page]) -> None:
    cara, _ = pair
    sent(cara, "Five minutes from now")
    # From its load on: the page counts time from what the server said there, and not by the device's clock.
    cara.clock.install()
    cara.reload()
    edit = menu_of(cara, "Five minutes from now").get_by_role("button", name="Edit")
    expect(edit).to_be_visible()
    cara.clock.fast_forward("05:01")
    expect(edit).to_be_hidden()
    cara.keyboard.press("Escape")
    expect(
        menu_of(cara, "Five minutes from now").get_by_role("button", name="Pin", exact=True)
    ).to_be_visible()
    expect(edit).to_be_hidden()
    cara.keyboard.press("Escape")
    field(cara).press("ArrowUp")
    expect(cara.get_by_label("Edit message")).to_have_count(0)


def test_a_message_is_deleted_after_a_question(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(cara, "Never mind this one")
    expect(row(paul, "Never mind this one")).to_be_visible()
    menu_of(cara, "Never mind this one").get_by_role("button", name="Delete").click()
    question = cara.get_by_role("dialog", name="Delete this message?")
    question.get_by_role("button", name="Keep it").click()
    expect(row(paul, "Never mind this one")).to_be_visible()
    menu_of(cara, "Never mind this one").get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    expect(cara.get_by_text("Never mind this one")).to_have_count(0)
    expect(log(paul)).not_to_contain_text("Never mind this one")


def test_answers_quote_what_they_answer(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(cara, "Which of the two colours?")
    sent(paul, "Let me think")
    menu_of(paul, "Which of the two colours?").get_by_role("button", name="Reply").tap()
    composer = paul.locator("form.composer")
    expect(composer).to_contain_text("Which of the two colours?")
    composer.get_by_role("link", name="Do not answer it").tap()
    expect(composer).not_to_contain_text("Which of the two colours?")
    menu_of(paul, "Which of the two colours?").get_by_role("button", name="Reply").tap()
    sent(paul, "The darker one")
    expect(composer).not_to_contain_text("Which of the two colours?")
    answer = row(cara, "The darker one")
    expect(answer.locator(".quote")).to_contain_text("You")
    expect(answer.locator(".quote")).to_contain_text("Which of the two colours?")
    expect(row(paul, "The darker one").locator(".quote")).to_contain_text("Cara Client")
    # What is quoted changes, and so does the quote.
    menu_of(cara, "Which of the two colours?").get_by_role("button", name="Edit").click()
    cara.get_by_label("Edit message").fill("Which of the three?")
    cara.get_by_role("button", name="Save").click()
    expect(row(paul, "The darker one").locator(".quote")).to_contain_text("Which of the three?")
    answer.locator(".quote").click()
    expect(row(cara, "Which of the three?")).to_have_class(re.compile("message--found"))
    menu_of(cara, "Which of the three?").get_by_role("button", name="Delete").click()
    cara.get_by_role("dialog", name="Delete this message?").get_by_role("button", name="Delete").click()
    expect(row(paul, "The darker one").locator(".quote")).to_contain_text("Message deleted")


def test_a_quote_leads_far_up(house: House, sit: Sit) -> None:
    nora = sit(house.found.nora, at=house.found.far)
    row(nora, f"Line {FAR}").locator(".quote").click()
    expect(log(nora).locator("article[data-seq='1']")).to_be_in_viewport()


def test_pins_are_at_hand_for_both(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(cara, "The door code is 4711")
    menu_of(cara, "The door code is 4711").get_by_role("button", name="Pin", exact=True).click()
    expect(row(cara, "The door code is 4711")).to_contain_text("Pinned")
    expect(row(paul, "The door code is 4711")).to_contain_text("Pinned")
    pinned = paul.get_by_role("link", name="Pinned", exact=True)
    expect(pinned).to_contain_text("1")
    pinned.tap()
    pins = paul.get_by_role("list", name="Pinned messages").get_by_role("listitem")
    expect(pins).to_have_count(1)
    pins.get_by_role("link").tap()
    expect(row(paul, "The door code is 4711")).to_be_in_viewport()
    menu_of(paul, "The door code is 4711").get_by_role("button", name="Unpin").tap()
    expect(cara.get_by_role("link", name="Pinned", exact=True)).to_be_hidden()
    expect(row(cara, "The door code is 4711").get_by_text("Pinned")).to_be_hidden()


def test_marked_unread_until_it_is_opened_again(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(paul, "Read me later")
    expect(row(cara, "Read me later")).to_be_visible()
    expect(row(paul, "Read me later")).to_contain_text("Seen")
    address = cara.url.partition("#")[0]
    menu_of(cara, "Read me later").get_by_role("button", name="Mark unread from here").click()
    expect(cara).to_have_url(re.compile(r"/$"))
    listed = (
        cara.get_by_role("list", name="Conversations")
        .get_by_role("listitem")
        .filter(has_text="Paul Professional")
    )
    expect(listed).to_contain_text("1 unread")
    expect(cara).to_have_title(re.compile(r"^\(1\) "))
    expect(row(paul, "Read me later")).to_contain_text("Seen")
    cara.goto(address)
    expect(cara.get_by_role("separator")).to_be_visible()
    expect(cara).not_to_have_title(re.compile(r"^\(1\) "))
    cara.goto("/")
    expect(listed.get_by_text("unread")).to_be_hidden()


def test_all_of_it_by_keyboard(pair: tuple[Page, Page]) -> None:
    cara, paul = pair
    sent(paul, "First of two")
    sent(paul, "Second of two")
    expect(row(cara, "Second of two")).to_be_visible()
    cara.bring_to_front()  # browsers give the clipboard to the page in front only
    log(cara).focus()
    log(cara).press("ArrowUp")
    expect(row(cara, "Second of two")).to_be_focused()
    cara.keyboard.press("ArrowUp")
    expect(row(cara, "First of two")).to_be_focused()
    cara.keyboard.press("Enter")
    menu = cara.get_by_role("dialog", name="This message")
    expect(menu.get_by_role("button", name="Thumbs up")).to_be_focused()
    cara.keyboard.press("ArrowRight")
    cara.keyboard.press("Enter")
    expect(row(paul, "First of two").get_by_role("button", name="❤️ Cara Client")).to_be_visible()
    expect(row(cara, "First of two")).to_be_focused()
    cara.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="Thumbs up")).to_be_focused()
    cara.keyboard.press("l")
    expect(menu).to_be_hidden()
    assert cara.evaluate("navigator.clipboard.readText()").startswith(cara.url.partition("#")[0] + "#")
    cara.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="Thumbs up")).to_be_focused()
    cara.keyboard.press("c")
    expect(menu).to_be_hidden()
    assert cara.evaluate("navigator.clipboard.readText()") == "First of two"
    cara.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="Thumbs up")).to_be_focused()
    cara.keyboard.press("r")
    expect(field(cara)).to_be_focused()
    expect(cara.locator("form.composer")).to_contain_text("First of two")
    cara.keyboard.press("Escape")
    expect(cara.locator("form.composer")).not_to_contain_text("First of two")


def test_all_of_it_without_script(house: House, sit: Sit, pair: tuple[Page, Page]) -> None:
    watching, _ = pair
    paul = sit(house.paul, at=house.thread, java_script_enabled=False)
    write(paul, "Plain as a form")
    more = "More for this message"
    row(paul, "Plain as a form").get_by_role("link", name=more).click()
    paul.get_by_role("button", name="Heart").click()
    expect(row(watching, "Plain as a form").get_by_role("button", name="❤️ Paul Professional")).to_be_visible()
    row(paul, "Plain as a form").get_by_role("button", name="❤️ You").click()
    expect(row(watching, "Plain as a form").get_by_role("button", name="❤️ Paul Professional")).to_have_count(
        0
    )
    row(paul, "Plain as a form").get_by_role("link", name=more).click()
    paul.get_by_label("Edit message").fill("Plain as a form can be")
    paul.get_by_role("button", name="Save").click()
    expect(row(watching, "Plain as a form can be")).to_contain_text("edited")
    row(paul, "Plain as a form can be").get_by_role("link", name=more).click()
    paul.get_by_role("button", name="Pin").click()
    expect(row(watching, "Plain as a form can be")).to_contain_text("Pinned")
    row(paul, "Plain as a form can be").get_by_role("link", name=more).click()
    paul.get_by_role("link", name="Reply").click()
    expect(paul.locator("form.composer")).to_contain_text("Plain as a form can be")
    write(paul, "And an answer to it")
    expect(row(watching, "And an answer to it").locator(".quote")).to_contain_text("Plain as a form can be")
    row(paul, "And an answer to it").get_by_role("link", name=more).click()
    paul.get_by_text("Delete…").click()
    paul.get_by_role("button", name="Delete").click()
    expect(log(watching)).not_to_contain_text("And an answer to it")


def test_what_the_site_itself_writes_stands_in_the_middle(house: House, pair: tuple[Page, Page]) -> None:
    cara, _ = pair
    sent(cara, "Can we move it?")
    with house.app.app_context():
        now, what = clock_now(), {"thread_id": house.thread_id}
        send_system_message(**what, body="Your appointment was moved to Friday.", client_key="s", now=now)
        person = db.session.get_one(User, house.paul.id)
        send_message(**what, sender=person, body="Hello", client_key="g", now=now, via="host")
        said, _ = send_message(**what, sender=person, body="I am away", client_key="h", now=now, via="host")
        send_message(**what, sender=person, body="Now I am here", client_key="i", now=now)
        site, seq = house.app.config["NAME"], said.seq
        db.session.remove()
    times = ", ".join(f'.message[data-seq="{each}"] time' for each in range(seq - 3, seq + 2))
    for page in pair:
        line = row(page, "Your appointment was moved to Friday.")
        expect(line).to_have_attribute("data-sender", "system")
        expect(line.get_by_text(site)).to_be_visible()
        middle = page.evaluate(
            """() => {
              const line = document.querySelector('[data-sender="system"]');
              const text = line.querySelector(".message__bubble").getBoundingClientRect();
              const whole = line.getBoundingClientRect();
              return Math.abs(text.left + text.right - whole.left - whole.right) / 2;
            }"""
        )
        assert middle < 24, "it is in the middle"
        automatic = log(page).get_by_text("sent automatically").filter(visible=True)
        for _ in range(2):
            expect(row(page, "I am away").get_by_text("sent automatically")).to_be_visible()
            expect(automatic).to_have_count(1)
            # One time for the two of a group, another for what the person wrote, one beside the site's name.
            expect(page.locator(times).filter(visible=True)).to_have_count(4)
            page.reload()
    menu = menu_of(cara, "Your appointment was moved to Friday.")
    expect(menu.get_by_text("Report")).to_be_hidden()
    expect(menu.get_by_text("Reply")).to_be_visible()
    menu.get_by_text("Reply").click()
    expect(cara.locator('[data-part="reply-name"]')).to_have_text(site)
    with house.app.app_context():
        remove_message(thread_id=house.thread_id, seq=seq, by="host", now=clock_now())
        db.session.remove()
    for page in pair:
        expect(log(page).get_by_text(f"Removed by {site}")).to_be_visible()
        page.reload()
        expect(log(page).get_by_text(f"Removed by {site}")).to_be_visible()
        expect(row(page, "Your appointment was moved to Friday.")).to_have_class(
            re.compile("message--system")
        )
