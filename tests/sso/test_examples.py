"""What the docs say of signing people in: the examples make good tokens, the tables are whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.sso.conftest import Host
from wellchat import clock
from wellchat.sso.tokens import read_host_token

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "sign_on"
# Language -> (file, the mark of its code blocks, what runs it, the first line that only makes it a command).
EXAMPLES = {
    "Python": ("wellchat_token.py", "python", sys.executable, "\nif __name__"),
    "JavaScript": ("wellchat_token.mjs", "js", "node", "\nif (process.argv"),
    "PHP": ("wellchat_token.php", "php", "php", "\nif (isset"),
    "Ruby": ("wellchat_token.rb", "ruby", "ruby", "\nputs wellchat"),
    "Java": ("WellchatToken.java", "java", "java", "\n    public static void main"),
}
NAME = 'Zoë "Z" \\ Ångström'


@pytest.mark.parametrize("language", EXAMPLES)
def test_an_example_makes_a_good_token(host: Host, now: datetime, language: str) -> None:
    file, _, command, _ = EXAMPLES[language]
    program = shutil.which(command)
    if program is None:
        pytest.skip(f"left out: no {command} is installed")
    given = {"WELLCHAT_KID": host.kid, "WELLCHAT_SECRET": host.secret, "WELLCHAT_URL": host.here}
    ran = subprocess.run(
        [program, str(FOLDER / file), "shop/17", NAME],
        env={**os.environ, "LC_ALL": "C.UTF-8", **given},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    claims = read_host_token(ran.stdout.strip(), clock.now())
    assert (claims.sub, claims.name) == ("shop/17", NAME)
    assert claims.jti is not None


@pytest.mark.parametrize("language", EXAMPLES)
def test_the_docs_show_the_example_as_it_is(language: str) -> None:
    file, mark, _, command_begins = EXAMPLES[language]
    source = (FOLDER / file).read_text()
    shown = source.partition(command_begins)[0].strip()
    page = (ROOT / "docs" / "tokens.md").read_text()
    blocks = re.findall(rf"^```{mark}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    if language == "Java":
        # The end of the class follows the command.
        shown += "\n}"
    assert shown + "\n" in blocks


def test_the_docs_say_what_mends_every_refusal() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "wellchat" / "sso").rglob("*.py"))
    codes = set(re.findall(r'(?:Unfit|BadToken|WrongOrigin|InAddress)\(\s*"([a-z_]+)"', sources))
    section = (ROOT / "docs" / "integrate.md").read_text().partition("## Sign people in")[2]
    assert len(codes) > 40
    assert codes - set(re.findall(r"`([a-z_]+)`", section)) == set()
