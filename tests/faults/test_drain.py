"""SIGTERM under load: hanging polls are answered at once, and no request that was taken is cut off."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.history import world
from tests.history.driving import HttpDoor, Recorder
from tests.history.recording import Request
from tests.history.test_live import serving
from tests.services import fetch, wait_for
from wellchat.changes.queries import cursor_now
from wellchat.clock import now

pytestmark = pytest.mark.slow

POLLS, SENDERS = 12, 4


def test_nobody_is_cut_off(valkey_url: str, tmp_path: Path) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        with place.app.app_context():
            client, *_, professional = world.people(now(), clients=SENDERS, professionals=1)
            clients = world.people(now(), clients=POLLS, professionals=1, name="idle")[:POLLS]
            cursors = [str(cursor_now(each.id)) for each in clients]
        recorder, over = Recorder(), threading.Event()
        opening = Request("open", "POST", "/api/threads", body={"with": professional.id})
        thread_id = recorder.make(HttpDoor(place.url), "", client, opening).answer["thread"]["id"]

        def poll(number: int) -> None:
            query = {"since": cursors[number], "wait": 20}
            request = Request("poll", "GET", "/api/updates", query)
            recorder.make(HttpDoor(place.url, timeout=20), f"poll {number}", clients[number], request)

        def send(number: int) -> None:
            door = HttpDoor(place.url)
            for count in range(10_000):
                body = {"body": "on and on", "client_key": f"{number}.{count}"}
                request = Request("send", "POST", f"/api/threads/{thread_id}/messages", body=body)
                if recorder.make(door, f"sender {number}", client, request).status is None or over.is_set():
                    return

        work = [threading.Thread(target=poll, args=(n,)) for n in range(POLLS)]
        work += [threading.Thread(target=send, args=(n,)) for n in range(SENDERS)]
        for each in work:
            each.start()
        wait_for(
            lambda: f"wellchat_polls_waiting {POLLS}.0" in fetch(f"{place.url}/metrics")[1], what="the polls"
        )
        began = time.monotonic()
        assert place.web.stop(seconds=20) == 0
        took = time.monotonic() - began
        over.set()
        for each in work:
            each.join()
    polls = [call for call in recorder.history.calls if call.op == "poll"]
    assert [call.status for call in polls] == [204] * POLLS
    assert max(call.ended for call in polls) - began < 3
    assert took < 10, "nothing else was going on that could take so long"
    ended = [call for call in recorder.history.calls if call.op == "send" and call.status != 201]
    refused = [call for call in ended if "ConnectionRefusedError" in str(call.answer)]
    assert [call.answer for call in ended if call not in refused] == [], "taken, and not answered"
