"""Sign-on at a real browser: a form of another site, without our cookies, and the redirect after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, Sit, a_house
from tests.browser.test_factors import looked_at
from tests.services import free_port
from tests.sso.conftest import Host
from wellchat import clock
from wellchat.sso.keys import create_key

pytestmark = pytest.mark.slow

# Of another site than 127.0.0.1, where wellchat is: no Lax cookie comes with a form from here.
PORT = free_port()
SHOP = f"http://localhost:{PORT}"
house = a_house(
    WELLCHAT_SSO_ORIGINS=SHOP,
    WELLCHAT_SSO_URL=f"{SHOP}/chat",
    WELLCHAT_OIDC_ACME="https://acme.example|chat|secret",
)


class Shop:
    """A platform whose page sends a token by a form, at once."""

    def __init__(self) -> None:
        self.page = ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = shop.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("localhost", PORT), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def sends(self, house: House, token: str, to: str) -> None:
        self.page = (
            f'<form method="post" action="{house.url}/sso"><input name="token" value="{token}">'
            f'<input name="to" value="{to}"></form><script>document.forms[0].submit()</script>'
        )


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def host(house: House) -> Host:
    with house.app.app_context():
        now = clock.now()
        key, secret = create_key(alg="HS256", name="shop", now=now)
        return Host(house.url, key.kid, str(secret), now)


def test_a_form_of_the_platform_signs_in_and_asks_before_it_swaps(
    house: House, sit: Sit, shop: Shop, host: Host
) -> None:
    page: Page = sit(None, "/sign-in")
    shop.sends(house, host.token(name="Hanna Host"), "/settings")
    page.goto(SHOP)
    expect(page).to_have_url(f"{house.url}/settings")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Hanna Host")
    # Somebody else comes from there, in the same browser.
    shop.sends(house, host.token(sub="c-2", name="Ivo Inbound"), "/settings")
    page.goto(SHOP)
    expect(page.get_by_text("You are signed in as Hanna Host. Go on as Ivo Inbound?")).to_be_visible()
    looked_at(page, "switch")
    page.get_by_role("button", name="Go on as Ivo Inbound").click()
    expect(page).to_have_url(f"{house.url}/settings")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ivo Inbound")
    looked_at(page, "settings-elsewhere")


def test_the_ways_in_and_out_are_good_to_look_at(house: House, sit: Sit) -> None:
    page: Page = sit(None, "/sign-in")
    expect(page.get_by_role("link", name="Sign in with Acme")).to_be_visible()
    looked_at(page, "sign-in")
    page.goto("/oidc/acme/signed-out")
    expect(page.get_by_role("link", name="Sign out at Acme")).to_be_visible()
    looked_at(page, "signed-out")
