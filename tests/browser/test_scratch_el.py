from tests.browser.test_elements import *
from tests.browser.test_elements import house, shop, strict, visit

for n in [n for n in dir() if n.startswith("test_")]:
    del globals()[n]


def test_x(house, visit, shop):
    say(house, "Hi there")
    page = visit(
        "c-1", '<main><wellchat-thread with="p-1" height="auto"></wellchat-thread></main>', viewport=PHONE
    )
    page.evaluate("addEventListener('message', e => e.data.type=='height' && heard.push([e.data.height]))")
    page.wait_for_timeout(3000)
    say(house, "Hi there again")
    page.wait_for_timeout(3000)
    print(page.evaluate("heard"))
    page.screenshot(path="/tmp/pics/y.png")
    page = visit("c-1", '<main><wellchat-inbox height="auto"></wellchat-inbox></main>', viewport=PHONE)
    page.evaluate("addEventListener('message', e => e.data.type=='height' && heard.push([e.data.height]))")
    page.wait_for_timeout(3000)
    print(page.evaluate("heard"))
    page.screenshot(path="/tmp/pics/z.png")
