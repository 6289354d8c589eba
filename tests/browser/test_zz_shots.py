from tests.browser.house import PHONE, a_house
from tests.browser.test_inbox import furnish, row
import re

house = a_house(furnish)
DESK = {"viewport": {"width": 1280, "height": 800}}


def test_shots(sit, house):
    for name, options in (
        ("desk", DESK),
        ("phone", PHONE),
        ("small", {"viewport": {"width": 360, "height": 740}, "has_touch": True}),
    ):
        for scheme in ("light", "dark"):
            paul = sit(house.paul, **options | {"color_scheme": scheme})
            paul.wait_for_selector('[data-action="row-menu"]:not([hidden])', state="attached")
            S = lambda what: paul.screenshot(path=f"/tmp/ib/shots/{name}-{scheme}-{what}.png")
            S("inbox")
            if scheme == "light" or name == "phone":
                if name != "desk":
                    paul.locator(".pane-list__find").click()
                    paul.wait_for_timeout(200)
                    S("find")
                    paul.evaluate("document.activeElement.blur()")
                paul.keyboard.press("j")
                paul.keyboard.press("j")
                paul.wait_for_timeout(300)
                paul.keyboard.press("e")
                paul.wait_for_selector(".toast:not([hidden])")
                S("toast")
                paul.keyboard.press("z")
                paul.wait_for_timeout(500)
                paul.keyboard.press(".")
                paul.wait_for_timeout(300)
                S("menu")
                paul.keyboard.press("Escape")
                paul.keyboard.press("x")
                paul.keyboard.press("j")
                paul.keyboard.press("x")
                paul.wait_for_timeout(300)
                S("bulk")
                paul.goto("/?waiting=1")
                S("waiting")
                paul.goto("/?kind=coupon")
                S("coupon")
                paul.goto("/new")
                S("new")
            if name == "desk":
                paul.goto("/")
                row(paul, 66).hover()
                paul.wait_for_timeout(300)
                S("hover")
