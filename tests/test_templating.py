"""What every answer carries, and what text becomes."""

from __future__ import annotations

import pytest

from wellchat.templating import linkify


def test_a_401_has_www_authenticate(client):
    answer = client.get("/api/me")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("see www.example.com.", "http://www.example.com"),
        ("WWW.Example.com/a?b=1", "http://WWW.Example.com/a?b=1"),
        ("https://example.com/x", "https://example.com/x"),
        ("me@www.example.com", "mailto:me@www.example.com"),
        ("notes.md and example.com", None),
        ("www.", None),
    ],
)
def test_urls_in_text_become_links(app, text, href):
    found = str(linkify(text))
    assert (f'href="{href}"' in found) if href else ("<a" not in found)
