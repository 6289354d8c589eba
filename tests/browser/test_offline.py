"""Bad connection, no connection, at real browsers: what was written goes out once, what was read can be read."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import test_journey as journey
from tests.services import Live

quick, sit_down, write = journey.quick, journey.sit_down, journey.write
PHONE, PASSWORD = journey.PHONE, journey.PASSWORD

SitDown = Callable[..., Page]
Cut = Callable[[BrowserContext], contextlib.AbstractContextManager[None]]
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
    for (const { url } of await (await caches.open(name)).keys()) found.push(url.slice(location.origin.length));
  }
  return found;
}"""


def ready(page: Page) -> None:
    """Until the service worker leads this page."""
    page.evaluate(READY)


def until_kept(page: Page, path: str) -> None:
    page.wait_for_function(f"async () => (await ({KEPT})()).includes({path!r})")


def talk(quick: Live, sit_down: SitDown, *, texts: tuple[str, ...], **options: Any) -> tuple[Page, Page, str]:
    """Cara and Paul in their thread, in which she has written `texts`; and its path."""
    people = quick.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara, **options), sit_down(people.paul)
    if options.get("service_workers") != "block":
        ready(cara)
    cara.goto("/new")
    cara.locator("main a[href^='/threads/'], main form button").first.click()
    cara.wait_for_url("**/threads/*")
    path = "/" + cara.url.split("/", 3)[3].partition("?")[0].partition("#")[0]
    for text in texts:
        write(cara, text)
    if texts:
        expect(
            cara.get_by_role("log").get_by_text("Sent", exact=True).or_(cara.get_by_text("Delivered"))
        ).to_be_visible()
    paul.goto(path)
    return cara, paul, path


def said(page: Page, *texts: str) -> list[str]:
    """Those of the log's messages that are among `texts`, in their order on the page."""
    rows = page.get_by_role("log").locator(".message [data-part=body]").all_inner_texts()
    return [row for row in rows if row in texts]


@pytest.fixture
def cut(quick: Live) -> Cut:
    """with cut(context): no page of that browser has a connection, and nobody answers its service worker either.

    The browser's own switch does not reach a worker that it starts for a background sync.
    """

    @contextlib.contextmanager
    def away(context: BrowserContext) -> Iterator[None]:
        context.set_offline(True)
        quick.web.stop()  # type: ignore[union-attr]
        try:
            yield
        finally:
            quick.start_web()
            context.set_offline(False)

    return away


def three(where: str) -> list[str]:
    return [f"Written {where}, {number}" for number in ("one", "two", "three")]


def open_again(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.faults = []  # type: ignore[attr-defined]
    page.goto(path)
    return page


def test_three_written_offline_arrive_once_and_in_order(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    texts = three("in the tunnel")
    cara, paul, path = talk(quick, sit_down, texts=("Before the tunnel",), **PHONE)
    until_kept(cara, path)
    write(paul, "Safe travels")
    expect(cara.get_by_role("log").get_by_text("Safe travels")).to_be_visible()
    until_kept(cara, path + "?news")

    context = cara.context
    with cut(context):
        expect(cara.get_by_text("You seem to be offline. What you write goes out when you are back.")).to_be_visible()
        for text in texts:
            write(cara, text)
        expect(cara.get_by_role("log").get_by_text(WAITS)).to_have_count(3)
        expect(cara.get_by_text("3 messages wait and go out when you are back.")).to_be_visible()
        cara.close()

        again = open_again(context, path)
        log = again.get_by_role("log", name="Paul Professional")
        expect(log.get_by_text("Before the tunnel")).to_be_visible()
        expect(log.get_by_text("Safe travels")).to_be_visible()
        expect(log.get_by_text(WAITS)).to_have_count(3)
        expect(again.get_by_text("You are offline. This is what was here at")).to_be_visible()
        expect(again.get_by_text("3 messages wait to be sent.")).to_be_visible()
        assert said(again, *texts) == texts

    expect(log.get_by_text(WAITS)).to_have_count(0)
    expect(again.get_by_text("You are offline.")).to_have_count(0)
    paul.bring_to_front()
    expect(paul.get_by_role("log").get_by_text(texts[2])).to_be_visible(timeout=20_000)
    for page in (again, paul):
        assert said(page, *texts) == texts
        page.reload()
        expect(page.get_by_role("log").get_by_text(texts[2])).to_be_visible()
        assert said(page, *texts) == texts


def test_another_page_sends_what_waits(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    texts = three("on the stairs")
    cara, paul, _ = talk(quick, sit_down, texts=())
    context = cara.context
    with cut(context):
        for text in texts:
            write(cara, text)
        expect(cara.get_by_role("log").get_by_text(WAITS)).to_have_count(3)
        asked: list[str] = []
        cara.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        cara.get_by_role("button", name="Account").click()
        cara.get_by_role("button", name="Sign out").click()
        assert asked == ["Some messages have not been sent yet and would be lost. Leave anyway?"]
        cara.close()
    other = open_again(context, "/settings")
    expect(other.get_by_role("link", name="Messages")).to_be_visible()
    paul.reload()
    expect(paul.get_by_role("log").get_by_text(texts[2])).to_be_visible(timeout=20_000)
    assert said(paul, *texts) == texts
    other.wait_for_function("() => !Object.keys(localStorage).some((name) => name.includes('.outbox.'))")


def test_two_tabs_send_in_the_order_of_writing(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    cara, paul, path = talk(quick, sit_down, texts=())
    tabs = [cara, open_again(cara.context, path)]
    texts = [f"Tab {i % 2}, number {i}" for i in range(6)]
    with cut(cara.context):
        for i, text in enumerate(texts):
            write(tabs[i % 2], text)
        for tab in tabs:
            expect(tab.get_by_role("log").get_by_text(WAITS)).to_have_count(6)
            assert said(tab, *texts) == texts
    for page in (*tabs, paul):
        page.bring_to_front()
        expect(page.get_by_role("log").get_by_text(WAITS)).to_have_count(0, timeout=20_000)
        expect(page.get_by_role("log").get_by_text(texts[-1])).to_be_visible(timeout=20_000)
        assert said(page, *texts) == texts


def test_reading_offline(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    cara, _, path = talk(quick, sit_down, texts=("Read me below ground",))
    cara.goto("/")
    until_kept(cara, "/")
    until_kept(cara, path)
    with cut(cara.context):
        cara.goto("/")
        expect(cara.get_by_text("You are offline. This is what was here at")).to_be_visible()
        cara.get_by_role("list", name="Conversations").get_by_role("link").filter(has_text="Paul").first.click()
        expect(cara.get_by_role("log").get_by_text("Read me below ground")).to_be_visible()
        for elsewhere in ("/settings", "/notifications", "/?q=x", "/oversight"):
            cara.goto(elsewhere)
            expect(cara.get_by_role("heading", name="You are offline")).to_be_visible()
        assert not [path for path in cara.evaluate(KEPT) if path.startswith(("/settings", "/not", "/over", "/api"))]
        cara.get_by_role("link", name="Go to messages").click()
        expect(cara.get_by_role("list", name="Conversations")).to_be_visible()


def test_the_next_person_at_this_browser_sees_nothing(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara, _, path = talk(quick, sit_down, texts=("For Paul alone",))
    until_kept(cara, path)
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name="Sign out").click()
    expect(cara.get_by_label("Email")).to_be_visible()
    assert cara.evaluate(KEPT) == []
    sign_in(cara, people.paul)
    until_kept(cara, "/")
    with cut(cara.context):
        cara.goto(path)
        expect(cara.get_by_role("heading", name="You are offline")).to_be_visible()
        expect(cara.get_by_text("For Paul alone")).to_have_count(0)
        cara.goto("/")
        expect(cara.get_by_role("list", name="Conversations")).to_contain_text("Cara Client")


def test_a_session_that_ended_elsewhere_leaves_nothing_here(quick: Live, sit_down: SitDown) -> None:
    cara, _, path = talk(quick, sit_down, texts=("Once mine",))
    until_kept(cara, path)
    cara.context.clear_cookies()
    cara.evaluate(WAKE)  # the next poll is refused
    expect(cara.get_by_label("Email")).to_be_visible()
    assert cara.evaluate(KEPT) == []


def test_a_connection_that_says_nothing(quick: Live, sit_down: SitDown) -> None:
    """The train's network answers nothing: what was kept is shown, and the answer takes its place."""
    cara, paul, path = talk(quick, sit_down, texts=("Before the station",))
    until_kept(cara, path)
    cara.goto("/settings")
    write(paul, "Said before the train stopped")
    expect(paul.get_by_role("log").get_by_text("Said before the train stopped")).to_be_visible()
    with hung(quick):
        cara.goto(path)
        expect(cara.get_by_role("log").get_by_text("Before the station")).to_be_visible()
        expect(cara.get_by_text("No answer yet. This is what was here at")).to_be_visible()
    expect(cara.get_by_text("This is what was here at")).to_have_count(0)
    expect(cara.get_by_role("log").get_by_text("Said before the train stopped")).to_be_visible()


def test_a_portal_on_the_way_is_no_answer(quick: Live, sit_down: SitDown) -> None:
    cara, paul, _ = talk(quick, sit_down, texts=(), service_workers="block")  # what a worker asks passes by this portal
    portal = "<!doctype html><title>Welcome on board</title><h1>Accept our terms</h1>"
    answer = {"status": 403, "content_type": "text/html", "body": portal}
    cara.route("**/api/**", lambda route: route.fulfill(**answer))
    write(cara, "Past the portal")
    expect(cara.get_by_role("log").get_by_text(WAITS)).to_be_visible()
    answer["status"] = 200
    cara.wait_for_timeout(2_000)
    expect(cara.get_by_role("log").get_by_text(WAITS)).to_be_visible()
    cara.unroute("**/api/**")
    expect(cara.get_by_role("log").get_by_text(WAITS)).to_have_count(0, timeout=20_000)
    expect(paul.get_by_role("log").get_by_text("Past the portal")).to_have_count(1)


FORBIDDEN = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("", "SecurityError"); } });
Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("", "SecurityError"); } });
delete window.caches;
delete Navigator.prototype.serviceWorker;
LockManager.prototype.request = async () => { throw new DOMException("", "SecurityError"); };
"""


def test_without_storage_and_worker_everything_works_online(quick: Live, sit_down: SitDown) -> None:
    cara, paul, path = talk(quick, sit_down, texts=())
    cara.context.add_init_script(FORBIDDEN)
    cara.goto(path)
    write(cara, "From a private window")
    expect(paul.get_by_role("log").get_by_text("From a private window")).to_be_visible()
    write(paul, "Nothing of it stays")
    expect(cara.get_by_role("log").get_by_text("Nothing of it stays")).to_be_visible()
    with hung(quick):
        write(cara, "Not yet")
        expect(cara.get_by_role("log").get_by_text("Not yet")).to_be_visible()
    expect(paul.get_by_role("log").get_by_text("Not yet")).to_be_visible(timeout=20_000)
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name="Sign out").click()
    expect(cara.get_by_label("Email")).to_be_visible()


def test_it_goes_out_after_the_page_was_closed(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    """Background Sync: the browser wakes the service worker, when it likes; here its debugger does."""
    texts = three("in the lift")
    cara, paul, path = talk(quick, sit_down, texts=())
    context = cara.context
    with cut(context):
        for text in texts:
            write(cara, text)
        expect(cara.get_by_role("log").get_by_text(WAITS)).to_have_count(3)
        cara.wait_for_function("async () => (await (await caches.open('wellchat.queue')).keys()).length === 3")
        cara.close()
    elsewhere = open_again(context, "/healthz")  # a page that sends nothing itself
    synced(elsewhere, "wellchat.send")
    paul.reload()
    expect(paul.get_by_role("log").get_by_text(texts[2])).to_be_visible(timeout=20_000)
    assert said(paul, *texts) == texts
    elsewhere.wait_for_function("async () => !(await (await caches.open('wellchat.queue')).keys()).length")
    elsewhere.goto(path)  # where they still wait in the page's own storage
    expect(elsewhere.get_by_role("log").get_by_text(WAITS)).to_have_count(0)
    elsewhere.wait_for_function("() => !Object.keys(localStorage).some((name) => name.includes('.outbox.'))")
    paul.reload()
    for page in (elsewhere, paul):
        expect(page.get_by_role("log").get_by_text(texts[2])).to_be_visible()
        assert said(page, *texts) == texts


def test_a_new_version_reaches_open_pages(quick: Live, sit_down: SitDown) -> None:
    cara, _, _ = talk(quick, sit_down, texts=("Before the update",))

    def newer(route: Route) -> None:
        route.fulfill(status=204, headers={"X-App-Version": "0123456789ab", "X-Poll-Interval": "1"})

    cara.get_by_label("Message", exact=True).fill("Half a thou")
    cara.route("**/api/updates?*", newer)
    cara.evaluate(WAKE)
    notice = cara.get_by_text("A new version is ready.", exact=True).first
    expect(notice).to_be_visible(timeout=60_000)
    cara.evaluate(HIDE)  # a field with words in it: no reload, however long nobody looks
    cara.evaluate("window.here = true")
    cara.wait_for_timeout(11_000)
    assert cara.evaluate("window.here")
    cara.unroute("**/api/updates?*")
    cara.get_by_role("button", name="Reload").click()
    expect(cara.get_by_role("log").get_by_text("Before the update")).to_be_visible()
    expect(cara.get_by_label("Message", exact=True)).to_have_value("Half a thou")
    expect(cara.get_by_role("button", name="Reload")).to_be_hidden()
    assert not cara.evaluate("window.here")

    cara.get_by_label("Message", exact=True).fill("")
    cara.route("**/api/updates?*", newer)
    cara.evaluate(WAKE)
    expect(cara.get_by_role("button", name="Reload")).to_be_visible(timeout=60_000)
    cara.evaluate("window.here = true")
    with cara.expect_navigation(timeout=20_000):
        cara.evaluate(HIDE)
    expect(cara.get_by_role("log").get_by_text("Before the update")).to_be_visible()
    assert not cara.evaluate("window.here")


WAKE = "window.dispatchEvent(new Event('online'))"  # ends the poll that hangs
HIDE = """() => {
  Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@contextlib.contextmanager
def hung(quick: Live) -> Iterator[None]:
    """The web server takes connections and says nothing."""
    main = quick.web.process.pid  # type: ignore[union-attr]
    everybody = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(everybody):
            os.kill(pid, signal.SIGCONT)


def synced(page: Page, tag: str) -> None:
    known: list[str] = []
    debugger = page.context.new_cdp_session(page)
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: known.extend(one["registrationId"] for one in event["registrations"]),
    )
    debugger.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    values = {"origin": page.evaluate("location.origin"), "registrationId": known[0], "tag": tag, "lastChance": False}
    debugger.send("ServiceWorker.dispatchSyncEvent", values)


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Messages")).to_be_visible()
