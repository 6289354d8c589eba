"""Measure the thread page at a real browser: its weight, layout shift, and time to react on a slow CPU.

There is no reference, the budget is ours: a page of messages over HTTP/1.1 with an empty cache.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.rows.idle_poll import session_cookies
from bench.stage import Stage
from bench.table import Row, percentile
from tests.services import browser_path

MAX_SCRIPT = 40_000  # bytes of all that runs at once, as sent
MAX_FIRST_LOAD = 100_000  # bytes of everything, as sent
MAX_SHIFT = 0.05
MAX_KEY_DELAY = 100.0  # ms from a key to the next paint
SLOWER = 4
KEYS = "A few words, as anybody types them in the middle of a day. "
WATCH = """
  window.shifts = []; window.waits = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, startTime, value } of list.getEntries()) {
      if (!hadRecentInput) window.shifts.push([startTime, value]);
    }
  }).observe({ type: "layout-shift", buffered: true });
  // A headless browser does not say when it painted: the task after the next frame's callbacks comes then.
  const { port1, port2 } = new MessageChannel();
  let begun = [];
  port1.onmessage = () => window.waits.push(...begun.splice(0).map((at) => performance.now() - at));
  for (const kind of ["keydown", "pointerdown", "pointerup"]) {
    addEventListener(kind, ({ timeStamp }) => {
      begun.push(timeStamp);
      if (begun.length === 1) requestAnimationFrame(() => port2.postMessage(0));
    }, true);
  }
"""
SCRIPTS = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith(".js")).reduce((sum, { encodedBodySize: size }) => sum + size, 0)"""
TALK = """async ([path, count, key]) => {
  for (let i = 0; i < count; i++) {
    const text = `Message ${i} of ${count}, of a length as usual`;
    const words = { body: text, client_key: `${key}-${i}-${Date.now()}` };
    const body = JSON.stringify(words);
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
}"""


@dataclass
class Weight:
    """The bytes of one page on the wire, with the response headers."""

    bytes_of: dict[str, int] = field(default_factory=dict)  # by address
    kinds: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> int:
        return sum(size for url, size in self.bytes_of.items() if self.kinds[url] in kinds)


def weigh(page: Any, path: str) -> Weight:
    """Load `path` with an empty cache, and count until the page is at rest.

    Polls are not counted.
    """
    weight, urls = Weight(), {}
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def begun(event: Any) -> None:
        if "/api/" not in event["request"]["url"]:
            urls[event["requestId"]] = event["request"]["url"]
            weight.kinds[event["request"]["url"]] = event.get("type", "Other")

    def ended(event: Any) -> None:
        if event["requestId"] in urls:
            weight.bytes_of[urls[event["requestId"]]] = int(event["encodedDataLength"])

    protocol.on("Network.requestWillBeSent", begun)
    protocol.on("Network.loadingFinished", ended)
    page.goto(path)
    page.wait_for_load_state("load")
    page.wait_for_timeout(700)
    protocol.detach()
    return weight


def shift(page: Any) -> float:
    """Return the cumulative layout shift, and reset it.

    It is the worst window of at most five seconds without a second of rest.
    """
    page.bring_to_front()
    page.wait_for_timeout(200)
    worst = window = began = last = 0.0
    for at, value in page.evaluate("window.shifts.splice(0)"):
        if at - last > 1_000 or at - began > 5_000:
            window, began = 0.0, at
        window, last = window + value, at
        worst = max(worst, window)
    return worst


def typed_and_sent(page: Any, words: str, times: int) -> list[float]:
    """Return the milliseconds from each key and click to the next paint."""
    page.bring_to_front()  # one that nobody looks at paints nothing
    protocol = page.context.new_cdp_session(page)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    composer = page.locator(".composer__field")
    for _ in range(times):
        composer.press_sequentially(words, delay=100)
        page.locator(".composer__send").click()
        page.wait_for_timeout(300)
    page.wait_for_timeout(500)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    protocol.detach()
    return list(page.evaluate("window.waits"))


def measure(stage: Stage) -> list[Row]:
    from playwright.sync_api import sync_playwright

    from tests.services import LeftOut

    with suppress(LeftOut), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), headless=True)
        try:
            return _rows(stage, chromium)
        finally:
            chromium.close()
    return [Row("page", "the thread page", "no browser here", "", None, "a browser", met=False)]


def _rows(stage: Stage, chromium: Any) -> list[Row]:
    web, pair = stage.web("crowd"), stage.pairs("crowd", 1)[0]
    base, path = f"http://127.0.0.1:{web.port}", f"/threads/{pair.thread_id}"
    me, other = (_window(stage, chromium, base, who) for who in (pair.client_id, pair.professional_id))
    other.goto("/")
    # more than the window holds
    other.evaluate(TALK, [f"/api/threads/{pair.thread_id}/messages", 30, "before"])
    weight = weigh(me, path)
    script, whole = me.evaluate(SCRIPTS), sum(weight.bytes_of.values())
    at_load = shift(me)
    other.evaluate(TALK, [f"/api/threads/{pair.thread_id}/messages", 3 if stage.quick else 20, "after"])
    me.wait_for_timeout(1_000)
    arriving = shift(me)
    waits = typed_and_sent(me, KEYS[:5], 1) if stage.quick else typed_and_sent(me, KEYS, 5)
    usual, slow = median(waits), percentile(waits, 0.98)  # the share that INP leaves out
    parts = " + ".join(
        f"{kind.lower()} {weight.of(kind) / 1000:.1f}"
        for kind in ("Document", "Stylesheet", "Script")
        if weight.of(kind)
    )
    return [
        _row(
            "all scripts of the thread page, packed",
            f"{script / 1000:.1f} kB",
            "< 40 kB",
            script < MAX_SCRIPT,
        ),
        _row(
            "its first load, all told",
            f"{whole / 1000:.1f} kB in {len(weight.bytes_of)} requests ({parts})",
            "< 100 kB",
            whole < MAX_FIRST_LOAD,
        ),
        _row("layout shift, at load", f"{at_load:.4f}", "<= 0.05", at_load <= MAX_SHIFT),
        _row("layout shift, while messages arrive", f"{arriving:.4f}", "<= 0.05", arriving <= MAX_SHIFT),
        _row(
            f"input to next paint, CPU slowed {SLOWER} times",
            f"p50 {usual:.0f} ms, p98 {slow:.0f} ms",
            "p98 < 100 ms",
            slow < MAX_KEY_DELAY,
        ),
    ]


def _row(what: str, ours: str, goal: str, met: bool) -> Row:
    return Row("page", what, ours, "", None, goal, met)


def _window(stage: Stage, chromium: Any, base: str, user_id: str) -> Any:
    name, value = session_cookies(stage, [user_id])[user_id].split("=", 1)
    context = chromium.new_context(base_url=base, viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": name, "value": value, "url": base}])
    context.add_init_script(WATCH)
    return context.new_page()
