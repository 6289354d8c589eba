"""What owners change on the page is everywhere at once, in every process, and the environment wins."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from tests.brand.test_logos import drawn, png
from tests.cast import Cast
from wellchat import branding, create_app
from wellchat.accounts.names import unposed
from wellchat.audit.models import AuditEvent
from wellchat.config import Settings, read_settings
from wellchat.db import db
from wellchat.mail.actions import queue_mail
from wellchat.mail.compose import render

PATH = "/oversight/brand"
FORM = {
    "name": "Salon Lumière",
    "accent_hue": "133",
    "support_email": "help@salon.example",
    "home_url": "https://www.salon.example/",
    "terms_url": "https://salon.example/terms",
    "privacy_url": "",
}


def form(**changed: Any) -> dict[str, Any]:
    return FORM | changed


def svg() -> tuple[io.BytesIO, str]:
    return io.BytesIO(drawn()), "logo.svg"


@pytest.mark.each_database
def test_a_change_is_on_every_page_and_in_every_mail(
    app: Flask, cast: Cast, now: datetime, browse: Callable[..., Any]
) -> None:
    ada, nobody = browse(cast.ada), browse()
    assert 'name="name" type="text" value="wellchat"' in ada.get(PATH).text
    saved = ada.post(PATH, data=form(logo=svg()))
    assert saved.status_code == 303
    for page in (ada.get(PATH), nobody.get("/sign-in")):
        assert "Salon Lumière</title>" in page.text
        assert 'class="accent-13" data-accent-plus="3"' in page.text
        assert '<img class="brand__logo" src="/brand/logo?v=' in page.text
        assert 'href="https://www.salon.example"' in page.text
        assert ">Back to salon.example<" in page.text
        assert 'href="mailto:help@salon.example"' in page.text
        assert "Privacy policy" not in page.text.partition("account__links")[2]
    logo = nobody.get("/brand/logo")
    assert logo.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (logo.mimetype, b"<path" in logo.data) == ("image/svg+xml", True)
    assert nobody.get("/brand/logo", headers={"If-None-Match": logo.headers["ETag"]}).status_code == 304
    manifest = json.loads(nobody.get("/manifest.webmanifest").data)
    assert manifest["name"] == "Salon Lumière"
    assert manifest["icons"][0]["type"] == "image/svg+xml"
    assert "Salon Lumi" in nobody.get("/sw.js").text
    mail = queue_mail(
        user_id=cast.cara.id, address=cast.cara.email, name="address_check", context={}, now=now
    )
    sent = message_from_bytes(render(mail, now=now, content={"name": "Cara"}).content, policy=policy.default)
    assert sent["From"] == "Salon Lumière <wellchat@localhost>"
    for part in sent.iter_parts():
        for words in ("Salon Lumière", "https://www.salon.example", "help@salon.example"):
            assert words in part.get_content()
    with pytest.raises(ValueError, match="is kept for the team of Salon Lumière"):
        unposed("Salon Lumiere support")
    rows = db.session.execute(select(AuditEvent.detail).where(AuditEvent.kind == "brand.changed")).scalars()
    assert list(rows) == [{"what": "name accent_hue support_email terms_url home_url brand_logo"}]


def test_a_preview_shows_everything_and_saves_nothing(cast: Cast, browse: Callable[..., Any]) -> None:
    ada = browse(cast.ada)
    shown = ada.post(PATH, data=form(preview="1", logo=svg())).text
    assert "This is a preview." in shown
    assert 'class="accent-13" data-accent-plus="3"' in shown
    assert shown.count("data:image/svg+xml;base64,") == 4, "the icon, the bar, rows of the bell, the form"
    assert "Salon" not in ada.get("/").text
    chosen = shown.partition('name="chosen_logo" value="')[2].partition('"')[0]
    assert ada.post(PATH, data=form(chosen_logo=chosen)).status_code == 303
    assert "/brand/logo" in ada.get("/").text
    assert ada.post(PATH, data=form(drop_logo="1")).status_code == 303
    assert "/brand/logo" not in ada.get("/").text
    assert ada.get("/brand/logo").status_code == 404


def test_what_cannot_be_is_told_at_its_field_and_kept(cast: Cast, browse: Callable[..., Any]) -> None:
    ada = browse(cast.ada)
    wrong = form(
        name="www.salon.example",
        accent_hue="400",
        support_email="nobody",
        home_url="javascript:alert(1)",
        logo=(io.BytesIO(drawn("<script/>")), "logo.svg"),
    )
    refused = ada.post(PATH, data=wrong)
    assert refused.status_code == 422
    for words in (
        "not like a name",
        "holds &lt;script&gt;",
        "Enter an email address",
        "Enter a whole address",
        'value="nobody"',
        'value="400"',
        'value="javascript:alert(1)"',
    ):
        assert words in refused.text, words
    assert ada.post(PATH, data=form(chosen_logo="PHN2Zz4=")).status_code == 422
    assert "salon" not in ada.get("/").text


def test_only_owners_come_here(cast: Cast, browse: Callable[..., Any], change: Callable[..., None]) -> None:
    change(cast.ada, admin_roles="support auditor moderator")
    for someone in (cast.ada, cast.cara, cast.paul):
        assert browse(someone).get(PATH).status_code == 404
        assert browse(someone).post(PATH, data=FORM).status_code == 404


def test_another_process_follows_and_the_environment_wins(
    app: Flask, cast: Cast, browse: Callable[..., Any], queries: Any
) -> None:
    settings = {name: app.config[name] for name in ("INSTANCE", "DATABASE_URL", "SECRET_KEY")}
    environ = {"WELLCHAT_BRAND": "Fixed & Co", "WELLCHAT_TERMS_URL": "https://fixed.example/terms"}
    other = create_app(read_settings(environ, RATE_LIMITS=False, **settings), BRAND_READ_EVERY=0.0)
    assert browse(cast.ada).post(PATH, data=form(logo=svg())).status_code == 303

    def seen() -> str:
        return str(other.test_client().get("/sign-in").text)

    page = seen()
    assert "Fixed &amp; Co</title>" in page
    assert 'href="https://fixed.example/terms"' in page
    assert 'data-accent-plus="3"' in page
    assert "/brand/logo" in page
    assert browse(cast.ada).post(PATH, data=form(accent_hue="270", drop_logo="1")).status_code == 303
    assert 'class="accent-27" data-accent-plus="0"' in seen()
    assert "/brand/logo" not in seen()
    with other.app_context():
        assert branding.is_fixed("NAME")
        known = other.config[branding.KNOWN].version
        # One statement while nothing has changed, and none before the next look is due.
        with queries() as counted:
            branding.keep_fresh()
        assert counted.count <= 1
        other.config[branding.EVERY] = math.inf
        branding.keep_fresh()
        assert (other.config[branding.KNOWN].version, known) == (known, 2)
    fixed = create_app(read_settings(environ, RATE_LIMITS=False, **settings), BRAND_READ_EVERY=0.0)
    browser = type(browse())(fixed, fixed.response_class).signed_in_as(cast.ada)
    with fixed.app_context():
        shown = browser.get(PATH).text
        assert "Set on the server by WELLCHAT_NAME" in shown
        assert 'name="name"' not in shown
        assert browser.post(PATH, data=form(name="Mine")).status_code == 303
    assert "Mine" not in seen()


def test_without_its_table_pages_show_what_is_known(tmp_path: Path) -> None:
    empty = create_app(read_settings({}, INSTANCE=tmp_path, NAME="Early", RATE_LIMITS=False))
    for _ in range(2):
        assert "Early</title>" in empty.test_client().get("/sign-in").text


def test_icons_are_drawn_from_a_png(cast: Cast, browse: Callable[..., Any]) -> None:
    ada = browse(cast.ada)
    assert ada.post(PATH, data=form(logo=(io.BytesIO(png(64)), "logo.png"))).status_code == 303
    for name, corner in (("apple-touch", (0, 128, 128)), ("maskable-192", (255, 255, 255))):
        with Image.open(io.BytesIO(browse().get(f"/icons/{name}.png").data)) as icon:
            assert icon.convert("RGB").getpixel((1, 1)) == corner
            assert icon.convert("RGB").getpixel((icon.width // 2, icon.height // 2)) == (0, 128, 128)


def test_names_of_settings_are_those_of_the_form() -> None:
    assert {*branding.CHANGEABLE, branding.LOGO} <= Settings.model_fields.keys()
