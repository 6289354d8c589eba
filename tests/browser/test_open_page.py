"""A page that stays open, and what somebody left on it.

Time, drafts, the place in the log, the end of a session, a finger.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from tests.browser.doings import choose, field, log, menu_of, photo, row, sent, sign_in, until, write
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.accounts.session_models import UserSession
from wellchat.clock import now as clock_now
from wellchat.db import db, transaction
from wellchat.messaging.messages import send_message

LONG = 120
CLOCK_AHEAD = """(() => {
  const There = Date, ahead = 7 * 3_600_000;
  globalThis.Date = class extends There {
    constructor(...given) { given.length ? super(...given) : super(There.now() + ahead); }
    static now() { return There.now() + ahead; }
  };
})()"""
TOP = """(log) => { const { top } = log.getBoundingClientRect();
  const row = [...log.querySelectorAll("[data-seq]")].find((one) => one.getBoundingClientRect().bottom > top);
  return [Number(row.dataset.seq), Math.round(row.getBoundingClientRect().top - top)]; }"""
PLACE_KEPT = "() => history.state?.place?.seq"


def furnish(talk: Talk) -> Any:
    now = clock_now() - timedelta(hours=1)
    for i in range(LONG):
        said = {"body": f"Line {i + 1}\nand more", "client_key": f"long-{i}"}
        send_message(sender=talk.paul, thread_id=talk.id, now=now, **said)


house = a_house(furnish)


def test_limits_and_days_follow_the_server_s_clock(house: House, sit: Sit) -> None:
    """The device is seven hours ahead."""
    cara = sit(house.cara, at="/new")
    cara.add_init_script(CLOCK_AHEAD)
    cara.goto(house.thread)
    held: list[Route] = []
    cara.route("**/api/threads/*/messages", lambda route: held.append(route))
    write(cara, "By which clock?")
    expect(row(cara, "By which clock?").locator("time")).to_have_attribute("title", re.compile("^Today "))
    until(cara, lambda: held, "the call that sends")
    held.pop().continue_()
    expect(row(cara, "By which clock?")).to_have_attribute("data-seq", re.compile(r"\d+"))
    expect(menu_of(cara, "By which clock?").get_by_role("button", name="Edit")).to_be_visible()


def test_the_day_turns_at_midnight(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at="/new")
    cara.clock.install(time=clock_now())
    cara.goto(house.thread)
    sent(cara, "Good night")
    today = log(cara).locator(".day__name time").last
    listed = cara.get_by_role("list", name="Conversations").locator("time").first
    expect(today).to_have_text("Today")
    expect(listed).to_have_text(re.compile(r"^\d\d:\d\d$"))
    cara.route("**/api/**", lambda route: route.abort())  # nothing tells another time
    midnight = datetime.combine(clock_now().date() + timedelta(days=1), datetime.min.time(), UTC)
    cara.clock.fast_forward(int((midnight - clock_now()).total_seconds() * 1000) + 61_000)
    expect(today).to_have_text("Yesterday")
    expect(listed).to_have_text("Yesterday")


def test_a_draft_keeps_what_it_answers_and_its_files(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    sent(cara, "Shall we meet?")
    menu_of(cara, "Shall we meet?").get_by_role("button", name="Reply").click()
    field(cara).fill("At nine, here")
    choose(cara, photo("place.jpg"))
    shown = cara.locator("form.composer .upload-list__row")
    expect(shown.get_by_text(re.compile("kB|MB|bytes"))).to_be_visible()
    until(cara, lambda: cara.evaluate("JSON.stringify({...localStorage}).includes('place.jpg')"), "the draft")
    cara.reload()
    expect(field(cara)).to_have_value("At nine, here")
    banner = cara.locator("form.composer [data-part=reply-banner]")
    expect(banner).to_contain_text("Shall we meet?")
    expect(shown).to_contain_text("place.jpg")
    field(cara).press("Enter")
    said = row(cara, "At nine, here")
    expect(said).to_have_attribute("data-seq", re.compile(r"\d+"))
    expect(said.locator("[data-seq-quoted]")).to_contain_text("Shall we meet?")
    expect(said.get_by_role("img", name="place.jpg")).to_be_visible()
    cara.reload()
    expect(log(cara)).to_be_visible()
    expect(banner).to_be_hidden()
    expect(shown).to_have_count(0)


def test_keys_of_the_composer(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    field(cara).press_sequentially("Well done :tad")
    expect(cara.get_by_role("listbox", name="Emoji")).to_be_visible()
    field(cara).press("Tab")
    expect(field(cara)).to_have_value("Well done 🎉 ")
    field(cara).press("Control+z")
    expect(field(cara)).to_have_value("Well done :tad")
    field(cara).press("Control+z")
    expect(field(cara)).not_to_have_value("Well done :tad")
    field(cara).fill("Sent by two keys")
    field(cara).press("Control+Enter")
    mine = row(cara, "Sent by two keys")
    expect(mine).to_have_attribute("data-seq", re.compile(r"\d+"))
    menu_of(cara, "Sent by two keys").get_by_role("button", name="Edit").click()
    cara.get_by_label("Edit message").fill("Edited by two keys")
    cara.get_by_label("Edit message").press("Control+Enter")
    expect(row(cara, "Edited by two keys")).to_contain_text("edited")
    # A Russian keyboard has "в" where a Latin one has "d".
    key = {"key": "в", "code": "KeyD", "bubbles": True, "cancelable": True}
    menu = menu_of(cara, "Edited by two keys")
    menu.get_by_role("button", name="Delete").dispatch_event("keydown", key)
    expect(cara.get_by_role("dialog", name="Delete this message?")).to_be_visible()


def test_a_selection_survives_a_reaction(house: House, sit: Sit) -> None:
    paul, cara = sit(house.paul, at=house.thread), sit(house.cara, at=house.thread)
    sent(paul, "Room 12 at https://example.com/map please")
    expect(row(cara, "Room 12")).to_be_visible()
    row(cara, "Room 12").locator(".message__body").evaluate(
        "(body) => getSelection().setBaseAndExtent(body.firstChild, 0, body.firstChild, 7)"
    )
    menu_of(paul, "Room 12").locator("[data-emoji]").first.click()
    expect(row(cara, "Room 12").locator(".reaction")).to_be_visible()
    assert cara.evaluate("String(getSelection())") == "Room 12"


def test_back_and_a_reload_lead_to_the_message_at_the_top(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    log(cara).evaluate("(log) => (log.scrollTop -= 3000)")
    cara.wait_for_function(PLACE_KEPT)
    cara.wait_for_function(
        f"() => {{ const [seq] = ({TOP})(document.querySelector('[role=log]'));"
        " return history.state.place.seq === seq; }"
    )
    before = log(cara).evaluate(TOP)
    assert 1 < before[0] < LONG
    cara.reload()
    until(cara, lambda: log(cara).evaluate(TOP)[0] == before[0], "the place")
    assert abs(log(cara).evaluate(TOP)[1] - before[1]) <= 2
    cara.get_by_role("banner").get_by_role("link", name=re.compile("^Messages")).click()
    expect(cara).to_have_url(re.compile(r"/$"))
    cara.go_back()
    until(cara, lambda: log(cara).evaluate(TOP)[0] == before[0], "the place")
    cara.goto(f"{house.thread}#5")
    cara.reload()
    expect(log(cara).locator("#\\35 ")).to_be_in_viewport()


def end_sessions_of(house: House, page: Page) -> None:
    """As time does it."""
    with house.app.app_context():
        with transaction() as session:
            mine = update(UserSession).where(UserSession.user_id == house.cara.id)
            session.execute(mine.values(ends_at=clock_now() - timedelta(seconds=1)))
        db.session.remove()
    page.wait_for_load_state()


def test_the_first_refusal_says_that_the_session_is_over_and_nothing_is_lost(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    field(cara).fill("half a sentence")
    end_sessions_of(house, cara)
    field(cara).press("Enter")  # its call is the first that is refused; the poll hangs
    said = cara.get_by_role("alert").filter(has_text="You have been signed out")
    expect(said).to_contain_text("What you wrote is kept, and waits for you.")
    expect(row(cara, "half a sentence")).to_contain_text("Sign in again, and it goes out.")
    field(cara).fill("and another half")
    said.get_by_role("link", name="Sign in").click()
    expect(cara.get_by_label("Email")).to_be_visible()
    sign_in(cara, house.cara)
    expect(cara).to_have_url(re.compile(house.thread))
    expect(row(cara, "half a sentence")).to_have_attribute("data-seq", re.compile(r"\d+"))
    expect(field(cara)).to_have_value("and another half")


def test_a_long_press_opens_the_sheet_and_the_lifted_finger_chooses_nothing(house: House, sit: Sit) -> None:
    paul = sit(house.paul, at=house.thread)
    sent(paul, "See https://example.com/long-press")
    cara = sit(house.cara, at=house.thread, **PHONE)
    link = row(cara, "long-press").get_by_role("link", name="https://example.com/long-press")
    link.scroll_into_view_if_needed()
    box: Any = link.bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    fingers = cara.context.new_cdp_session(cara)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    menu = cara.get_by_role("dialog", name="This message")
    expect(menu).to_be_visible()
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    cara.evaluate("() => new Promise(requestAnimationFrame)")
    expect(menu).to_be_visible()
    expect(cara).to_have_url(re.compile(house.thread))
    menu.get_by_role("button", name="Reply").tap()  # the next touch counts
    expect(menu).to_be_hidden()
    expect(cara.locator("form.composer [data-part=reply-banner]")).to_contain_text("long-press")
