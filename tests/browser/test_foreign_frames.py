"""What browsers allow in a frame of another site, on which the embed is built. Nothing of wellchat runs here.

A browser that changes fails one cell, by its name: then read what the embed needs of it again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.firefox import Firefox
from tests.conftest import LEFT_OUT
from tests.services import LeftOut

pytestmark = pytest.mark.slow

COOKIES = (
    "lax=1; SameSite=Lax; Path=/",
    "none=1; SameSite=None; Secure; Path=/",
    "__Host-apart=1; SameSite=None; Secure; Partitioned; Path=/",
    "lax_apart=1; SameSite=Lax; Secure; Partitioned; Path=/",
)
HOST = """<!doctype html><title>host</title><script>
addEventListener("message", ({ data }) => { window.cells = data; });
</script><iframe src="FRAME"></iframe>"""
FRAME = """<!doctype html><title>frame</title><script type="module">
const tried = async (act) => {
  try { return String(await act()); } catch (error) { return error.name; }
};
const sent = await (await fetch("/sent", { headers: { Authorization: "Bearer x" } })).json();
parent.postMessage({
  ...sent,
  storage: await tried(() => { localStorage.setItem("x", "1"); return "works"; }),
  worker: await tried(() => navigator.serviceWorker.register("/worker.js").then(() => "registers")),
  access: await tried(() => document.requestStorageAccess().then(() => "granted")),
  notification: Notification.permission,
  // On the same site it may wait for somebody to touch a key.
  passkey: location.hash && await tried(
    () => navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16) } })),
  picture: await tried(async () => {
    const picture = new Image();
    picture.src = URL.createObjectURL(new Blob([PICTURE], { type: "image/svg+xml" }));
    await picture.decode();
    return "shows";
  }),
}, "*");
</script>""".replace("PICTURE", repr('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'))
CALLS = {"authorization": "Bearer x", "site": "same-origin", "picture": "shows"}
CHROMIUM = {
    "cookies": ["__Host-apart"],
    "storage": "SecurityError",
    "worker": "NotSupportedError",
    "access": "NotAllowedError",
    "notification": "denied",
    "passkey": "NotAllowedError",
}
FIREFOX = {
    "cookies": ["__Host-apart", "none"],
    "storage": "works",
    "worker": "registers",
    "access": "NotAllowedError",
    "notification": "denied",
    "passkey": "NotAllowedError",
}
AT_HOME = {
    "cookies": ["__Host-apart", "lax", "lax_apart", "none"],
    "storage": "works",
    "worker": "registers",
    "access": "granted",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        port = self.server.server_port
        pages = {
            "/foreign": HOST.replace("FRAME", f"http://127.0.0.1:{port}/frame#foreign"),
            "/same": HOST.replace("FRAME", f"http://localhost:{port}/frame"),
            "/frame": FRAME,
        }
        kind, content = "text/html", pages.get(self.path, "")
        if self.path == "/sent":
            names = sorted(each.split("=")[0].strip() for each in self.headers.get("Cookie", "").split(";"))
            headers = {"authorization": self.headers["Authorization"], "site": self.headers["Sec-Fetch-Site"]}
            kind, content = "application/json", json.dumps({"cookies": [*filter(None, names)], **headers})
        elif self.path == "/worker.js":
            kind = "text/javascript"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        for cookie in COOKIES if self.path == "/frame" else ():
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    """The address of the server; 127.0.0.1 is another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def changed(cells: dict[str, Any], expected: dict[str, Any]) -> dict[str, str]:
    return {name: f"{cells[name]} (was {value})" for name, value in expected.items() if cells[name] != value}


def test_a_frame_in_chromium(whole_chromium: Any, place: str) -> None:
    page = whole_chromium.new_page()
    for path, expected in (("/foreign", CHROMIUM), ("/same", AT_HOME)):
        page.goto(place + path)
        page.wait_for_function("() => window.cells")
        found = changed(page.evaluate("cells"), expected | CALLS)
        assert found == {}, f"{path}: Chromium {whole_chromium.version}"
    page.close()


def test_a_frame_in_firefox(tmp_path: Path, place: str) -> None:
    try:
        # 5 is what Firefox begins with: storage of its own for each site that holds the frame.
        firefox = Firefox(tmp_path, **{"network.cookie.cookieBehavior": 5})
    except LeftOut as reason:
        pytest.skip(LEFT_OUT + str(reason))
    with firefox:
        for path, expected in (("/foreign", FIREFOX), ("/same", AT_HOME)):
            firefox.goto(place + path)
            firefox.until("window.cells")
            cells = json.loads(firefox.evaluate("JSON.stringify(cells)"))
            version = firefox.evaluate("navigator.userAgent").rpartition("/")[2]
            assert changed(cells, expected | CALLS) == {}, f"{path}: Firefox {version}"
