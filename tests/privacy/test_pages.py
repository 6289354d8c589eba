"""The pages about one's own data."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.cast import Cast, Talk
from wellchat import sweeps
from wellchat.accounts.actions import create_token, create_user
from wellchat.accounts.passwords import hash_password
from wellchat.clock import now as clock_now
from wellchat.db import db, transaction
from wellchat.privacy.erasure import cancel_erasure, erasure_of, request_erasure
from wellchat.privacy.models import Erasure, Export

WORDS = "four words of mine"


def test_the_privacy_page_says_the_periods_of_the_rules(
    app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = client.get("/privacy").text
    for words in ("730 days", "180 days", "90 days", "7 days", "until they are deleted", "called Gone"):
        assert words in page
    assert "about a lead" not in page
    assert "Questions about your data" not in page
    monkeypatch.setitem(app.config, "RETENTION", {"lead": 365})
    monkeypatch.setitem(app.config, "PRIVACY_CONTACT", "privacy@example.com")
    page = client.get("/privacy").text
    assert "365 days" in page
    assert 'href="mailto:privacy@example.com"' in page


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in"])
def test_a_stranger_finds_it(app: Flask, client: Any, path: str) -> None:
    assert 'href="/privacy"' in client.get(path).text


def test_an_erasure_is_asked_for_and_cancelled_on_the_page(
    app: Flask, client: Any, talk: Talk, browse: Any, change: Any, queries: Any
) -> None:
    browser = client.signed_in_as(talk.cara)
    refused = browser.post("/settings/privacy/erase", data={})
    assert refused.status_code == 422
    assert "Tick the box to go on." in refused.text
    assert erasure_of(talk.cara.id) is None
    assert browser.post("/settings/privacy/erase", data={"sure": "1"}).status_code == 303
    page = browser.get("/settings/privacy").text
    assert "Your account is erased on" in page
    assert "Keep my account" in page
    assert 'role="alert"' not in page
    other = browser.get("/settings").text
    assert "Your account is erased on" in other
    assert 'href="/settings/privacy#erase"' in other
    assert page.count("Your account is erased on") == 1
    change(talk.cara, password_hash=hash_password(WORDS))
    again, unaware = app.test_client(), browse(talk.cara)
    again.post("/sign-in", data={"email": "cara@example.com", "password": WORDS})
    assert "Your account is erased on" in again.get("/settings").text
    assert "Your account is erased on" not in unaware.get("/settings").text
    with queries() as looking:
        again.get("/settings")
    with queries() as usual:
        unaware.get("/settings")
    assert looking.count == usual.count + 1, "nobody else pays for the banner"
    assert browser.post("/settings/privacy/keep").location == "/settings/privacy#erase"
    assert "Your account is kept." in _section(browser.get("/settings/privacy").text, "erase")
    assert "Your account is erased on" not in again.get("/settings").text
    db.session.rollback()
    assert erasure_of(talk.cara.id) is None
    refused = browser.post("/settings/privacy/keep")
    assert refused.status_code == 409
    assert 'role="alert"' in _section(refused.text, "erase")
    assert browser.post("/settings/privacy/export").location == "/settings/privacy#copy"
    assert "Your copy is being made." in _section(browser.get("/settings/privacy").text, "copy")


def _section(page: str, name: str) -> str:
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


@pytest.mark.parametrize("path", ["/settings/privacy/erase", "/settings/privacy/export"])
def test_only_with_a_fresh_proof(app: Flask, client: Any, talk: Talk, path: str) -> None:
    browser = client.signed_in_as(talk.cara)
    with transaction() as session:
        session.execute(text("UPDATE sessions SET proved_at = NULL"))
    answer = browser.post(path, data={"sure": "1"})
    assert answer.status_code == 303
    assert answer.location.startswith("/prove")
    headers = {"Authorization": f"Bearer {create_token(user_id=talk.cara.id, now=clock_now())}"}
    assert app.test_client().post(path, data={"sure": "1"}, headers=headers).status_code == 403
    db.session.rollback()
    assert db.session.execute(select(Erasure.id)).all() == []
    assert db.session.execute(select(Export.id)).all() == []


def link_in_mail(app: Flask) -> str:
    (file,) = sorted((Path(app.config["INSTANCE"]) / "mail").glob("*.eml"))
    message = message_from_bytes(file.read_bytes(), policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"(/keep-account/\S+)", body.get_content())
    assert found is not None
    return found[1]


def test_the_link_of_the_mail_keeps_the_account(app: Flask, client: Any, talk: Talk, now: datetime) -> None:
    request_erasure(user=talk.cara, now=now)
    sweeps.run(now)
    path = link_in_mail(app)
    looked_at = client.get(path)
    assert looked_at.status_code == 200
    assert looked_at.headers["Referrer-Policy"] == "no-referrer"
    assert erasure_of(talk.cara.id) is not None
    assert "Your account is kept" in client.post(path).text
    db.session.rollback()
    assert erasure_of(talk.cara.id) is None
    assert client.post(path).status_code == 410


def test_a_link_cancels_only_the_request_it_was_made_for(
    app: Flask, client: Any, talk: Talk, now: datetime
) -> None:
    request_erasure(user=talk.cara, now=now)
    sweeps.run(now)
    path = link_in_mail(app)
    cancel_erasure(user_id=talk.cara.id, now=now)
    request_erasure(user=talk.cara, now=now)
    assert client.post(path).status_code == 410
    assert erasure_of(talk.cara.id) is not None
    for forged in ("x", "x" * 400, "%00", path.rpartition("/")[2][:-1]):
        assert client.get(f"/keep-account/{forged}").status_code in (404, 410)


def test_the_pages_take_as_many_statements_however_much_there_is(
    app: Flask, client: Any, cast: Cast, talk: Talk, queries: Callable[..., Any], now: datetime
) -> None:
    browser = client.signed_in_as(talk.cara)
    browser.get("/settings/privacy")
    with queries() as few:
        browser.get("/settings/privacy")
    for number in range(30):
        talk.says(talk.cara, f"message {number}")
    request_erasure(user=talk.cara, now=now)
    with queries() as many:
        browser.get("/settings/privacy")
    assert many.count == few.count


def test_who_signs_in_meanwhile_is_told_how_to_keep_the_account(
    app: Flask, client: Any, cast: Cast, now: datetime
) -> None:
    user = create_user(
        email="zoe@example.com", name="Zoe", role="client", password="four words of mine", now=now
    )
    form = {"email": "zoe@example.com", "password": WORDS}
    assert client.post("/sign-in", data=form).status_code == 303
    assert "will be erased" not in client.get("/settings").text
    client.post("/sign-out")
    request_erasure(user=user, now=now)
    assert client.post("/sign-in", data=form).status_code == 303
    assert "To keep it, open Settings, Privacy." in client.get("/settings").text


def test_a_wait_until_tomorrow_is_said(app: Flask, client: Any, talk: Talk, now: datetime) -> None:
    request_erasure(user=talk.cara, now=now - timedelta(days=8))
    page = client.signed_in_as(talk.cara).get("/settings/privacy").text
    assert "Your account will be erased soon." in page
