"""The elements of the embed on a bare page of another site, which allows the script and the frames alone.

All frames have storage and cookies that throw, and the browser blocks cookies of other sites.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.doings import until
from tests.browser.firefox import Firefox
from tests.browser.hosting import LISTEN, NOTHING_IS_KEPT, Platform
from tests.browser.house import House, a_house
from tests.browser.test_access import EVERY_RULE
from tests.conftest import LEFT_OUT
from tests.services import LeftOut, free_port
from wellchat.accounts.models import User
from wellchat.clock import now as clock_now
from wellchat.db import db
from wellchat.messaging.messages import send_message

pytestmark = pytest.mark.slow

PORT = free_port()
house = a_house(WELLCHAT_EMBED_ORIGINS=f"http://localhost:{PORT}")
PICTURES = os.environ.get("PICTURES")
PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def shop(house: House) -> Iterator[Platform]:
    shop = Platform(PORT)
    shop.opens(house)
    yield shop
    shop.close()


@pytest.fixture
def visit(whole_chromium: Any, shop: Platform) -> Iterator[Any]:
    """visit(who, body, ...): a page of the shop with this in it, for who is signed in there.

    Only the whole browser blocks cookies of other sites; tests/browser/test_foreign_frames.py looks.
    """
    contexts: list[Any] = []
    faults: list[str] = []

    def visit(who: str | None, body: str, **options: Any) -> Page:
        # What is still fading in has other colours for axe.
        context = whole_chromium.new_context(base_url=shop.url, **{"reduced_motion": "reduce", **options})
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.add_init_script(NOTHING_IS_KEPT + LISTEN)
        context.on("weberror", lambda fault: faults.append(str(fault.error)))
        context.on("console", lambda said: faults.append(said.text) if "Content Sec" in said.text else None)
        if who:
            context.add_cookies([{"name": "who", "value": who, "url": shop.url, "sameSite": "Lax"}])
        shop.pages["/"] = body
        page: Page = context.new_page()
        page.goto("/")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == [], faults


def inside(page: Page, element: str) -> FrameLocator:
    """The conversations in an element."""
    return page.locator(element).frame_locator("iframe").frame_locator("iframe:not([inert])")


def heard(page: Page, kind: str) -> list[Any]:
    found: list[Any] = page.evaluate("kind => heard.filter(([name]) => name === kind)", kind)
    return found


def say(house: House, body: str) -> None:
    """Paul writes to Cara."""
    with house.app.app_context():
        paul = db.session.get_one(User, house.paul.id)
        send_message(sender=paul, thread_id=house.thread_id, body=body, client_key=body, now=clock_now())
        db.session.remove()


def tried(page: Page) -> list[str]:
    """What any frame tried to keep."""
    return [each for frame in page.frames for each in frame.evaluate("() => window.refusals ?? []")]


def shown(page: Page) -> str:
    """All that stands in the page and its frames, also what is hidden."""
    return "".join(frame.evaluate("() => document.documentElement.innerHTML") for frame in page.frames)


def is_live(page: Page) -> bool:
    """Whether each frame has an answer of our server for its person."""
    return bool(page.evaluate("heard.filter(([name]) => name === 'ready').length"))


def faults(page: Page) -> list[str]:
    """What axe finds on both sides, and whether something scrolls sideways."""
    found = []
    # Rules for a whole page, of which a frame is a part.
    parts = ["landmark-one-main", "page-has-heading-one"]
    # axe does not know the colours that the person has chosen.
    own = ["color-contrast"] if page.evaluate("matchMedia('(forced-colors: active)').matches") else []
    for frame in page.frames:
        if not frame.evaluate("() => document.body?.checkVisibility() && innerWidth > 0"):
            continue
        frame.evaluate(AXE_SCRIPT)
        off = own + (parts if "/embed/" in frame.url else [])
        rules = EVERY_RULE | {"iframes": False, "rules": {name: {"enabled": False} for name in off}}
        here = frame.evaluate("async (rules) => (await axe.run(rules)).violations", rules)
        where = frame.url.partition("?")[0]
        found += [f"{where}: {one['id']}: {[node['target'] for node in one['nodes']]}" for one in here]
        if frame.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{where} scrolls sideways")
    return found


def looked_at(page: Page, name: str) -> None:
    """Look at it, and leave a picture for people."""
    if PICTURES:
        page.wait_for_timeout(300)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")
    assert faults(page) == [], name


def test_a_bell_counts_and_the_popup_sends_and_receives(house: House, visit: Any) -> None:
    page = visit(
        "c-1", "<main><h1>Shop</h1><wellchat-bell></wellchat-bell></main><wellchat-popup></wellchat-popup>"
    )
    bell = page.locator("wellchat-bell").get_by_role("button")
    # What is unread at the first count is no news, so the message must wait for that count.
    until(page, lambda: heard(page, "unread"), "the first count")
    assert len(page.frames) == 2  # the popup has none yet
    say(house, "First word")
    expect(bell).to_have_accessible_name("Messages, 1 unread")
    expect(page.locator("wellchat-bell").get_by_role("status")).to_have_text("1 new message")
    expect(page.locator("wellchat-popup").get_by_role("status")).to_have_text("")
    looked_at(page, "bell")
    bell.click()
    chat = inside(page, "wellchat-popup")
    chat.get_by_role("link", name="First word").first.click()
    chat.get_by_label("Message", exact=True).fill("From the frame")
    looked_at(page, "popup")
    chat.get_by_role("button", name="Send", exact=True).click()
    expect(chat.get_by_role("log").get_by_text("From the frame")).to_be_visible()
    say(house, "Second word")
    expect(chat.get_by_role("log").get_by_text("Second word")).to_be_visible()
    expect(bell).to_have_accessible_name("Messages")
    assert tried(page) == []
    assert [cookie["name"] for cookie in page.context.cookies()] == ["who"]


def test_nothing_of_a_person_is_left_for_the_next_one(house: House, visit: Any, shop: Platform) -> None:
    say(house, "A word for Cara alone")
    page = visit(
        "c-1", "<main><h1>Shop</h1><wellchat-bell></wellchat-bell><wellchat-inbox></wellchat-inbox></main>"
    )
    other = page.context.new_page()
    other.goto("/")
    page.bring_to_front()
    for each in (page, other):
        expect(inside(each, "wellchat-inbox").get_by_text("A word for Cara alone").first).to_be_visible()
    inside(page, "wellchat-inbox").get_by_role("link", name="A word for Cara alone").first.click()
    expect(inside(page, "wellchat-inbox").get_by_role("log")).to_be_visible()
    assert "Cara" in shown(page)
    # Olga signs in at the shop, which stays where it is.
    page.context.add_cookies([{"name": "who", "value": "o-1", "url": shop.url, "sameSite": "Lax"}])
    page.evaluate("heard.length = 0")
    page.evaluate("wellchat.configure()")
    until(page, lambda: is_live(page), "the next person")
    expect(inside(page, "wellchat-inbox").get_by_role("heading").first).to_be_visible()
    for each in (page, other):
        until(each, lambda each=each: "Cara" not in shown(each), "the end of Cara's words")
    expect(page.locator("wellchat-bell").get_by_role("button")).to_have_accessible_name("Messages")
    assert [detail for _, _, detail in heard(page, "unread") if detail["messages"]] == []
    # She signs out there.
    page.evaluate("document.querySelector('wellchat-inbox').signOut()")
    for each in (page, other):
        expect(each.locator("wellchat-inbox").get_by_text("Please sign in again")).to_be_visible()
        until(each, lambda each=each: len(each.frames) == 1, "the end of the frames")
        assert {name for _, name, _ in heard(each, "signed-out")} == {"bell", "inbox"}
        assert tried(each) == []
    looked_at(page, "signed-out")
    asked = shop.asked
    page.reload()
    page.evaluate("document.querySelector('wellchat-inbox').signOut()")
    page.locator("wellchat-inbox").get_by_role("button", name="Try again").click()
    until(page, lambda: is_live(page), "the frame")
    assert shop.asked > asked


def test_the_focus_goes_in_and_comes_back(house: House, visit: Any) -> None:
    page = visit("c-1", "<main><input aria-label='Name' autofocus><wellchat-bell></wellchat-bell></main>")
    until(page, lambda: is_live(page), "the hub")
    # What shows conversations comes when they are wanted. What is closed before it has come stays closed.
    came = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('v1-panes')).length"
    assert page.evaluate(came) == 0
    page.route("**/v1-panes.js*", lambda route: route.abort())
    page.evaluate("wellchat.open()")
    until(page, lambda: heard(page, "error"), "the word that it does not come")
    assert heard(page, "error")[0][1:] == ["popup", {"code": "no-answer", "text": "v1-panes.js: no answer"}]
    page.unroute("**/v1-panes.js*")
    page.evaluate("(wellchat.open(), wellchat.close())")
    until(page, lambda: page.evaluate("!!document.querySelector('wellchat-popup').pane"), "what shows them")
    # The page opens it itself: who types goes on typing.
    page.get_by_label("Name").focus()
    page.evaluate("Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })")
    page.evaluate("wellchat.open({ with: 'p-1' })")
    popup = page.locator("wellchat-popup")
    expect(inside(page, "wellchat-popup").get_by_role("log")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    page.evaluate("wellchat.close()")
    expect(popup.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Name")).to_be_focused()
    # A person does, by the keyboard.
    bell = page.locator("wellchat-bell").get_by_role("button")
    page.keyboard.press("Tab")
    expect(bell).to_be_focused()
    page.keyboard.press("Enter")
    expect(bell).to_have_attribute("aria-expanded", "true")
    field = inside(page, "wellchat-popup").get_by_label("Message", exact=True)
    expect(field).to_be_focused()
    expect(popup.get_by_role("dialog", name="Messages")).to_be_visible()
    page.keyboard.press("Escape")
    expect(popup.get_by_role("dialog")).to_be_hidden()
    expect(bell).to_be_focused()
    names = [name for name, _, _ in page.evaluate("heard") if name in ("open", "close")]
    assert names == ["open", "close", "open", "close"]


MANY = """<main><h1>Shop</h1><wellchat-bell></wellchat-bell>
<wellchat-bell lang="de" theme="dark"></wellchat-bell>
<wellchat-thread with="p-1" height="auto" accent-hue="150" label="Your stylist"></wellchat-thread>
<wellchat-inbox height="500" theme="dark"></wellchat-inbox></main><wellchat-popup></wellchat-popup>"""


@pytest.mark.parametrize("look", ["light", "dark", "forced"])
def test_many_elements_on_a_small_page(house: House, visit: Any, look: str) -> None:
    say(house, f"Shall we say Thursday at three? ({look})")
    colours = {"forced": {"forced_colors": "active"}}.get(look, {"color_scheme": look})
    page = visit("c-1", MANY, viewport=PHONE, **colours)
    expect(inside(page, "wellchat-thread").get_by_role("log").get_by_text(look)).to_be_visible()
    page.locator("wellchat-inbox").scroll_into_view_if_needed()
    expect(inside(page, "wellchat-inbox").get_by_text(look).first).to_be_visible()
    assert len([frame for frame in page.frames if "/embed/hub" in frame.url]) == 1
    tall = page.locator("wellchat-thread").bounding_box()
    assert tall is not None
    assert 200 <= tall["height"] != 640
    log = inside(page, "wellchat-thread").get_by_role("log")
    assert log.evaluate("log => log.scrollHeight - log.clientHeight") <= 4
    looked_at(page, f"many-{look}-inbox")
    page.evaluate("scrollTo(0, 0)")
    looked_at(page, f"many-{look}")
    page.locator("wellchat-popup").get_by_role("button", name="Messages").click()
    dialog = page.locator("wellchat-popup").get_by_role("dialog", name="Messages")
    assert dialog.evaluate("dialog => dialog.matches(':modal')")
    assert dialog.bounding_box() == {"x": 0, "y": 0, **PHONE}
    expect(inside(page, "wellchat-popup").get_by_text(look).first).to_be_visible()
    looked_at(page, f"many-{look}-popup")
    page.locator("wellchat-popup").get_by_role("button", name="Close").click()
    expect(page.locator("wellchat-popup").get_by_role("button", name="Messages")).to_be_focused()
    if look == "dark":
        page.set_viewport_size({"width": 1280, "height": 900})
        page.locator("wellchat-popup").get_by_role("button", name="Messages").click()
        looked_at(page, "many-wide-popup")
    assert tried(page) == []


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    try:
        firefox = Firefox(tmp_path_factory.mktemp("firefox"))
    except LeftOut as reason:
        pytest.skip(LEFT_OUT + str(reason))
    with firefox:
        firefox.ask("script.addPreloadScript", functionDeclaration=f"() => {{ {LISTEN} }}")
        yield firefox


NAME = "document.querySelector('wellchat-bell').shadowRoot.querySelector('button').getAttribute('aria-label')"
PLACE = "document.querySelector('wellchat-bell').getBoundingClientRect().toJSON()"
LOG = "document.querySelector('[role=log]').textContent"
TEXT = "document.body.textContent"
SEND = """(() => {
  const field = document.querySelector("textarea");
  field.value = "From Firefox";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.form.requestSubmit();
  return true;
})()"""


def test_the_same_in_firefox(house: House, shop: Platform, firefox: Firefox) -> None:
    shop.pages["/"] = "<wellchat-bell></wellchat-bell><wellchat-popup></wellchat-popup>"
    firefox.goto(shop.url)
    firefox.evaluate("document.cookie = 'who=c-1'")
    firefox.goto(shop.url)
    firefox.until("heard.some(([name]) => name === 'unread')")
    before = firefox.evaluate(NAME)
    say(house, "A word for Firefox")
    firefox.until(f"{NAME} !== {before!r} && {NAME}.endsWith(' unread')")
    place = firefox.evaluate(PLACE)
    firefox.click(place["x"] + 20, place["y"] + 20)
    firefox.until("document.activeElement.localName === 'wellchat-popup'")
    firefox.until("document.querySelector('wellchat-popup').frame.ready")
    view = firefox.until_frame("/embed/view", "document.querySelector('.conversation a')")
    firefox.evaluate("document.querySelector('.conversation a').click()", view)
    view = firefox.until_frame("/embed/view", "document.querySelector('textarea[aria-autocomplete]')")
    kept = "(() => { try { return String(localStorage) } catch (error) { return error.name } })()"
    assert firefox.evaluate(kept, view) == "SecurityError"
    # Its script may not have the form yet.
    firefox.until(f"{LOG}.includes('From Firefox') || !{SEND}", view)
    say(house, "And back to Firefox")
    firefox.until(f"{TEXT}.includes('And back to Firefox')", view)
    # Without a screen it never has the focus, so nothing counts as read: the bell is not looked at again.
    firefox.press("\ue00c")  # Escape
    firefox.until("!document.querySelector('wellchat-popup').isOpen")
    assert firefox.evaluate("document.activeElement.localName") == "wellchat-bell"
    # Olga comes, and goes.
    firefox.evaluate("(document.cookie = 'who=o-1', heard.length = 0, wellchat.configure())")
    firefox.until("heard.some(([name]) => name === 'ready')")
    firefox.until_frame("/embed/view", f"!{TEXT}.includes('Firefox') && document.querySelector('main')")
    assert not [one for one in firefox.frames("/embed/view") if "Firefox" in firefox.evaluate(TEXT, one)]
    assert firefox.evaluate("(async () => (await wellchat.signOut(), frames.length))()") == 0
