"""A bad connection, and none, at real browsers.

What was written goes out once; what was read can be read again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Request, Route, expect

from tests.browser.doings import WAKE, field, log, menu_of, sent, sign_in, tell_worker, write
from tests.browser.house import PHONE, House, Sit, a_house

SERVICE_WORKERS = "allow"
house = a_house()

Cut = Callable[[BrowserContext], contextlib.AbstractContextManager[None]]
LONG_UNSEEN = 11_000  # ms
WAITS = "Not sent. You seem to be offline; it goes out when you are back."
READY = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  const led = (done) => (navigator.serviceWorker.oncontrollerchange = done);
  if (!navigator.serviceWorker.controller) await new Promise(led);
  return active.state;
}"""
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    if (!name.startsWith("wellchat.pages.")) continue;
    const kept = await (await caches.open(name)).keys();
    for (const { url } of kept) found.push(url.slice(location.origin.length));
  }
  return found;
}"""
HOLDS = """async ([path, text]) => {
  const kept = [await caches.match(path), await caches.match(path + "?news")].filter(Boolean);
  return (await Promise.all(kept.map((one) => one.text()))).some((one) => one.includes(text));
}"""
HIDE = """() => {
  Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def ready(page: Page) -> None:
    """Until the service worker leads this page."""
    page.evaluate(READY)


def until_kept(page: Page, path: str) -> None:
    page.wait_for_function(f"async () => (await ({KEPT})()).includes({path!r})")


def until_text_is_kept(page: Page, path: str, text: str) -> None:
    """On the kept page, or in the news beside it."""
    page.wait_for_function(HOLDS, arg=[path, text])


def talk(house: House, sit: Sit, *texts: str, **options: Any) -> tuple[Page, Page]:
    """Cara and Paul in their thread, in which she has written `texts`; her service worker leads her page."""
    cara = sit(house.cara, at=house.thread, **options)
    paul = sit(house.paul, at=house.thread, service_workers="block")  # his is no matter
    if options.get("service_workers") != "block":
        ready(cara)
    for text in texts:
        sent(cara, text)
    return cara, paul


def write_in_vain(page: Page, texts: list[str]) -> None:
    for text in texts:
        write(page, text)
    expect(log(page).get_by_text(WAITS)).to_have_count(len(texts))


def until_nothing_waits(page: Page) -> None:
    """In the storage of this browser."""
    page.wait_for_function("() => !Object.keys(localStorage).some((name) => name.includes('.outbox.'))")


def says(page: Page, texts: list[str]) -> None:
    """Of the log's messages those among `texts`, in this order on the page, each once."""
    among = re.compile("|".join(map(re.escape, texts)))
    expect(log(page).locator(".message [data-part=body]").filter(has_text=among)).to_have_text(texts)


@pytest.fixture
def cut(house: House) -> Cut:
    """Yield a function to use as `with cut(context):`.

    No page of that browser has a connection, and nobody answers its service worker either.

    The browser's own switch does not reach a worker that it starts for a background sync.
    """

    @contextlib.contextmanager
    def away(context: BrowserContext) -> Iterator[None]:
        context.set_offline(True)
        house.live.web.stop()
        try:
            yield
        finally:
            house.live.start_web()
            context.set_offline(False)

    return away


def three(where: str) -> list[str]:
    return [f"Written {where}, {number}" for number in ("one", "two", "three")]


def open_again(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    return page


def test_three_written_offline_arrive_once_and_in_order(house: House, sit: Sit, cut: Cut) -> None:
    texts = three("in the tunnel")
    cara, paul = talk(house, sit, "Before the tunnel", **PHONE)
    until_kept(cara, house.thread)
    write(paul, "Safe travels")
    expect(log(cara).get_by_text("Safe travels")).to_be_visible()
    until_kept(cara, house.thread + "?news")

    context = cara.context
    with cut(context):
        expect(
            cara.get_by_text("You seem to be offline. What you write will be sent when you are back.")
        ).to_be_visible()
        write_in_vain(cara, texts)
        expect(cara.get_by_text("3 messages will be sent when you are back.")).to_be_visible()
        cara.close()

        again = open_again(context, house.thread)
        expect(log(again).get_by_text("Before the tunnel")).to_be_visible()
        expect(log(again).get_by_text("Safe travels")).to_be_visible()
        expect(log(again).get_by_text(WAITS)).to_have_count(3)
        expect(again.get_by_text("You are offline. You see this page as of")).to_be_visible()
        expect(again.get_by_text("3 messages are waiting to be sent.")).to_be_visible()
        says(again, texts)

    expect(log(again).get_by_text(WAITS)).to_have_count(0)
    expect(again.get_by_text("You are offline.")).to_have_count(0)
    paul.evaluate(WAKE)
    expect(log(paul).get_by_text(texts[2])).to_be_visible()
    for page in (again, paul):
        says(page, texts)
        page.reload()
        expect(log(page).get_by_text(texts[2])).to_be_visible()
        says(page, texts)


def test_another_page_sends_what_waits(house: House, sit: Sit, cut: Cut) -> None:
    texts = three("on the stairs")
    cara, paul = talk(house, sit)
    context = cara.context
    with cut(context):
        write_in_vain(cara, texts)
        asked: list[str] = []

        def dismiss(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        cara.once("dialog", dismiss)
        cara.get_by_role("button", name="Account").click()
        cara.get_by_role("button", name="Sign out").click()
        assert asked == ["Some messages have not been sent yet and would be lost. Leave anyway?"]
        cara.close()
    other = open_again(context, "/settings")
    expect(other.get_by_role("link", name="Messages")).to_be_visible()
    paul.reload()
    expect(log(paul).get_by_text(texts[2])).to_be_visible()
    says(paul, texts)
    until_nothing_waits(other)


def test_two_tabs_send_in_the_order_of_writing(house: House, sit: Sit, cut: Cut) -> None:
    cara, paul = talk(house, sit)
    tabs = [cara, open_again(cara.context, house.thread)]
    texts = [f"Tab {i % 2}, number {i}" for i in range(6)]
    with cut(cara.context):
        for i, text in enumerate(texts):
            write(tabs[i % 2], text)
        for tab in tabs:
            expect(log(tab).get_by_text(WAITS)).to_have_count(6)
            says(tab, texts)
    paul.evaluate(WAKE)
    for page in (*tabs, paul):
        expect(log(page).get_by_text(WAITS)).to_have_count(0)
        expect(log(page).get_by_text(texts[-1])).to_be_visible()
        says(page, texts)


def test_reading_offline(house: House, sit: Sit, cut: Cut) -> None:
    cara, _ = talk(house, sit, "Read me below ground")
    until_text_is_kept(cara, house.thread, "Read me below ground")
    cara.goto("/")
    until_kept(cara, "/")
    with cut(cara.context):
        cara.goto("/")
        expect(cara.get_by_text("You are offline. You see this page as of")).to_be_visible()
        cara.get_by_role("list", name="Conversations").get_by_role("link").filter(
            has_text="Paul"
        ).first.click()
        expect(log(cara).get_by_text("Read me below ground")).to_be_visible()
        for elsewhere in ("/settings", "/notifications", "/?q=x", "/oversight"):
            cara.goto(elsewhere)
            expect(cara.get_by_role("heading", name="You are offline")).to_be_visible()
        assert not [
            path for path in cara.evaluate(KEPT) if path.startswith(("/settings", "/not", "/over", "/api"))
        ]
        cara.get_by_role("link", name="Go to messages").click()
        expect(cara.get_by_role("list", name="Conversations")).to_be_visible()


def test_the_next_person_at_this_browser_sees_nothing(house: House, sit: Sit, cut: Cut) -> None:
    cara, _ = talk(house, sit, "For Paul alone")
    until_kept(cara, house.thread)
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name="Sign out").click()
    expect(cara.get_by_label("Email")).to_be_visible()
    cara.wait_for_function(f"async () => !(await ({KEPT})()).length")
    sign_in(cara, house.paul)
    until_kept(cara, "/")
    with cut(cara.context):
        cara.goto(house.thread)
        expect(cara.get_by_role("heading", name="You are offline")).to_be_visible()
        expect(cara.get_by_text("For Paul alone")).to_have_count(0)
        cara.goto("/")
        expect(cara.get_by_role("list", name="Conversations")).to_contain_text("Cara Client")


def test_a_session_that_ended_elsewhere_leaves_nothing_here(house: House, sit: Sit) -> None:
    cara, _ = talk(house, sit, "Once mine")
    until_kept(cara, house.thread)
    cara.context.clear_cookies()
    cara.evaluate(WAKE)  # the next poll is refused
    expect(cara.get_by_label("Email")).to_be_visible()
    cara.wait_for_function(f"async () => !(await ({KEPT})()).length")


def test_a_connection_that_says_nothing(house: House, sit: Sit) -> None:
    """The train's network answers nothing: what was kept is shown, and the answer takes its place."""
    cara, paul = talk(house, sit, "Before the station")
    until_text_is_kept(cara, house.thread, "Before the station")
    cara.goto("/settings")
    write(paul, "Said before the train stopped")
    expect(log(paul).get_by_text("Said before the train stopped")).to_be_visible()
    with house.live.web.paused():
        cara.goto(house.thread)
        expect(log(cara).get_by_text("Before the station")).to_be_visible()
        expect(cara.get_by_text("The server has not answered yet. You see this page as of")).to_be_visible()
    expect(cara.get_by_text("You see this page as of")).to_have_count(0)
    expect(log(cara).get_by_text("Said before the train stopped")).to_be_visible()


def test_a_portal_on_the_way_is_no_answer(house: House, sit: Sit) -> None:
    cara, paul = talk(house, sit, service_workers="block")  # what a worker asks passes by this portal
    portal = "<!doctype html><title>Welcome on board</title><h1>Accept our terms</h1>"
    answer = {"status": 403, "content_type": "text/html", "body": portal}
    cara.route("**/api/**", lambda route: route.fulfill(**answer))
    write(cara, "Past the portal")
    expect(log(cara).get_by_text(WAITS)).to_be_visible()
    answer["status"] = 200
    for _ in range(2):  # another attempt shows that the one before was none
        with cara.expect_request(is_attempt):
            cara.evaluate(WAKE)
    expect(log(cara).get_by_text(WAITS)).to_be_visible()
    cara.unroute("**/api/**")
    cara.evaluate(WAKE)
    expect(log(cara).get_by_text(WAITS)).to_have_count(0)
    expect(log(paul).get_by_text("Past the portal")).to_have_count(1)


def is_attempt(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/messages")


FORBIDDEN = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("", "SecurityError"); } });
Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("", "SecurityError"); } });
delete window.caches;
delete Navigator.prototype.serviceWorker;
LockManager.prototype.request = async () => { throw new DOMException("", "SecurityError"); };
"""


def test_without_storage_and_worker_everything_works_online(house: House, sit: Sit) -> None:
    cara, paul = talk(house, sit)
    cara.context.add_init_script(FORBIDDEN)
    cara.goto(house.thread)
    write(cara, "From a private window")
    expect(log(paul).get_by_text("From a private window")).to_be_visible()
    write(paul, "Nothing of it stays")
    expect(log(cara).get_by_text("Nothing of it stays")).to_be_visible()
    with house.live.web.paused():
        write(cara, "Not yet")
        expect(log(cara).get_by_text("Not yet")).to_be_visible()
    expect(log(paul).get_by_text("Not yet")).to_be_visible()
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name="Sign out").click()
    expect(cara.get_by_label("Email")).to_be_visible()


def test_it_goes_out_after_the_page_was_closed(house: House, sit: Sit, cut: Cut) -> None:
    """Background Sync: the browser wakes the service worker, when it likes; here its debugger does."""
    texts = three("in the lift")
    cara, paul = talk(house, sit)
    context = cara.context
    with cut(context):
        write_in_vain(cara, texts)
        cara.wait_for_function(
            "async () => (await (await caches.open('wellchat.queue')).keys()).length === 3"
        )
        cara.close()
    elsewhere = open_again(context, "/healthz")  # a page that sends nothing itself
    tell_worker(elsewhere, "dispatchSyncEvent", tag="wellchat.send", lastChance=False)
    paul.reload()
    expect(log(paul).get_by_text(texts[2])).to_be_visible()
    says(paul, texts)
    elsewhere.wait_for_function("async () => !(await (await caches.open('wellchat.queue')).keys()).length")
    elsewhere.goto(house.thread)  # where they still wait in the page's own storage
    expect(log(elsewhere).get_by_text(WAITS)).to_have_count(0)
    until_nothing_waits(elsewhere)
    paul.reload()
    for page in (elsewhere, paul):
        expect(log(page).get_by_text(texts[2])).to_be_visible()
        says(page, texts)


def test_a_new_version_reaches_open_pages(house: House, sit: Sit) -> None:
    cara, _ = talk(house, sit, "Before the update")
    cara.clock.install()
    left: list[str] = []

    def newer(route: Route) -> None:
        route.fulfill(status=204, headers={"X-App-Version": "0123456789ab", "X-Poll-Interval": "1"})

    field(cara).fill("Half a thou")
    cara.route("**/api/updates?*", newer)
    cara.evaluate(WAKE)
    expect(cara.get_by_text("A new version is ready.", exact=True).first).to_be_visible()
    cara.on("request", lambda request: left.append(request.url) if request.is_navigation_request() else None)
    cara.evaluate(HIDE)  # a field with words in it: no reload, however long nobody looks
    cara.clock.fast_forward(LONG_UNSEEN)
    cara.wait_for_timeout(300)
    assert left == []
    cara.unroute("**/api/updates?*")
    cara.get_by_role("button", name="Reload").click()
    expect(cara.get_by_role("button", name="Reload")).to_be_hidden()
    expect(log(cara).get_by_text("Before the update")).to_be_visible()
    expect(field(cara)).to_have_value("Half a thou")
    assert len(left) == 1

    field(cara).fill("")
    cara.route("**/api/updates?*", newer)
    cara.evaluate(WAKE)
    expect(cara.get_by_role("button", name="Reload")).to_be_visible()
    cara.evaluate(HIDE)
    with cara.expect_navigation():
        cara.clock.fast_forward(LONG_UNSEEN)
    expect(log(cara).get_by_text("Before the update")).to_be_visible()
    assert len(left) == 2


FILL = """() => {
  for (let size = 2 ** 20, at = 0; size >= 1; ) {
    try { localStorage.setItem(`other.${at++}`, "x".repeat(size)); } catch { size = Math.floor(size / 2); }
  }
}"""
NO_ROOM = "This browser has no room for your words"


def test_a_full_storage_is_said_and_what_waits_goes_out_once(house: House, sit: Sit, cut: Cut) -> None:
    cara, paul = talk(house, sit, "Before it was full")
    until_kept(cara, house.thread)
    context, asked = cara.context, []
    with cut(context):
        cara.evaluate(FILL)
        field(cara).press_sequentially("Written without room")
        expect(cara.get_by_text(NO_ROOM)).to_be_visible()
        cara.get_by_role("button", name="Send", exact=True).click()
        expect(log(cara).get_by_text(WAITS)).to_have_count(1)
        # The service worker holds it.
        expect(cara.get_by_text(NO_ROOM)).to_be_hidden()
        field(cara).press_sequentially("Half written")
        expect(cara.get_by_text(NO_ROOM)).to_be_visible()

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        cara.once("dialog", stay)
        with cara.expect_event("dialog"):
            cara.close(run_before_unload=True)
        assert asked == ["beforeunload"]
        expect(field(cara)).to_have_value("Half written")
        cara.close()
        cara = open_again(context, house.thread)
        expect(log(cara).get_by_text(WAITS)).to_have_count(1)
    cara.evaluate(WAKE)
    says(paul, ["Before it was full", "Written without room"])
    cara.evaluate("() => localStorage.clear()")


def test_an_edit_survives_a_reload(house: House, sit: Sit, cut: Cut) -> None:
    cara, paul = talk(house, sit, "Meet at nine")
    until_text_is_kept(cara, house.thread, "Meet at nine")
    context = cara.context
    menu_of(cara, "Meet at nine").get_by_role("button", name="Edit", exact=True).click()
    editor = cara.get_by_label("Edit message")
    editor.fill("Meet at ten")
    with cut(context):
        editor.press("Enter")
        expect(log(cara).get_by_text("Not saved.")).to_be_visible()
        cara.reload()
        expect(editor).to_have_value("Meet at ten")
    editor.press("Enter")
    expect(log(paul).get_by_text("Meet at ten")).to_be_visible()
    cara.reload()
    expect(log(cara).get_by_text("Meet at ten")).to_be_visible()
    expect(editor).to_have_count(0)
