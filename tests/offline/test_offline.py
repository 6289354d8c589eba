"""What the browser asks for by itself, and what keeps one person's page from acting as another."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image

from tests.browsing import Browser
from wellchat.accounts.models import Presence
from wellchat.db import db
from wellchat.offline.icons import ICONS


def test_the_service_worker_names_the_version_of_its_files(
    app: Any, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    files = re.findall(r'"(/assets/[^"]+)"', answer.get_data(as_text=True))
    assert len(files) == len(set(files)) > 20
    for path in files:
        file = client.get(path)
        assert file.status_code == 200, path
        assert "immutable" in file.headers["Cache-Control"], path
    assert client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    monkeypatch.setitem(app.extensions, "assets", "0123456789ab")
    assert client.get("/sw.js").get_data() != answer.get_data()


def test_an_installation_can_switch_offline_reading_off(
    app: Any, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "OFFLINE_THREADS", 0)
    assert '"pages":0' in client.get("/sw.js").get_data(as_text=True)


def test_the_service_worker_keeps_every_file_that_a_page_links(
    browse: Any, cast: Any, talk: Any, client: Browser
) -> None:
    talk.exchange("cp")
    page = browse(cast.cara).get(f"/threads/{talk.id}").get_data(as_text=True)
    linked = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page))
    assert linked
    assert linked <= set(re.findall(r'"(/assets/[^"]+)"', client.get("/sw.js").get_data(as_text=True)))


def test_the_manifest_has_the_name_and_colours_of_the_installation(
    app: Any, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "NAME", "Studio Nord and Friends")
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    data = answer.get_json()
    assert (data["name"], data["short_name"]) == ("Studio Nord and Friends", "Studio")
    assert (data["start_url"], data["scope"], data["display"]) == ("/", "/", "standalone")
    assert {icon["purpose"] for icon in data["icons"]} == {"any", "maskable"}
    for icon in data["icons"]:
        picture = client.get(icon["src"])
        assert picture.mimetype == icon["type"]
        assert "{}x{}".format(*Image.open(io.BytesIO(picture.data)).size) == icon["sizes"]
    for shortcut in data["shortcuts"]:
        assert client.get(shortcut["url"]).status_code in (200, 302)
    before = data["theme_color"]
    monkeypatch.setitem(app.config, "ACCENT_HUE", 20)
    assert client.get("/manifest.webmanifest").get_json()["theme_color"] != before


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_shows_the_mark(client: Browser, name: str) -> None:
    answer = client.get(f"/icons/{name}.png")
    assert answer.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in answer.headers
    picture = Image.open(io.BytesIO(answer.data)).convert("RGBA")
    side = picture.width
    corner, middle = picture.getpixel((0, 0)), picture.getpixel((side // 2, side // 2 - side // 10))
    assert middle[:3] > (230, 230, 230)
    full = name.startswith(("maskable", "apple"))
    assert corner[3] == (255 if full else 0)


def test_an_unknown_icon_is_a_404(client: Browser) -> None:
    assert client.get("/icons/icon-7.png").status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/"])
def test_pages_link_the_manifest_and_have_theme_colours(
    browse: Any, cast: Any, client: Browser, path: str
) -> None:
    page = (client if path == "/sign-in" else browse(cast.cara)).get(path).get_data(as_text=True)
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    assert re.findall(
        r'name="theme-color" content="#[0-9a-f]{6}" media="\(prefers-color-scheme: (\w+)\)"', page
    ) == [
        "light",
        "dark",
    ]


def test_a_chosen_appearance_has_one_colour(client: Browser) -> None:
    client.set_cookie("theme", "dark")
    assert client.get("/sign-in").get_data(as_text=True).count('name="theme-color"') == 1


def test_the_offline_page_has_no_personal_data(browse: Any, cast: Any) -> None:
    page = browse(cast.cara).get("/offline").get_data(as_text=True)
    assert "You are offline" in page
    assert cast.cara.name not in page
    assert "data-viewer-id" not in page


def test_every_poll_has_the_version_of_the_assets(app: Any, api: Any, talk: Any, cast: Any) -> None:
    mine = api(cast.cara)
    cursor = mine.get("/api/me").get_json()["cursor"]
    for _ in range(2):  # the second time the middleware answers alone
        answer = mine.get(f"/api/updates?since={cursor}")
        assert (answer.status_code, answer.headers["X-App-Version"]) == (204, app.extensions["assets"])
    talk.exchange("p")
    answer = mine.get(f"/api/updates?since={cursor}")
    assert (answer.status_code, answer.headers["X-App-Version"]) == (200, app.extensions["assets"])


def test_a_page_acts_only_for_the_person_it_was_loaded_for(browse: Any, cast: Any, talk: Any) -> None:
    """Cara's page is still open in a tab; in another one Paul has signed in since."""
    talk.exchange("cp")
    now_paul = browse(cast.paul)
    hers, his = {"X-Viewer": cast.cara.id}, {"X-Viewer": cast.paul.id}
    message = {"body": "from Cara", "client_key": "k"}
    refused = now_paul.post(f"/api/threads/{talk.id}/messages", json=message, headers=hers)
    assert (refused.status_code, refused.content_type) == (401, "application/problem+json")
    assert now_paul.get("/api/me", headers=hers).status_code == 401
    assert now_paul.get("/api/me", headers=his).status_code == 200
    cursor = now_paul.get("/api/me").get_json()["cursor"]
    assert now_paul.get(f"/api/updates?since={cursor}", headers=his).status_code == 204
    page = now_paul.get(f"/api/threads/{talk.id}/messages").get_json()
    assert "from Cara" not in [one["body"] for one in page["messages"]]


def test_caching_a_page_records_no_presence(browse: Any, cast: Any, talk: Any) -> None:
    talk.exchange("cp")
    mine = browse(cast.cara)
    assert mine.get(f"/threads/{talk.id}", headers={"X-Purpose": "keep"}).status_code == 200
    assert db.session.get(Presence, cast.cara.id) is None
    mine.get(f"/threads/{talk.id}")
    assert db.session.get(Presence, cast.cara.id) is not None
