"""Clients that two generators make from the OpenAPI document send, poll and read against a live server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.house import House, a_house
from tests.conftest import LEFT_OUT
from tests.services import fetch
from wellchat.accounts.actions import create_token
from wellchat.clock import now

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
UV = Path(__file__).parents[2] / ".tools/bin/uv"
PYTHON_GENERATOR = "openapi-python-client==0.29.1"
NPM = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3")

house = a_house()


def run(*command: str | Path, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True)


def fetched(*command: str | Path, folder: Path, what: str) -> None:
    """Fetch a generator from its registry. Where that cannot be reached, the test is left out."""
    if not shutil.which(command[0]) or run(*command, folder=folder).returncode:
        pytest.skip(f"{LEFT_OUT}{what} cannot be fetched here")


def done(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def given(house: House, tmp_path: Path) -> dict[str, str]:
    """What a program is told; the document lies beside it."""
    (tmp_path / "openapi.json").write_text(fetch(f"{house.url}/api/openapi.json")[1])
    with house.app.app_context():
        tokens = [create_token(user_id=person.id, now=now()) for person in (house.cara, house.paul)]
    return {"BASE": house.url, "CARA": tokens[0], "PAUL": tokens[1], "THREAD": house.thread_id}


def test_a_python_client_sends_polls_and_reads(given: dict[str, str], tmp_path: Path) -> None:
    tool = (UV, "tool", "run", "--quiet", "--from", PYTHON_GENERATOR)
    fetched(*tool, "python", "-c", "", folder=tmp_path, what=PYTHON_GENERATOR)
    words = ("generate", "--path", "openapi.json", "--output-path", "generated", "--meta", "none")
    done(run(*tool, "openapi-python-client", *words, "--fail-on-warning", folder=tmp_path))
    told = json.loads((tmp_path / "openapi.json").read_text())
    operations = {each["operationId"] for calls in told["paths"].values() for each in calls.values()}
    made = {path.stem for path in tmp_path.glob("generated/api/*/*.py")} - {"__init__"}
    assert made == operations
    shutil.copy(PROGRAMS / "outsider.py", tmp_path)
    assert done(run(*tool, "python", "outsider.py", folder=tmp_path, **given)) == "read 1\n"


def test_a_typescript_client_sends_polls_and_reads(given: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    install = ("npm", "install", "--no-audit", "--no-fund", "--prefer-offline", *NPM)
    fetched(*install, folder=tmp_path, what=" ".join(NPM))
    tools = tmp_path / "node_modules/.bin"
    done(run(tools / "openapi-typescript", "openapi.json", "-o", "api.d.ts", folder=tmp_path))
    shutil.copy(PROGRAMS / "outsider.ts", tmp_path)
    # The program does not compile if the document tells less than it uses.
    strict = ("--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext")
    done(run(tools / "tsc", *strict, "outsider.ts", folder=tmp_path))
    assert done(run("node", "outsider.js", folder=tmp_path, **given)) == "read 1\n"
