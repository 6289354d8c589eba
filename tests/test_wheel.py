"""The wheel on its own: built, installed into an empty environment, and used from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.services import free_port, wait_for

ROOT = Path(__file__).parent.parent
UV = ROOT / ".tools" / "bin" / "uv"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _build(folder: Path) -> Path:
    """The builder is in uv's cache since the checkout was set up; only without a cache it is fetched."""
    command: list[str | Path] = [UV, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT]
    if subprocess.run([*command, "--offline"], capture_output=True).returncode:
        subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `bin` of an environment with the wheel, beside the libraries of this one."""
    if not UV.exists():
        pytest.skip("left out: no uv in .tools, which .ci/setup.sh puts there")
    folder = tmp_path_factory.mktemp("wheel")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (libraries,) = (folder / "env").glob("lib/python*/site-packages")
    # Only its path: what its own .pth files add, such as this checkout, stays out.
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "env" / "bin" / "python"
    install: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--python",
        python,
    ]
    subprocess.run([*install, _build(folder)], check=True)
    return python.parent


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty folder"
    folder.mkdir()
    return folder


def _env(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


@contextmanager
def _up(*start: str | Path, cwd: Path) -> Iterator[tuple[str, str]]:
    """(address, what it said until it answered); ended afterwards, without a word on standard error."""
    port, said = free_port(), cwd / f"said-{len(start)}"
    with said.open("w") as out:
        env = _env(PORT=str(port), PYTHONUNBUFFERED="1")
        process = subprocess.Popen([*start, "up"], cwd=cwd, env=env, stdout=out, stderr=out)
    try:
        ready = wait_for(
            lambda: "wellchat is on" in said.read_text() or (process.poll() is not None and said.read_text()),
            seconds=110,
            what="its address",
        )
        assert ready is True, ready
        yield f"http://127.0.0.1:{port}", said.read_text()
    finally:
        process.terminate()
        status = process.wait(timeout=30)
    assert (status, "Traceback" in said.read_text()) == (0, False), said.read_text()


def _sign_in(url: str, email: str, password: str) -> str:
    """Return the page after signing in."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    token = re.search('name="csrf_token" value="([^"]+)"', browser.open(f"{url}/sign-in").read().decode())
    assert token
    form = {"csrf_token": token[1], "email": email, "password": password}
    page: str = browser.open(f"{url}/sign-in", urlencode(form).encode()).read().decode()
    return page


def test_the_wheel_runs_from_an_empty_folder(installed: Path, empty: Path) -> None:
    wellchat = installed / "wellchat"
    with _up(wellchat, cwd=empty) as (url, said):
        found = re.search(r"(\S+@\S+) \(Stylist\)[\s\S]*Their password is (\S+);", said)
        assert found, said
        assert "Hannah" in _sign_in(url, found[1], found[2])
        commands = {
            words: subprocess.Popen(
                [wellchat, *words.split()],
                cwd=empty,
                env=_env(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for words in ("db upgrade", "doctor", "demo")
        }
        answers = {words: command.communicate()[0] for words, command in commands.items()}
        assert [command.returncode for command in commands.values()] == [0, 0, 0], answers
        assert "(Stylist)" in answers["demo"]
    with _up(installed / "python", "-m", "wellchat", cwd=empty) as (url, said):
        assert "Loading the demo" not in said
        assert "Hannah" in _sign_in(url, found[1], found[2])
