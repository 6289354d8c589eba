"""A session that was ended elsewhere leaves no words and no pictures in this browser."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.attachments.files import send, take
from tests.browser.doings import WAKE, field, log, sign_in, write
from tests.browser.house import House, Sit, a_house
from tests.browser.test_offline import KEPT, READY
from tests.cast import Talk
from wellchat.attachments.processing import process
from wellchat.clock import now

LEFT = """async () => {
  const found = Object.entries(localStorage).map((each) => each.join(" "));
  for (const name of await caches.keys()) {
    if (name.startsWith("wellchat.files.")) continue; // our own scripts
    for (const request of await (await caches.open(name)).keys()) {
      const answer = await (await caches.open(name)).match(request);
      found.push(`${name} ${request.url} ${await answer.text()}`);
    }
  }
  return found.join("\\n");
}"""
CACHED = """(path) => fetch(path, { cache: "only-if-cached", mode: "same-origin" })
  .then((answer) => answer.ok && answer.headers.get("Content-Type"), () => null)"""


def furnish(talk: Talk) -> Any:
    file = take(talk.cara, now())
    send(talk, talk.cara, [file])
    process(attachment_id=file.id, now=now())
    return file.id


SERVICE_WORKERS = "allow"
house = a_house(furnish)


def test_a_session_that_ended_elsewhere_leaves_no_words_and_no_pictures(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    cara.evaluate(READY)
    picture = f"/attachments/{house.found}/thumbnail"
    cara.evaluate("(path) => fetch(path).then((answer) => answer.blob())", picture)
    assert cara.evaluate(CACHED, picture) == "image/webp"
    cara.wait_for_function(f"async () => (await ({KEPT})()).includes({house.thread!r})")
    cara.context.set_offline(True)
    write(cara, "a secret that waits")
    expect(log(cara).get_by_text("a secret that waits")).to_be_visible()
    field(cara).fill("a secret half written")
    cara.wait_for_function("() => JSON.stringify({ ...localStorage }).includes('half written')")
    elsewhere = sit(None, at="/sign-in")
    cookies = [each for each in cara.context.cookies() if each["name"] == "wellchat"]
    elsewhere.context.add_cookies(cookies)
    elsewhere.goto("/")
    elsewhere.locator(".topbar__account").click()
    assert "a secret" in cara.evaluate(LEFT)
    elsewhere.get_by_role("button", name="Sign out").click()
    expect(elsewhere.get_by_label("Email")).to_be_visible()
    cara.context.set_offline(False)
    # Back online the page may ask, and leave, by itself.
    with suppress(PlaywrightError):
        cara.evaluate(WAKE)
    expect(cara.get_by_label("Email")).to_be_visible()
    expect(cara.get_by_text("What you had written here and not sent was deleted with it.")).to_be_visible()
    cara.wait_for_function(f"async () => !(await ({KEPT})()).length")
    left = cara.evaluate(LEFT)
    assert "a secret" not in left
    assert "wellchat.draft" not in left
    assert "wellchat.outbox" not in left
    assert house.thread not in left
    assert cara.evaluate(CACHED, picture) is None
    sign_in(cara, house.cara)
    cara.goto(house.thread)
    expect(field(cara)).to_have_value("")


def test_words_go_too_if_the_page_was_closed_when_the_session_ended(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    field(cara).fill("a secret half written")
    cara.wait_for_function("() => JSON.stringify({ ...localStorage }).includes('half written')")
    cara.goto("/healthz")
    cara.context.clear_cookies()
    cara.goto("/")
    expect(cara.get_by_text("What you had written here and not sent was deleted with it.")).to_be_visible()
    assert "a secret" not in cara.evaluate(LEFT)


def test_a_draft_stays_while_the_person_is_signed_in(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    field(cara).fill("half written")
    cara.wait_for_function("() => JSON.stringify({ ...localStorage }).includes('half written')")
    cara.goto("/settings")
    cara.context.set_offline(True)
    cara.evaluate(WAKE)
    cara.context.set_offline(False)
    cara.goto(house.thread)
    expect(field(cara)).to_have_value("half written")
