"""An installation that lets browsers keep no words and no pictures."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.doings import WAKE, field, log, sent, write
from tests.browser.house import House, Sit, a_house
from tests.browser.test_offline import KEPT, READY
from tests.browser.test_session_end import CACHED, LEFT, furnish

house = a_house(furnish, WELLCHAT_BROWSER_STORAGE="off", WELLCHAT_BROWSER_CACHE="off")


def test_nothing_that_somebody_wrote_or_saw_is_left_in_the_browser(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    cara.evaluate(READY)
    # As a page of before had left it, when the setting was another.
    cara.evaluate(
        "(key) => localStorage.setItem(key, 'a secret of before')", f"wellchat.recent.{house.cara.id}"
    )
    cara.evaluate(
        "async () => (await caches.open('wellchat.queue')).put('/queue/x', new Response('a secret'))"
    )
    cara.reload()
    sent(cara, "a secret that was sent")
    picture = f"/attachments/{house.found}/thumbnail"
    cara.evaluate("(path) => fetch(path).then((answer) => answer.blob())", picture)
    assert cara.evaluate(CACHED, picture) is None
    cara.context.set_offline(True)
    write(cara, "a secret that waits")
    expect(log(cara).get_by_text("a secret that waits")).to_be_visible()
    field(cara).fill("a secret half written")
    cara.wait_for_function("async () => !(await caches.has('wellchat.queue'))")
    left = cara.evaluate(LEFT)
    assert "secret" not in left
    assert house.thread not in left
    assert cara.evaluate(f"async () => (await ({KEPT})())") == []
    assert cara.evaluate("async () => (await indexedDB.databases()).length") == 0
    # It is still sent while the page is open.
    cara.context.set_offline(False)
    cara.evaluate(WAKE)
    paul = sit(house.paul, at=house.thread)
    expect(log(paul).get_by_text("a secret that waits")).to_be_visible()
    expect(field(cara)).to_have_value("a secret half written")
