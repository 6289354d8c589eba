"""WELLCHAT_EMBED_ORIGINS says what is wrong with it, in one sentence that mends it."""

from __future__ import annotations

import pytest

from wellchat.config import SettingsError, read_settings

GOOD = (
    "https://www.shop.example",
    "https://shop.example:8443",
    "https://*.shop.example",
    "https://*.shop.example:8443",
    "https://xn--bcher-kva.example",
    "https://192.0.2.1",
    "https://[2001:db8::1]:8443",
    "http://localhost:9000",
    "http://shop.localhost",
    "http://127.0.0.1:9000",
    "http://[::1]:9000",
)
BAD = {
    "https://shop.example/": "has something behind the host; write https://shop.example",
    "https://shop.example/chat": "has something behind the host; write https://shop.example",
    "https://shop.example?x=1": "has something behind the host; write https://shop.example",
    "https://shop.example:443": "names the usual port; write https://shop.example",
    "http://localhost:80": "names the usual port; write http://localhost",
    "http://shop.example": "is not encrypted; write https://shop.example",
    "http://*.shop.example:8080": "is not encrypted; write https://*.shop.example:8080",
    "http://localhost.evil.example": "is not encrypted; write https://localhost.evil.example",
    "https://Shop.example": "has capital letters; write https://shop.example",
    **dict.fromkeys(
        (
            *("shop.example", "//shop.example", "*", "https://*", "https://", "null", "'self'", "file:///x"),
            *("https://shop.*.example", "https://*shop.example", "https://user@shop.example"),
            *(
                "https://shop.example:",
                "https://shop.example:x",
                "https://shop.example:99999",
                "https://-x.example",
            ),
            *(
                "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
                "https://a;b.example",
                "https://[::1",
            ),
        ),
        "is no origin; write such as https://www.example.com",
    ),
}


def test_origins_are_taken_as_they_are() -> None:
    assert read_settings({"WELLCHAT_EMBED_ORIGINS": ", ".join(GOOD)}).EMBED_ORIGINS == GOOD
    assert read_settings({}).EMBED_ORIGINS == ()


@pytest.mark.parametrize("origin", BAD)
def test_what_is_no_origin_stops_the_start(origin: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({"WELLCHAT_EMBED_ORIGINS": origin})
    assert str(refusal.value) == f"WELLCHAT_EMBED_ORIGINS: {origin} {BAD[origin]}"
