"""What people do on a page of a thread, and where they find things on it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import make_url

from tests.attachments.files import picture
from tests.browser.house import PASSWORD, House, Person, Sit

WAKE = "window.dispatchEvent(new Event('online'))"  # ends the poll that hangs, and every pause
File = tuple[str, str, bytes]  # name, type, content


@contextmanager
def without_worker(house: House) -> Iterator[None]:
    """Hold the worker between two of its transactions: in one, it would lock the database for all."""
    with ExitStack() as stack:
        while True:
            held = stack.enter_context(ExitStack())
            held.enter_context(house.live.worker.paused())
            if not _is_locked(house):
                break
            held.close()
        yield


def _is_locked(house: House) -> bool:
    """Return whether somebody writes to the database of the house right now. It is one of SQLite."""
    path = make_url(house.app.config["SQLALCHEMY_DATABASE_URI"]).database
    assert path
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        database.execute("ROLLBACK")
    return False


def until(page: Page, condition: Callable[[], Any], what: str, *, seconds: float = 30) -> Any:
    """The first true value of what no `expect` can ask; the page goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s"
        page.wait_for_timeout(50)
    return value


def sign_in(
    page: Page, person: Person, names: tuple[str, str, str] = ("Email", "Password", "Sign in")
) -> None:
    """By the form, whose fields and button have these names."""
    page.get_by_label(names[0], exact=True).fill(person.email)
    page.get_by_label(names[1], exact=True).fill(PASSWORD)
    page.get_by_role("button", name=names[2], exact=True).click()
    expect(page.locator(".topbar__account")).to_be_visible()
    page.wait_for_load_state()


def log(page: Page) -> Locator:
    return page.get_by_role("log")


def field(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def row(page: Page, text: str) -> Locator:
    """The last message that says this."""
    body = page.locator(".message__body", has_text=text)
    return log(page).locator("article.message").filter(has=body).last


def write(page: Page, text: str) -> None:
    field(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def sent(page: Page, text: str) -> None:
    """Written, and taken by the server."""
    write(page, text)
    expect(row(page, text)).to_have_attribute("data-seq", re.compile(r"\d+"))


def menu_of(page: Page, text: str) -> Locator:
    """Opened as a pointer or a finger does it."""
    if page.evaluate("matchMedia('(hover: none)').matches"):
        row(page, text).locator(".message__body").tap()
    else:
        row(page, text).hover()
        row(page, text).get_by_role("link", name="More for this message").click()
    return page.get_by_role("dialog", name="This message")


def notifications_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Notifications")


def written_while_away(house: House, sit: Sit) -> Page:
    """Paul in the inbox, whose notifications show a message of Cara's."""
    cara, paul = sit(house.cara, at=house.thread), sit(house.paul)
    sent(cara, "Do you have a minute?")
    sent(cara, "It is about Thursday.")
    expect(notifications_button(paul)).to_have_accessible_name("Notifications, 1 unread")
    return paul


def photo(name: str, color: str = "teal", size: tuple[int, int] = (800, 600)) -> File:
    return name, "image/jpeg", picture(size=size, color=color)


def choose(page: Page, *files: File) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(
        [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    )


def tell_worker(page: Page, what: str, **values: Any) -> None:
    """Hand an event to the service worker of this site, as the browser would: through its debugger."""
    known: list[str] = []
    debugger = page.context.new_cdp_session(page)
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: known.extend(one["registrationId"] for one in event["registrations"]),
    )
    debugger.send("ServiceWorker.enable")
    until(page, lambda: known, "word of the service worker")
    origin = page.evaluate("location.origin")
    debugger.send(f"ServiceWorker.{what}", {"origin": origin, "registrationId": known[0], **values})
    debugger.detach()
