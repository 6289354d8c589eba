"""A logo is shapes or pixels, and nothing that loads or runs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from wellchat import create_app
from wellchat.config import SettingsError, read_settings
from wellchat.doctor import run_checks
from wellchat.logos import MAX_SIDE, MAX_SVG, PNG, SVG, read_logo

DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:pen="http://pen.example/" width="40px" height="20">'
    "<title>x</title><metadata><pen:note>me</pen:note></metadata>"
    "<style>.a{{fill:#123}} /* plain */</style>"
    "<defs><linearGradient id='g'><stop offset='0'/></linearGradient></defs>"
    '<g pen:label="Layer"><path class="a" d="M0 0L4 4Z" fill="url(#g)"/><use href="#g"/></g>{more}</svg>'
)


def drawn(more: str = "") -> bytes:
    return DRAWN.format(more=more).encode()


def png(side: int = 8, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (side, side), "teal").save(out, "PNG", **more)
    return out.getvalue()


def test_shapes_stay_and_the_notes_of_a_program_go() -> None:
    doctype = (
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x.example/svg.dtd">'
    )
    logo = read_logo(doctype + drawn())
    text = logo.content.decode()
    assert logo.type == SVG
    assert 'viewBox="0 0 40 20"' in text
    assert 'd="M0 0L4 4Z" fill="url(#g)"' in text
    assert ".a{fill:#123}" in text
    assert 'xlink:href="#g"' in text
    for gone in ("pen", "title", "metadata", "DOCTYPE", "Layer", "dtd"):
        assert gone not in text
    assert read_logo(logo.content).content == logo.content, "what was written is taken as it is"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("<script>1</script>", "<script>"),
        ("<g onload='x()'/>", "onload"),
        ("<g pen:onclick='x()'/>", "onclick"),
        ("<foreignObject/>", "<foreignObject>"),
        ("<metadata><script/></metadata>", "<script>"),
        ("<image href='https://x.example/a.png'/>", "<image>"),
        ("<use href='https://x.example/a.svg#b'/>", "href"),
        ("<a href='#x'/>", "<a>"),
        ("<animate attributeName='href'/>", "<animate>"),
        ("<path fill='url(https://x.example/)'/>", "fill"),
        ("<path style='background:\\75rl(x)'/>", "style"),
        ("<style>@import 'https://x.example/';</style>", "<style>"),
        ("<path style='background:SRC(&quot;//x.example/&quot;)'/>", "style"),
        ("<style>a{background:image('//x.example/')}</style>", "<style>"),
        ("<style>a{{background:url(//x.example/)}}</style>".replace("{{", "{").replace("}}", "}"), "<style>"),
    ],
)
def test_what_loads_or_runs_is_refused_by_name(more: str, named: str) -> None:
    with pytest.raises(ValueError, match="Save plain shapes") as refused:
        read_logo(drawn(more))
    assert f"holds {named}," in str(refused.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>', "<!DOCTYPE"),
        (drawn("<text>Salon</text>"), "Turn the text into paths"),
        (drawn("<g>"), "damaged"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "viewBox"),
        ("<svg>\u00fc</svg>".encode("latin-1"), "UTF-8"),
        (drawn("<path/>" * (MAX_SVG // 7)), "64 kB"),
        (b"GIF89a", "neither"),
        (png()[:40], "damaged"),
    ],
)
def test_what_is_no_logo_is_refused_with_what_to_do(given: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_logo(given)


def test_of_a_png_only_the_pixels_stay() -> None:
    from PIL.PngImagePlugin import PngInfo

    note = PngInfo()
    note.add_text("Comment", "my address")
    logo = read_logo(png(MAX_SIDE * 2, pnginfo=note))
    assert logo.type == PNG
    assert b"my address" not in logo.content
    with Image.open(io.BytesIO(logo.content)) as kept:
        assert kept.size == (MAX_SIDE, MAX_SIDE)


def test_a_logo_of_the_environment_is_checked_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_bytes(drawn())
    base = {"WELLCHAT_INSTANCE": str(tmp_path), "WELLCHAT_BRAND_LOGO": str(path)}
    assert read_settings(base).BRAND_LOGO.type == SVG
    settings = {"INSTANCE": str(tmp_path), "BRAND_LOGO": str(path)}
    app = create_app(read_settings({f"WELLCHAT_{name}": value for name, value in settings.items()}))
    assert run_checks(app).settings["BRAND_LOGO"].startswith("image/svg+xml, ")
    path.write_bytes(drawn("<script/>"))
    with pytest.raises(SettingsError, match="WELLCHAT_BRAND_LOGO: This SVG holds <script>"):
        read_settings(base)
    with pytest.raises(SettingsError, match="WELLCHAT_BRAND_LOGO: cannot read"):
        read_settings({**base, "WELLCHAT_BRAND_LOGO": str(tmp_path / "none.svg")})
