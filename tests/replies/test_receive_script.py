"""`docs/deploy/receive.sh`, which a mail server's pipe runs with the settings of docs/deploy.md."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = next(
    block
    for block in re.findall(r"```sh\n(.*?)```", (DOCS / "deploy.md").read_text(), re.DOTALL)
    if "MAIL_FROM" in block
)
ECHO = """#!/bin/sh
env | grep ^WELLCHAT_
echo "said $*: $(cat)"
exit ${STATUS:-0}
"""

Receive = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def receive(tmp_path: Path) -> Receive:
    """receive(settings, program) runs the script with these instead of the ones in /etc and /opt."""

    def run(
        settings: str | None, program: str = ECHO, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "program").write_text(program)
        (tmp_path / "program").chmod(0o755)
        if settings is not None:
            (tmp_path / "settings").write_text(settings)
        script = (DOCS / "deploy" / "receive.sh").read_text()
        for there, here in (
            ("/etc/wellchat.env", "settings"),
            ("/opt/wellchat/.venv/bin/wellchat", "program"),
        ):
            assert there in script
            script = script.replace(there, str(tmp_path / here))
        (tmp_path / "receive.sh").write_text(script)
        return subprocess.run(
            ["sh", str(tmp_path / "receive.sh"), "--recipient", "a@b"],
            input="the mail",
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], **environment},
            timeout=60,
        )

    return run


def settings_in(output: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in output.splitlines() if line.startswith("WELLCHAT_"))


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_the_settings_in_the_docs_reach_the_program(receive: Receive, quote: str) -> None:
    sender = "Messages <messages@example.com>"
    assert sender in BLOCK
    block = re.sub(f"""["']?{sender}["']?""", f"{quote}{sender}{quote}", BLOCK)
    done = receive(block)
    assert (done.returncode, done.stderr) == (0, "")
    settings = settings_in(done.stdout)
    assert settings.keys() == set(re.findall("^(WELLCHAT_[A-Z0-9_]+)=", BLOCK, re.MULTILINE))
    assert settings["WELLCHAT_MAIL_FROM"] == sender
    assert settings["WELLCHAT_SMTP_URL"].endswith(":587?starttls=1")
    assert "said mail receive --recipient a@b: the mail" in done.stdout


def test_the_settings_in_the_docs_mean_the_same_to_a_shell() -> None:
    """Operators source the file before they run commands by hand."""
    done = subprocess.run(["sh", "-ec", f"set -a\n{BLOCK}\nenv"], capture_output=True, text=True, env={})
    assert (done.returncode, done.stderr) == (0, "")
    assert settings_in(done.stdout)["WELLCHAT_MAIL_FROM"] == "Messages <messages@example.com>"


def test_nothing_in_the_settings_is_a_command(receive: Receive, tmp_path: Path) -> None:
    trap = f"$(touch {tmp_path}/made) `touch {tmp_path}/made` > {tmp_path}/made; x"
    done = receive(f"WELLCHAT_NAME={trap}\n\n  odd line\nA-B=c\nWELLCHAT_LAST=no line end = fine")
    assert settings_in(done.stdout) == {"WELLCHAT_NAME": trap, "WELLCHAT_LAST": "no line end = fine"}
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("status", "told"),
    [(0, 0), (65, 65), (67, 67), (77, 77), (75, 75), (1, 75), (2, 75), (126, 75), (137, 75)],
)
def test_only_statuses_that_are_verdicts_are_passed_on(receive: Receive, status: int, told: int) -> None:
    assert receive("", STATUS=str(status)).returncode == told


@pytest.mark.parametrize(
    ("settings", "program"),
    [(None, ECHO), ("", "#!/nowhere/python\n"), ("PPID=1\nBASHPID=1\n", "#!/bin/sh\nexit 2\n")],
)
def test_a_program_that_cannot_start_means_try_again(
    receive: Receive, settings: str | None, program: str
) -> None:
    assert receive(settings, program).returncode == 75


@pytest.mark.slow
def test_the_real_program_gives_the_verdict(receive: Receive, tmp_path: Path) -> None:
    settings = f"WELLCHAT_INSTANCE={tmp_path}/in stance\nWELLCHAT_MAIL_FROM=Messages <messages@example.com>\n"
    program = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m wellchat "$@"\n'
    assert receive(settings, program).returncode == 67
    assert receive(settings + "WELLCHAT_EMAIL_DELAY=soon\n", program).returncode == 75
