"""The code of the guide works as it stands there, and the guide has what the code has."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast, Talk
from tests.events.test_calls import host, server_with
from tests.host.conftest import HostServer
from tests.services import LeftOut, node_path
from wellchat.changes.actions import note_restored
from wellchat.clock import now
from wellchat.events import AUDITED, signing
from wellchat.events.calling import PAUSES

__all__ = ["host", "server_with"]

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "integrate.md").read_text("utf-8").partition("## Hear what happens")[2]
SECRET = signing.new_secret()
BODY = '{"type":"ping","data":{"ok":"\u2713"}}'.encode()


def block(language: str, holding: str) -> str:
    """The one block of the guide in that language that holds these words."""
    found = [each for each in re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL) if holding in each]
    assert len(found) == 1
    return found[0]


def test_the_python_code_verifies(app: Flask) -> None:
    names: dict[str, Any] = {}
    exec(block("python", "def verify"), names)
    at = int(now().timestamp())
    headers = signing.headers([signing.new_secret(), SECRET], webhook_id="evt_01", timestamp=at, body=BODY)
    names["verify"](SECRET, headers, BODY)
    for changed in (
        {"webhook-timestamp": str(at - 301)},
        {"webhook-id": "evt_02"},
        {"webhook-signature": "v1,x"},
    ):
        with pytest.raises(ValueError, match=r"too old|not ours"):
            names["verify"](SECRET, headers | changed, BODY)


def test_the_javascript_code_verifies(app: Flask) -> None:
    try:
        node = node_path()
    except LeftOut as reason:
        pytest.skip(str(reason))
    at = int(now().timestamp())
    headers = signing.headers([signing.new_secret(), SECRET], webhook_id="evt_01", timestamp=at, body=BODY)
    script = block("javascript", "function verify") + (
        "const [secret, headers, body] = JSON.parse(process.argv[1]);\n"
        "const said = (h) => {\n"
        "  try { verify(secret, h, Buffer.from(body)); return 'yes' } catch (e) { return e.message }\n"
        "};\n"
        "console.log(JSON.stringify([said(headers), said({...headers, 'webhook-timestamp': '1'}),"
        " said({...headers, 'webhook-id': 'x'})]));"
    )
    given = json.dumps([SECRET, headers, BODY.decode()])
    done = subprocess.run(
        [node, "--input-type=module", "-e", script, given], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == ["yes", "too old", "not ours"]


def test_the_feed_of_the_guide_takes_each_event_once(
    host: HostServer, talk: Talk, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the host crashes in the middle of its work, and where a backup was put back."""
    monkeypatch.chdir(tmp_path)

    class Session:
        def __init__(self) -> None:
            self.headers: dict[str, str] = {}

        def get(self, url: str, params: Any = None, timeout: float = 0) -> Any:
            path = url.removeprefix("https://chat.example.com")
            found = host.get(path, query_string={**(params or {}), "wait": 0} if params else None)
            return SimpleNamespace(
                status_code=found.status_code, json=lambda: found.json, raise_for_status=lambda: None
            )

    lists: list[Any] = []
    names: dict[str, Any] = {"key": "x", "reconcile": lists.append}
    code = block("python", "def follow_once").replace("import requests", "")
    monkeypatch.setitem(names, "requests", SimpleNamespace(Session=Session))
    exec(code, names)
    names["database"].execute("CREATE TABLE effects (id TEXT)")
    crashes = [True]

    def apply(event: Any, database: Any) -> None:
        if event["type"] == "message.sent" and event["data"]["seq"] == 2 and crashes:
            raise ZeroDivisionError
        database.execute("INSERT INTO effects VALUES (?)", (event["type"],))

    names["follow_once"](apply)
    talk.exchange("cpc")
    with pytest.raises(ZeroDivisionError):
        names["follow_once"](apply)
    crashes.clear()
    for _ in range(3):
        names["follow_once"](apply)
    assert names["database"].execute("SELECT id FROM effects").fetchall() == [("message.sent",)] * 3
    note_restored()
    names["follow_once"](apply)
    talk.says(cast.cara, "after the backup")
    names["follow_once"](apply)
    assert lists == [["users", "threads"]]
    assert len(names["database"].execute("SELECT id FROM effects").fetchall()) == 4
    names["database"].close()


def test_the_guide_has_the_vector_the_tries_and_the_kinds() -> None:
    assert "v1,NpuYKjXbrwj6QDUIhiRezueSywtdQYnWol/K+QiFmh0=" in GUIDE
    said = re.search(r"at once, then after ([^;]*?), give or take", GUIDE.replace("\n  ", " "))
    assert said is not None
    units = {"s": 1, "min": 60, "h": 3600}
    told = [int(n) * units[unit] for n, unit in re.findall(r"(\d+) (s|min|h)\b", said[1])]
    assert told == [int(pause.total_seconds()) for pause in PAUSES]
    log = (DOCS / "security-log.md").read_text("utf-8")
    assert [kind for kind in AUDITED if f"`{kind}`" not in log] == []
