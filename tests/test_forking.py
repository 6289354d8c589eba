"""A forked command is one that starts from nothing, but for the time it takes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forking

pytestmark = pytest.mark.slow
RUN = re.compile(r"\[\w{16}\]")


@pytest.mark.parametrize("words", [("nothing",), ("sweep",), ("--help",)])
def test_a_forked_command_says_and_returns_the_same(words: tuple[str, ...], tmp_path: Path) -> None:
    env = {"WELLCHAT_INSTANCE": str(tmp_path), "WELLCHAT_TYPO": "1"}
    anew = subprocess.run([sys.executable, "-m", "wellchat", *words], env=env, capture_output=True, text=True)
    forked = forking.run("wellchat", *words, env=env)
    assert (forked.returncode, forked.stdout) == (anew.returncode, anew.stdout)
    # In brackets: the id of the run.
    assert RUN.sub("[id]", forked.stderr) == RUN.sub("[id]", anew.stderr)


def test_a_forked_command_has_its_own_environment_folder_and_input(tmp_path: Path) -> None:
    (tmp_path / "looker.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.getcwd(), sorted(os.environ), sys.stdin.read())\nsys.exit(7)"
    )
    process, output = forking.start("looker", "a b", env={"ONE": "1"}, cwd=tmp_path, given=b"words")
    with output:
        assert output.read() == f"['a b'] {tmp_path} ['ONE'] words\n"
    assert process.wait(10) == 7


def test_a_forked_command_can_be_killed(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)")
    process, output = forking.start("sleeper", env={}, cwd=tmp_path)
    with output:
        assert output.readline() == "here\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
