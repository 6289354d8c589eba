"""Who sees which figures, and what is on record."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Cast, Talk
from tests.figures.conftest import SEEN, Practice
from wellchat import clock
from wellchat.accounts.actions import create_user
from wellchat.audit.models import AuditEvent
from wellchat.connections.actions import connect
from wellchat.db import db
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread
from wellchat.safety import between


def test_a_professional_sees_their_own_and_nobody_else_does(browse: Any, cast: Cast, talk: Talk) -> None:
    pages = ("/figures", "/figures/csv", f"/figures/with/{cast.cara.id}")
    everybody = ("/oversight/figures", "/oversight/figures/csv", "/oversight/patterns")
    for person, own in ((cast.cara, ()), (cast.rita, pages[:2]), (cast.paul, pages), (cast.ada, everybody)):
        browser = browse(person)
        for path in (*pages, *everybody):
            assert browser.get(path).status_code == (200 if path in own else 404), (person.name, path)
    assert "Nothing is measured yet" in browse(cast.paul).get("/figures").text
    assert f'href="/figures/with/{cast.cara.id}"' in browse(cast.paul).get(f"/people/{cast.cara.id}").text
    assert "/figures/with/" not in browse(cast.cara).get(f"/people/{cast.paul.id}").text


def test_wrong_days_are_refused_beside_their_field(browse: Any, cast: Cast) -> None:
    answer = browse(cast.paul).get("/figures?from=yesterday&to=2026-10-01")
    assert answer.status_code == 422
    assert "Write a date such as 2026-01-31." in answer.text
    assert 'value="yesterday"' in answer.text


@pytest.mark.each_database
def test_the_figures_of_a_pair_are_theirs(
    app: Flask, measured: Practice, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: SEEN)
    page = browse(measured.pia).get(f"/figures/with/{measured.clients['1'].id}").text
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th><td>([^<]*)</td></tr>', " ".join(page.split()))
    assert dict(rows) == {
        "Messages of Client1": "7",
        "Your messages": "6",
        "Half of your answers came within": "1 hr 57 min",  # 1 h, 2 h, 111.5 h, 144 h
        "Half of theirs came within": "34.9 days",  # 22.5 h, 837 h, 865 h
        "Bookings that took place": "3",
    }
    months = re.findall(r'<th scope="row">(2026-\d\d)</th><td>(\d+)</td><td>(\d+)</td>', page)
    assert months == [
        ("2026-08", "1", "1"),
        ("2026-09", "2", "2"),
        ("2026-10", "4", "2"),
        ("2026-11", "0", "1"),
    ]


def test_who_it_is_needs_a_reason_that_stays_on_record(browse: Any, cast: Cast, now: Any) -> None:
    threads = []
    for number in range(3):
        client = create_user(email=f"c{number}@example.com", name=f"C{number}", role="client", now=now)
        connect(client_id=client.id, professional_id=cast.paul.id, now=now)
        thread_id = open_thread(viewer=client, with_id=cast.paul.id, now=now)[0]
        send_message(sender=client, thread_id=thread_id, body="hi", client_key="k", now=now)
        threads.append((client, thread_id))
    for client, thread_id in threads:
        between.block(viewer=client, thread_id=thread_id, now=now)
    browser = browse(cast.ada)
    page = browser.get("/oversight/patterns").text
    assert "fewer than 5" in page
    assert cast.paul.id not in page
    refused = browser.post("/oversight/patterns", data={"pattern": "blocked", "reason": ""})
    assert refused.status_code == 422
    assert cast.paul.id not in refused.text
    shown = browser.post("/oversight/patterns", data={"pattern": "blocked", "reason": "Case 4711"}).text
    assert cast.paul.id in shown
    assert cast.paul.name not in shown
    kinds = db.session.execute(select(AuditEvent.detail).where(AuditEvent.kind == "figures.people_seen"))
    assert [each["found"] for each in kinds.scalars()] == [1]
    assert (
        browser.post("/oversight/patterns", data={"pattern": "x", "reason": "Case 4711"}).status_code == 404
    )


def test_the_command_measures_and_goes_on_where_it_was(app: Flask, cast: Cast, talk: Talk) -> None:
    talk.exchange("cp")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["figures", "show"]).exit_code == 1
    first = runner.invoke(args=["figures", "measure", "--json"])
    assert first.exit_code == 0
    assert '"series_behind": 0' in first.stdout
    again = runner.invoke(args=["figures", "measure", "--again", "--professional", cast.paul.email])
    assert "1 series begun" in again.stdout
    assert runner.invoke(args=["figures", "measure", "--professional", "x@example.com"]).exit_code == 2
