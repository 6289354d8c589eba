"""The main job, at two real browsers, with a real worker and a real mail server."""

from __future__ import annotations

import re
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

from playwright.sync_api import expect

from tests.browser.doings import WAKE, field, log, row, sent, sign_in, without_worker, write
from tests.browser.house import PASSWORD, PHONE, QUICK, House, Person, Sit, a_house
from tests.cast import Talk
from tests.mail.world import text_of
from tests.services import wait_for
from wellchat.accounts.actions import create_user
from wellchat.clock import now as clock_now
from wellchat.connections.actions import connect

# Nothing is held back for it: the page has its service worker, and what one takes over may pass by who
# intercepts.
WATCH = """() => {
    const log = document.querySelector('[role="log"]');
    window.shownUnanswered = false;
    const look = () => (window.shownUnanswered ||= Boolean(log.querySelector(".message--sending")));
    new MutationObserver(look).observe(log, { childList: true, subtree: true, attributes: true });
}"""


def furnish(talk: Talk) -> Any:
    """Nora is Paul's client too, and neither has written to the other."""
    now = clock_now()
    nora = create_user(email="nora@example.com", name="Nora New", role="client", password=PASSWORD, now=now)
    connect(client_id=nora.id, professional_id=talk.paul.id, now=now)
    return SimpleNamespace(nora=Person.of(nora))


SERVICE_WORKERS = "allow"
MOTION = "no-preference"
house = a_house(furnish, worker=True, mail=True, **QUICK)


def mails_with(house: House, words: str) -> list[EmailMessage]:
    return [mail for mail in house.mail.messages if words in text_of(mail)]


def test_two_people_talk_and_the_one_who_left_gets_one_email(house: House, sit: Sit) -> None:
    nora, paul = sit(None, **PHONE), sit(None)
    sign_in(nora, house.found.nora)
    sign_in(paul, house.paul)

    # The client starts the conversation; her message is there before anybody answered.
    nora.goto("/new")
    nora.get_by_role("button", name="Message Paul Professional").click()
    nora.wait_for_url("**/threads/*")
    nora.evaluate(WATCH)
    write(nora, "Hello Paul, may I ask something?")
    nora_log = nora.get_by_role("log", name="Paul Professional")
    expect(nora_log.get_by_text("Hello Paul, may I ask something?")).to_be_visible()
    assert nora.evaluate("shownUnanswered")

    # The professional's page shows it at once, with a badge, and nobody pressed reload.
    talk = paul.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text="Nora New")
    expect(talk).to_contain_text("Hello Paul, may I ask something?")
    expect(talk).to_contain_text("1 unread")
    expect(paul.get_by_text("1 new message")).to_be_attached()
    expect(paul).to_have_title(re.compile(r"^\(1\) "))

    # Opening it clears the badge; the client sees "Seen".
    talk.get_by_role("link").click()
    paul_log = paul.get_by_role("log", name="Nora New")
    expect(paul_log.get_by_text("Hello Paul, may I ask something?")).to_be_visible()
    expect(paul.get_by_text("1 new message")).not_to_be_attached()
    expect(nora_log.get_by_text("Seen")).to_be_visible()

    # The answer comes back.
    write(paul, "Of course, ask away.")
    expect(nora_log.get_by_text("Of course, ask away.")).to_be_visible()

    # The professional closes the laptop; the client writes again; one email arrives with what waits.
    paul.context.close()
    with without_worker(house):  # or the machine may be so slow that each has a mail of its own
        sent(nora, "Do you have time on Thursday?")
        sent(nora, "Or on Friday, in the morning?")
    (mail,) = wait_for(lambda: mails_with(house, "on Thursday"), seconds=40, what="the email")
    assert mail["To"].addresses[0].addr_spec == house.paul.email
    text = text_of(mail)
    said = ("may I ask something", "Of course", "on Thursday", "Or on Friday")
    assert [words for words in said if words in text] == ["on Thursday", "Or on Friday"]
    nora.wait_for_timeout(2_000)  # a second email would have come by now
    assert [*mails_with(house, "Or on Friday"), *mails_with(house, "may I ask something")] == [mail]


def test_what_was_read_in_time_is_not_mailed(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    with without_worker(house):  # whatever this takes, it is in time
        write(cara, "You will read this at once")
        paul = sit(house.paul, at=house.thread)
        expect(log(paul).get_by_text("You will read this at once")).to_be_visible()
        expect(log(cara).get_by_text("Seen")).to_be_visible()
    paul.context.close()
    cara.wait_for_timeout(4_500)  # past the delay, and the sweep after it
    assert mails_with(house, "You will read this at once") == []


def test_everything_is_still_there_after_a_restart(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    sent(cara, "Before the restart")
    house.live.web.stop()
    write(cara, "While nobody answers")
    house.live.start_web()
    expect(log(cara).get_by_text("Before the restart")).to_have_count(1)
    expect(log(cara).get_by_text("While nobody answers")).to_have_count(1)
    expect(row(cara, "While nobody answers")).to_contain_text("Sent", timeout=30_000)  # by itself
    cara.reload()
    expect(log(cara).get_by_text("While nobody answers")).to_have_count(1)


def test_a_double_click_is_no_mistake_and_signing_out_stays_out(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    field(cara).fill("Pressed twice")
    cara.get_by_role("button", name="Send", exact=True).dblclick()
    expect(log(cara).get_by_text("Pressed twice")).to_have_count(1)
    expect(cara.get_by_text("Write something first.")).to_be_hidden()
    with cara.expect_request("**/api/updates?*"):  # the page polls while its session ends
        cara.evaluate(WAKE)
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name="Sign out").click()
    expect(cara.get_by_label("Email")).to_be_visible()
    cara.wait_for_timeout(500)
    expect(cara).to_have_url(re.compile(r"/sign-in$"))


def test_it_works_without_script(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at="/new", java_script_enabled=False)
    cara.get_by_role("link", name="Open the conversation with Paul Professional").click()
    write(cara, "Posted by a form")
    expect(log(cara).get_by_text("Posted by a form")).to_be_visible()
    expect(cara).to_have_url(re.compile(r"/threads/\w+#\d+$"))
