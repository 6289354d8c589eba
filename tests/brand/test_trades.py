"""A trade says what the two sides of a connection are called, on pages and in mails, in each language."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Talk
from tests.host.conftest import HostServer, host, server_with
from tests.mail.test_discreet import mails_to, make_all_kinds, names_in, whole
from wellchat import branding
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.notifications.preferences import save_preferences
from wellchat.subjects.models import Subject

__all__ = ["host", "server_with"]

HAIR = {"locale": "en", "client": "Customer", "clients": "Customers", "professional": "Stylist"}


@pytest.fixture
def named(talk: Talk, now: datetime) -> Talk:
    """The talk of two people whom the host knows as c and p."""
    link(user_id=talk.cara.id, source=HOST, external_id="c", now=now)
    link(user_id=talk.paul.id, source=HOST, external_id="p", now=now)
    return talk


def of_trade(host: HostServer, trade: str | None) -> None:
    body = {"client": "c", "professional": "p", "trade": trade}
    assert host.put("/connections", body).json["connection"]["trade"] == trade
    branding.keep_fresh()


@pytest.mark.each_database
def test_pages_calls_and_mails_use_the_words_of_the_connection(
    app: Flask, host: HostServer, named: Talk, now: datetime, browse: Callable[..., Any]
) -> None:
    made = host.put("/trades/hair", HAIR)
    assert (made.status_code, made.json["changed"]) == (201, [])
    assert host.put("/trades/hair", HAIR).json["changed"] == []
    german = host.put("/trades/hair", {"locale": "de", "professional": "Friseurin & Co"})
    assert german.json["changed"] == ["professional"]
    assert german.json["trade"]["labels"]["de"] == {"professional": "Friseurin & Co"}
    of_trade(host, "hair")
    cara, paul = browse(named.cara), browse(named.paul)
    thread = cara.get(f"/api/threads/{named.id}").json["thread"]
    assert (thread["other"]["role_label"], thread["client"]["role_label"]) == ("Stylist", "Customer")
    for page in (f"/threads/{named.id}", f"/people/{named.paul.id}", "/new"):
        assert "Stylist" in cara.get(page).text, page
    booking = {"professional": "p", "client": "c", "title": "Balayage"}
    kind = {"label": "Visit", "visit": "Open the visit", "contact": "Message your {role}", "scope": "subject"}
    assert host.put("/kinds/visit", kind).status_code == 201, host.put("/kinds/visit", kind).json
    assert host.put("/subjects/visit/V-1", booking).status_code == 201
    visit = db.session.execute(select(Subject.id)).scalar_one()
    for page in ("/new", f"/subjects/{visit}", f"/threads/{named.id}", f"/people/{named.paul.id}"):
        assert "Message your Professional" not in cara.get(page).text, page
    assert "Message your Stylist" in cara.get("/new").text
    assert "Customer" in paul.get(f"/threads/{named.id}").text
    german_page = cara.get(f"/threads/{named.id}", headers={"Accept-Language": "de"}).text
    assert "Friseurin &amp; Co" in german_page
    french = cara.get(f"/api/threads/{named.id}", headers={"Accept-Language": "fr"}).json["thread"]
    assert french["other"]["role_label"] == "Professionnel", "where a language has no word, ours is there"
    make_all_kinds(named, now)
    texts = [whole(mail) for mail in mails_to(app, "cara@")]
    assert any("Paul Professional (Friseurin & Co)" in text for text in texts), "her browser asked for German"
    assert any("Friseurin &amp; Co" in text for text in texts)
    assert host.put("/trades/hair", {"locale": "en", "professional": None}).json["changed"] == [
        "professional"
    ]
    assert cara.get(f"/api/threads/{named.id}").json["thread"]["other"]["role_label"] == "Professional"
    listed = host.get("/trades").json["trades"]
    assert [each["key"] for each in listed] == ["hair"]
    kinds = db.session.execute(select(AuditEvent.kind).where(AuditEvent.about == "hair")).scalars().all()
    assert kinds == ["trade.changed"] * 3


def test_the_label_that_somebody_chose_is_theirs(
    host: HostServer, named: Talk, browse: Callable[..., Any], change: Callable[..., None]
) -> None:
    host.put("/trades/hair", HAIR)
    of_trade(host, "hair")
    change(named.paul, role_label="Barber")
    other = browse(named.cara).get(f"/api/threads/{named.id}").json["thread"]["other"]
    assert other["role_label"] == "Barber"
    change(named.paul, role_label=None)
    of_trade(host, "a trade without words")
    other = browse(named.cara).get(f"/api/threads/{named.id}").json["thread"]["other"]
    assert other["role_label"] == "Professional"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"professional": "Administrator"}, "professional"),
        ({"client": "wellchat friend"}, "client"),
        ({"client": "x" * 41}, "client"),
        ({"clients": "Cust\u200bomers"}, "clients"),
        ({"professionals": "www.x.example"}, "professionals"),
        ({"locale": "xx", "client": "A"}, "locale"),
        ({"clientele": "A"}, "clientele"),
    ],
)
def test_words_that_pose_or_do_not_fit_are_refused(host: HostServer, body: Any, field: str) -> None:
    refused = host.put("/trades/hair", body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert host.get("/trades").json["trades"] == []


def test_a_key_that_no_connection_can_name_is_refused(host: HostServer) -> None:
    assert host.put("/trades/" + "x" * 41, HAIR).status_code == 422
    dry = host.put("/trades/hair?dry_run=1", HAIR)
    assert (dry.status_code, dry.json["dry_run"]) == (200, True)
    assert host.get("/trades").json["trades"] == []


def test_the_commands_make_list_and_remove_trades(
    app: Flask, named: Talk, browse: Callable[..., Any]
) -> None:
    run = app.test_cli_runner().invoke
    two = ["connect", "cara@example.com", "paul@example.com"]
    refused = run(args=[*two, "--trade", "hair"])
    assert "Make it with `wellchat trade put hair`" in refused.output
    assert run(args=["trade", "put", "hair", "--professional", "Stylist", "--sensitive"]).output == "Made.\n"
    wrong = run(args=["trade", "put", "hair", "--client", "Admin"])
    assert (wrong.exit_code, "--client: “admin” is kept" in wrong.output) == (1, True)
    assert run(args=["trade", "list"]).output == "hair  sensitive\n  en  professional: Stylist\n"
    assert run(args=[*two, "--trade", "hair"]).exit_code == 0
    other = browse(named.cara).get(f"/api/threads/{named.id}").json["thread"]["other"]
    assert other["role_label"] == "Stylist"
    changed = run(args=["trade", "put", "hair", "--professional", "", "--not-sensitive", "--json"])
    assert json.loads(changed.output)["changed"] == ["professional", "sensitive"]
    assert run(args=["trade", "remove", "hair"]).output == "Removed.\n"
    assert run(args=["trade", "remove", "hair"]).exit_code == 1
    assert run(args=[*two, "--trade", ""]).exit_code == 0


@pytest.mark.each_database
def test_a_sensitive_trade_makes_mails_discreet_unless_people_choose(
    app: Flask, host: HostServer, named: Talk, now: datetime, browse: Callable[..., Any]
) -> None:
    host.put("/trades/health", {"client": "Patient", "sensitive": True})
    of_trade(host, "health")

    def mails() -> list[EmailMessage]:
        return mails_to(app, "cara@")

    make_all_kinds(named, now)
    assert len(mails()) >= 3
    for mail in mails():
        assert names_in(mail) == [], whole(mail)
    assert "You have 2 new messages" in [mail["Subject"] for mail in mails()]
    assert 'id="discreet_mails" value="1" checked' in browse(named.cara).get("/settings/notifications").text
    save_preferences(user=named.cara, now=now, discreet_mails=False)
    assert (
        "checked"
        not in (
            browse(named.cara).get("/settings/notifications").text.partition('id="discreet_mails"')[2][:30]
        )
    )


def test_trades_cost_no_statement(
    host: HostServer, named: Talk, browse: Callable[..., Any], queries: Any
) -> None:
    cara = browse(named.cara)

    def statements() -> int:
        cara.get(f"/threads/{named.id}")
        with queries() as counted:
            cara.get("/")
            cara.get(f"/threads/{named.id}")
            cara.get("/api/threads")
        return int(counted.count)

    before = statements()
    host.put("/trades/hair", HAIR)
    of_trade(host, "hair")
    assert statements() == before
