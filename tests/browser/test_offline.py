"""Bad connection, no connection, at real browsers: what was written goes out once, what was read can be read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

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


THREE = ("Written in the tunnel, one", "Written in the tunnel, two", "Written in the tunnel, three")


def open_again(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.faults = []  # type: ignore[attr-defined]
    page.goto(path)
    return page


def test_three_written_offline_arrive_once_and_in_order(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    cara, paul, path = talk(quick, sit_down, texts=("Before the tunnel",), **PHONE)
    until_kept(cara, path)
    write(paul, "Safe travels")
    expect(cara.get_by_role("log").get_by_text("Safe travels")).to_be_visible()
    until_kept(cara, path + "?news")

    context = cara.context
    with cut(context):
        expect(cara.get_by_text("You seem to be offline. What you write goes out when you are back.")).to_be_visible()
        for text in THREE:
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
        assert said(again, *THREE) == [*THREE]

    expect(log.get_by_text(WAITS)).to_have_count(0)
    expect(again.get_by_text("You are offline.")).to_have_count(0)
    paul.bring_to_front()
    expect(paul.get_by_role("log").get_by_text(THREE[2])).to_be_visible(timeout=20_000)
    for page in (again, paul):
        assert said(page, *THREE) == [*THREE]
        page.reload()
        expect(page.get_by_role("log").get_by_text(THREE[2])).to_be_visible()
        assert said(page, *THREE) == [*THREE]


def test_another_page_sends_what_waits(quick: Live, sit_down: SitDown, cut: Cut) -> None:
    cara, paul, _ = talk(quick, sit_down, texts=())
    context = cara.context
    with cut(context):
        for text in THREE:
            write(cara, text)
        expect(cara.get_by_role("log").get_by_text(WAITS)).to_have_count(3)
        cara.close()
    other = open_again(context, "/settings")
    expect(other.get_by_role("link", name="Messages")).to_be_visible()
    paul.reload()
    expect(paul.get_by_role("log").get_by_text(THREE[2])).to_be_visible(timeout=20_000)
    assert said(paul, *THREE) == [*THREE]
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
    cara.goto(path)
    expect(cara.get_by_label("Email")).to_be_visible()
    assert cara.evaluate(KEPT) == []


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Messages")).to_be_visible()
