"""What somebody reads who starts it for the first time: one right line, and never a traceback."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import forking
from tests.services import free_port, wait_for
from tests.test_cli import children_of
from wellchat import __version__
from wellchat.cli import cli
from wellchat.own_command import own_command

ROOT = Path(__file__).parent.parent


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return forking.run("wellchat", *words, env={**os.environ, **env})


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(cli, ["--version"]).output == f"wellchat {__version__}\n"


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"PORT": "abc"}, "PORT: must be a number from 1 to 65535, not 'abc'"),
        ({"PORT": "70000"}, "PORT: must be a number from 1 to 65535, not '70000'"),
        ({"HOST": "no such host"}, "set HOST to an address of this machine"),
        ({"HOST": "192.0.2.1"}, "set HOST to an address of this machine"),
        ({"HOST": "a" * 70}, "set HOST to an address of this machine"),
        ({"WELLCHAT_INSTANCE": __file__}, f"WELLCHAT_INSTANCE: cannot use the folder: {__file__} is a file"),
    ],
)
def test_a_start_that_cannot_be_says_what_to_change(tmp_path: Path, env: dict[str, str], said: str) -> None:
    ended = run("serve", **{"WELLCHAT_INSTANCE": str(tmp_path), "PORT": str(free_port()), **env})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1
    assert said in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["subject", "put", "lead", "1", "--title", "T", "--professional", "p@example.com", "--starts-at"],
        ["digest", "send", "--now"],
        ["privacy", "hold", "add", "--reason", "court", "--until"],
        ["audit", "list", "--since"],
    ],
)
def test_a_time_without_a_zone_is_refused_with_the_right_form(app, words: list[str]) -> None:
    refused = app.test_cli_runner().invoke(args=[*words, "2026-12-04 14:00"])
    assert refused.exit_code == (1 if words[0] == "privacy" else 2)
    assert "write 2026-12-04T14:00:00Z for UTC, or 2026-12-04T14:00:00+01:00" in " ".join(
        refused.output.split()
    )


def test_a_day_alone_will_do_where_a_day_is_meant(app) -> None:
    assert app.test_cli_runner().invoke(args=["audit", "list", "--since", "2026-12-04"]).exit_code == 0


def test_a_printed_command_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "it's here"
    monkeypatch.setenv("WELLCHAT_INSTANCE", str(folder))
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.chdir(tmp_path)
    command = own_command("user", "create", "you@example.com", "--name", "Your Name")
    assert shlex.split(command) == [
        f"WELLCHAT_INSTANCE={folder}",
        str(Path(sys.executable).parent / "wellchat"),
        *("user", "create", "you@example.com", "--name", "Your Name"),
    ]
    # In the folder of the checkout, as people type it; by its name where the name leads to it.
    monkeypatch.chdir(Path(sys.executable).parent.parent.parent)
    monkeypatch.delenv("WELLCHAT_INSTANCE")
    assert own_command("up") == ".venv/bin/wellchat up"
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert own_command("up") == "wellchat up"


class Terminal:
    """A command at a terminal of its own, where Ctrl-C reaches all of its processes."""

    def __init__(self, *command: str, env: dict[str, str], cwd: Path) -> None:
        self.line, end = pty.openpty()
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **env},
            cwd=cwd,
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(end)
        os.set_blocking(self.line, False)
        self.said = ""

    def read(self) -> str:
        with suppress(BlockingIOError, OSError):
            self.said += os.read(self.line, 65536).decode(errors="replace")
        return self.said

    def press_ctrl_c(self) -> int:
        """Return the exit status, negative for a signal."""
        os.write(self.line, b"\x03")
        ended = wait_for(
            lambda: (self.read(), self.process.poll())[1] is not None,
            seconds=60,
            what=f"the end: {self.said}",
        )
        assert ended
        self.read()
        os.close(self.line)
        return self.process.returncode


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ctrl_c_ends_up_without_a_traceback_at_any_moment(tmp_path: Path) -> None:
    moments = {
        "its imports": lambda terminal: "Starting" in terminal.read(),
        "the demo": lambda terminal: "Loading the demo" in terminal.read(),
        "its parts": lambda terminal: len(children_of(terminal.process.pid)) > 1,
        "what it serves": lambda terminal: "wellchat is on" in terminal.read(),
    }
    env = {"WELLCHAT_INSTANCE": str(tmp_path), "PORT": str(free_port())}
    for what, is_there in moments.items():
        terminal = Terminal(sys.executable, "-m", "wellchat", "up", env=env, cwd=tmp_path)
        wait_for(lambda is_there=is_there, terminal=terminal: is_there(terminal), seconds=100, what=what)
        status = terminal.press_ctrl_c()
        assert status in (0, 130, -signal.SIGINT), (what, terminal.said)
        assert terminal.said.startswith("Starting ..."), (what, terminal.said)
        assert "Traceback" not in terminal.said, (what, terminal.said)
        assert "rror" not in terminal.said, (what, terminal.said)


def test_setup_without_python_says_which_it_needs(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "setup.sh"
    script.write_text((ROOT / ".ci" / "setup.sh").read_text())
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).touch()
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "sed", "cat", "cksum", "dirname"):
        (tools / name).symlink_to(
            next(Path(folder) / name for folder in ("/bin", "/usr/bin") if Path(folder, name).exists())
        )
    ended = subprocess.run([tools / "sh", script], env={"PATH": str(tools)}, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "wellchat: needs Python 3.11 or newer as python3 (or PYTHON=/path/to/python3); found: none\n"
    )
