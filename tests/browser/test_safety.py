"""Blocks and reports by two people at two browsers, live and by keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.doings import field, log, row, sent
from tests.browser.house import PHONE, House, Sit, a_house

house = a_house()


def test_an_open_page_closes_while_somebody_writes_and_keeps_the_words(house: House, sit: Sit) -> None:
    cara, paul = sit(house.cara, at=house.thread), sit(house.paul, at=house.thread, **PHONE)
    sent(cara, "Hello")
    expect(row(paul, "Hello")).to_be_visible()
    field(cara).fill("What I am just writing")
    paul.goto(f"{house.thread}/block")
    paul.get_by_role("button", name="Block", exact=True).click()
    expect(paul.get_by_text("You blocked Cara Client.")).to_be_visible()
    expect(cara.get_by_text("You cannot write here any more.")).to_be_visible()
    expect(field(cara)).to_have_value("What I am just writing")
    expect(field(cara)).not_to_be_editable()
    expect(cara.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    cara.reload()
    expect(field(cara)).to_have_value("What I am just writing")
    expect(cara.get_by_text("What you had written was not sent.")).to_be_visible()
    paul.get_by_role("button", name="Unblock").tap()
    expect(field(paul)).to_be_editable()
    expect(field(cara)).to_be_editable()
    cara.get_by_role("button", name="Send", exact=True).click()
    expect(row(paul, "What I am just writing")).to_be_visible()


def test_a_message_that_comes_too_late_stays_on_the_page(house: House, sit: Sit) -> None:
    """Written without a connection, and refused when it is back."""
    cara, paul = sit(house.cara, at=house.thread), sit(house.paul)
    expect(field(cara)).to_be_editable()
    cara.context.set_offline(True)
    field(cara).fill("Written on the train")
    cara.get_by_role("button", name="Send", exact=True).click()
    paul.goto(f"{house.thread}/end")
    paul.get_by_role("button", name="End the connection").click()
    expect(paul.get_by_text("You ended this connection.")).to_be_visible()
    cara.context.set_offline(False)
    late = log(cara).locator("article.message", has_text="Written on the train")
    expect(late.get_by_text("You cannot write here any more.")).to_be_visible(timeout=40_000)
    paul.get_by_role("button", name="Open again").click()
    expect(field(cara)).to_be_editable()
    late.get_by_role("button", name="Try again").click()
    expect(row(cara, "Written on the train")).to_have_attribute("data-seq", "3")


def test_a_report_of_a_message_by_keyboard(house: House, sit: Sit) -> None:
    paul = sit(house.paul, at=house.thread)
    sent(paul, "Something rude")
    cara = sit(house.cara, at=house.thread)
    expect(row(cara, "Something rude")).to_be_visible()
    log(cara).focus()
    cara.keyboard.press("End")
    cara.keyboard.press("Enter")
    menu = cara.get_by_role("dialog", name="This message")
    expect(menu).to_be_visible()
    cara.keyboard.press("End")
    expect(menu.get_by_role("link", name="Report…")).to_be_focused()
    cara.keyboard.press("Enter")
    expect(cara.get_by_role("heading", name="Report a message")).to_be_visible()
    cara.get_by_label("What is it?").focus()
    cara.keyboard.press("S")  # Somebody is in danger
    for _ in range(2):
        cara.keyboard.press("Tab")
    cara.keyboard.press("Space")
    expect(cara.get_by_label("Show the last 20 messages to moderators")).to_be_checked()
    cara.keyboard.press("Tab")
    cara.keyboard.press("Enter")
    expect(cara.get_by_role("heading", name="If somebody is in danger now")).to_be_visible()
    expect(cara.get_by_text("Your report has arrived.")).to_be_visible()
