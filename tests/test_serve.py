"""The web server itself."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from tests.history.test_live import serving

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
