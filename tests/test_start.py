"""What the start of a process costs: hundreds of them start in these tests, and some at each release."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from wellchat import create_app
from wellchat.config import read_settings

# What only some commands and calls need: each would be up to a tenth of every start.
FOR_SOME_COMMANDS = {
    "alembic": "wellchat db",
    "flask_migrate": "wellchat db",
    "mako": "wellchat db",
    "aiosmtpd": "wellchat mail serve",
    "honcho": "wellchat up",
    "rich": "bars of progress",
    "gunicorn": "wellchat serve",
    "psycopg": "PostgreSQL",
    "webauthn": "passkeys",
    "zxcvbn": "new passwords",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names of all modules that an application on SQLite has loaded when it is made."""
    code = "import sys, wellchat; wellchat.create_app(); print(*sys.modules)"
    settings = {"WELLCHAT_INSTANCE": str(tmp_path_factory.mktemp("start"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", FOR_SOME_COMMANDS)
def test_an_application_loads_nothing_that_only_some_commands_need(module: str, loaded: set[str]) -> None:
    assert "wellchat.accounts.models" in loaded
    assert module not in loaded, f"it is for {FOR_SOME_COMMANDS[module]}: import it where it is used"


@pytest.mark.parametrize("enabled", [True, False])
def test_a_new_application_leaves_the_garbage_collector_as_it_was(enabled: bool, tmp_path: Path) -> None:
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        create_app(read_settings({}, INSTANCE=tmp_path))
        assert gc.isenabled() is enabled
    finally:
        gc.enable() if was else gc.disable()
