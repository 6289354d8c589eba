"""Patterns across relationships: counts that are right, and that give nobody away."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast, Talk
from wellchat.accounts.actions import create_user
from wellchat.connections.actions import connect
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread
from wellchat.oversight.quality import figures
from wellchat.safety import between
from wellchat.safety.reports import make_report

LONG = "Book now and get the second treatment for half the price!"


def say(who: Any, thread_id: str, at: datetime, body: str = "hi") -> None:
    send_message(sender=who, thread_id=thread_id, body=body, client_key=at.isoformat(), now=at)


@pytest.mark.each_database
def test_response_times_are_those_of_professionals_after_clients(
    app: Flask, cast: Cast, talk: Talk, now: datetime
) -> None:
    start = now - timedelta(days=10)
    for who, hours in (
        (cast.cara, 0), (cast.paul, 0.5), (cast.paul, 0.6),  # the second word of the same answer is none
        (cast.cara, 1), (cast.cara, 2), (cast.paul, 4.5),  # after the client's last word
        (cast.cara, 10), (cast.paul, 30),
        (cast.cara, 40), (cast.paul, 70),
        (cast.cara, 100),
    ):  # fmt: skip
        say(who, talk.id, start + timedelta(hours=hours))
    found = figures(now)
    assert found["responses"] == {"hour": 1, "four_hours": 1, "day": 1, "longer": 1}
    assert (found["conversations"], found["messages"]) == (1, 11)
    assert found["waiting"] == {1: 1, 3: 1, 7: 0}
    later = figures(now + timedelta(days=25))
    assert later["responses"] == {"hour": 0, "four_hours": 0, "day": 0, "longer": 0}
    assert later["waiting"] == {1: 1, 3: 1, 7: 1}


@pytest.mark.each_database
def test_the_same_text_in_many_conversations_is_counted(app: Flask, cast: Cast, now: datetime) -> None:
    threads = []
    for number in range(3):
        client = create_user(email=f"c{number}@example.com", name=f"C{number}", role="client", now=now)
        connect(client_id=client.id, professional_id=cast.paul.id, now=now)
        threads.append(open_thread(viewer=client, with_id=cast.paul.id, now=now)[0])
    for thread_id in threads[:2]:
        say(cast.paul, thread_id, now, LONG)
        say(cast.paul, thread_id, now + timedelta(seconds=1), LONG)
        say(cast.paul, thread_id, now + timedelta(seconds=2), "See you soon!")
    assert figures(now + timedelta(hours=1))["repeated"] == 0
    say(cast.paul, threads[2], now, LONG)
    say(cast.paul, threads[2], now + timedelta(seconds=2), "See you soon!")
    found = figures(now + timedelta(hours=1))
    assert (found["repeated"], found["repeating"]) == (1, 1)


@pytest.mark.each_database
def test_reports_and_blocks_are_counted(app: Flask, cast: Cast, talk: Talk, now: datetime) -> None:
    talk.exchange("cp")
    given = {"thread_id": talk.id, "seq": None, "kind": "spam", "words": "Again and again", "show": False}
    make_report(viewer=talk.cara, now=now - timedelta(days=40), **given)
    make_report(viewer=talk.cara, now=now, **given)
    between.block(viewer=talk.cara, thread_id=talk.id, now=now)
    found = figures(now + timedelta(hours=1))
    assert (found["reports"], found["late"], found["blocks"]) == (1, 1, 1)
    assert figures(now + timedelta(days=2))["late"] == 2
    assert figures(now + timedelta(days=31))["blocks"] == 0


def test_the_page_hides_small_counts_and_names(browse: Any, cast: Cast, talk: Talk, now: datetime) -> None:
    empty = browse(cast.ada).get("/oversight/quality").text
    assert "fewer than 5" not in empty
    talk.exchange("cp")
    page = browse(cast.ada).get("/oversight/quality").text
    assert "fewer than 5" in page
    for word in ("Cara", "Paul", "message 1"):
        assert word not in page


@pytest.mark.each_database
def test_the_figures_take_six_statements(app: Flask, talk: Talk, now: datetime, queries: Any) -> None:
    for rounds in (1, 20):
        talk.exchange("cp" * rounds)
        with queries() as counted:
            figures(now + timedelta(hours=1))
        assert counted.count == 6


@pytest.mark.parametrize("path", ["/oversight", "/oversight/quality", "/oversight/emails"])
def test_one_tab_is_marked_as_the_page_that_is_shown(browse: Any, cast: Cast, path: str) -> None:
    marked = re.findall(r'<a href="([^"]+)" aria-current="page"', browse(cast.ada).get(path).text)
    assert [each for each in marked if each.startswith("/oversight")] == [path]
