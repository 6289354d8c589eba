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


STOPPED_AT_ONCE = """
import os, signal, sys
from wellchat.parts import ForkedPart
signal.signal(signal.SIGTERM, lambda *_: None)
for _ in range(5):
    part = ForkedPart([sys.executable, "-m", "sleeper", "x"], env=os.environ)
    os.killpg(part.pid, signal.SIGTERM)
    print(part.wait())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="left out: only there parts are forked")
def test_a_part_of_up_can_be_stopped_from_its_first_moment(tmp_path: Path) -> None:
    """Though the process that it is forked from has a handler of its own for the signal."""
    (tmp_path / "sleeper.py").write_text("import time\ntime.sleep(60)")
    root = Path(__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    said = subprocess.run([sys.executable, "-c", STOPPED_AT_ONCE], env=env, capture_output=True, text=True)
    assert (said.stdout.split(), said.stderr) == ([str(-signal.SIGTERM)] * 5, "")
