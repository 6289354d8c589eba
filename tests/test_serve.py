"""The web server itself."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from tests.history import world
from tests.history.test_live import serving
from tests.services import fetch, wait_for
from wellchat.changes.queries import cursor_now
from wellchat.clock import now

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("size", "ends"), [(70_000, True), (400_000, True), (1_000, False)])
def test_a_body_that_nobody_read_ends_its_connection_only_with_a_word(
    valkey_url: str, tmp_path: Path, size: int, ends: bool
) -> None:
    """A program that keeps its connections must not send its next message down one that is dead."""
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        line = http.client.HTTPConnection(place.url.removeprefix("http://"), timeout=10)
        line.request("POST", "/api/threads", b"x" * size, {"Content-Type": "application/json"})
        answer = line.getresponse()
        answer.read()
        assert (answer.status, answer.will_close) == (401, ends)
        line.request("GET", "/healthz")  # on a new line where the server said so, else on the old one
        assert line.getresponse().status == 200


POLLS = 60


def test_polls_hang_without_a_thread_and_their_lines_go_on(valkey_url: str, tmp_path: Path) -> None:
    """Ten times as many as there are threads; each is woken, and its connection takes the next request."""
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "6"}
    with serving(few, tmp_path, workers=1) as place:
        with place.app.app_context():
            client, professional = world.people(now(), clients=1, professionals=1)
            cursor = str(cursor_now(professional.id))
        address = place.url.removeprefix("http://")
        lines = [http.client.HTTPConnection(address, timeout=20) for _ in range(POLLS)]
        theirs, mine = ({"Authorization": f"Bearer {each.token}"} for each in (professional, client))
        for number, line in enumerate(lines):
            wait = 20 if number % 3 else 0.5  # these come back by themselves
            line.request("GET", f"/api/updates?since={cursor}&wait={wait}", headers=theirs)
        hanging = POLLS * 2 // 3
        wait_for(lambda: f"wellchat_polls_waiting {hanging}.0" in fetch(f"{place.url}/metrics")[1], what="the polls")
        send = http.client.HTTPConnection(address, timeout=20)
        sent = {**mine, "Content-Type": "application/json"}
        send.request("POST", "/api/threads", json.dumps({"with": professional.id}), sent)
        thread_id = json.loads(send.getresponse().read())["thread"]["id"]
        said = json.dumps({"body": "Hello", "client_key": "1"})
        send.request("POST", f"/api/threads/{thread_id}/messages", said, sent)
        assert send.getresponse().status == 201
        for number, line in enumerate(lines):
            answer = line.getresponse()
            news = answer.read()
            assert (answer.status, bool(news)) == ((200, True) if number % 3 else (204, False)), number
            line.request("GET", "/healthz")
            assert line.getresponse().read()
        assert "wellchat_polls_waiting 0.0" in fetch(f"{place.url}/metrics")[1]
