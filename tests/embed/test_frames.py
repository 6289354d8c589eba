"""The pages of frames: their headers, what they hold, and what they weigh."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from flask import Flask

from tests.embed.conftest import ORIGINS, SHOP

FRAMES = ("/embed/inbox", "/embed/thread", "/embed/hub")
AROUND = " ".join(ORIGINS)
OLD = {"Cookie": "wellchat=x; wellchat_remember=y; theme=dark; __Host-theme=dark"}


def directives(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_may_stand_in_the_named_sites_and_holds_nothing(
    app: Flask, client: Any, talk: Any, path: str
) -> None:
    answer = client.get(f"{path}?origin={SHOP}&id={talk.id}", headers=OLD)
    policy = directives(answer)
    assert answer.status_code == 200
    assert (policy["frame-ancestors"], policy["img-src"]) == (AROUND, "blob: data:")
    assert "report-uri" not in policy
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Referrer-Policy"] == "origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    for word in ("Cara", "Paul", talk.cara.id, talk.paul.id, "wce_", 'data-theme="dark"'):
        assert word not in answer.text


def test_what_stands_inside_a_frame_may_stand_in_it_alone_and_in_the_named_sites(client: Any) -> None:
    answer = client.get("/embed/view", headers=OLD)
    assert directives(answer)["frame-ancestors"] == f"'self' {AROUND}"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/sign-in", "/", "/api/me", "/embed/none", "/embed/", "/healthz", "/embed/files/x"]
)
def test_every_other_page_stands_in_no_frame(client: Any, path: str) -> None:
    answer = client.get(path)
    assert directives(answer)["frame-ancestors"] == "'none'"
    assert answer.headers.get("X-Frame-Options", "DENY") == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Cross-Origin-Resource-Policy" not in answer.headers


@pytest.mark.parametrize("path", FRAMES)
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (SHOP, 200),
        ("http://localhost:9000", 200),
        ("https://a.partner.example", 200),
        ("https://a.b.partner.example", 200),
        ("https://partner.example", 403),
        ("https://a.partner.example:8443", 403),
        ("http://a.partner.example", 403),
        ("https://evilpartner.example", 403),
        ("https://evil.example/.partner.example", 403),
        ("https://evil.example?.partner.example", 403),
        ("https://user@a.partner.example", 403),
        ("https://a.partner.example.", 403),
        (SHOP + "/", 403),
        (SHOP + ":443", 403),
        ("null", 403),
        ("*", 403),
        ("x" * 301, 422),
        ("", 422),
    ],
)
def test_a_frame_is_for_the_named_sites_alone(client: Any, path: str, origin: str, status: int) -> None:
    answer = client.get(path, query_string={"origin": origin})
    assert answer.status_code == status
    if status != 200:
        assert directives(answer)["frame-ancestors"] == "'none'"


def test_a_frame_looks_as_its_address_says_and_forgives_the_rest(client: Any) -> None:
    told = client.get(f"/embed/inbox?origin={SHOP}&theme=dark&accent_hue=128&lang=de").text
    assert '<html lang="de" dir="ltr" class="accent-12" data-theme="dark"' in told
    odd = client.get(f"/embed/inbox?origin={SHOP}&theme=%22%3E&accent_hue=9999&lang=xx").text
    assert 'lang="en"' in odd
    assert "data-theme" not in odd
    assert "&#34;" not in odd


def test_without_the_setting_there_is_no_embed(make_app: Any) -> None:
    without = make_app(EMBED_ORIGINS=())
    assert not [rule for rule in without.url_map.iter_rules() if "embed" in rule.rule or "frame" in rule.rule]
    for path in (*FRAMES, "/embed/view", "/embed/", "/api/embed/sessions", "/sign-in/frame/x"):
        assert without.test_client().get(path).status_code == 404
    hooks = [*without.before_request_funcs[None], *without.after_request_funcs[None]]
    assert not [hook for hook in hooks if hook.__module__.startswith("wellchat.embed")]
    assert not type(without.wsgi_app).__module__.startswith("wellchat.embed")


def test_a_frame_shows_the_one_conversation_of_a_client(
    app: Flask, talk: Any, host: Any, frame: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.exchange("pc")
    cara = frame(host.token())
    monkeypatch.setitem(app.config, "CLIENT_VIEW", "one-thread")
    led = cara.get("/embed/")
    assert (led.status_code, led.location) == (302, f"/embed/threads/{talk.id}")
    shown = cara.get(led.location)
    assert shown.status_code == 200
    assert "thread__back" not in shown.text, "there is no list to go back to"
    day = cara.get(f"/embed/threads/{talk.id}?date={now:%Y-%m-%d}")
    assert day.location.startswith(f"/embed/threads/{talk.id}?at="), "a day leads to its first message"


def weight(client: Any, address: str, **more: Any) -> int:
    """Bytes on the wire, as a browser gets them over http."""
    answer = client.get(address, headers={"Accept-Encoding": "gzip"}, **more)
    assert answer.status_code == 200
    return len(answer.data) if "Content-Encoding" in answer.headers else len(gzip.compress(answer.data, 9))


def loaded(client: Any, *pages: str) -> int:
    """Bytes of these pages and of all that they name, each once."""
    named = {each for page in pages for each in re.findall(r'"(/assets/[^"]+)"', client.get(page).text)}
    return sum(weight(client, each) for each in (*pages, *named))


def test_frames_weigh_little(app: Flask, client: Any, host: Any, talk: Any, frame: Any) -> None:
    talk.exchange("cp" * 25)
    page = frame(host.token()).get(f"/embed/threads/{talk.id}")
    thread = loaded(client, f"/embed/thread?origin={SHOP}", "/embed/view") + len(gzip.compress(page.data, 9))
    hub = loaded(client, f"/embed/hub?origin={SHOP}")
    assert thread <= 150_000
    assert hub <= 17_000  # with 8 kB of the loader, 25 kB
