"""Spell commands so that they can be pasted into a shell, where and as this one was started."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def own_command(*words: str) -> str:
    """Return `wellchat WORDS` for a POSIX shell in this folder: its path, quoted, on the same instance."""
    folder = os.environ.get("WELLCHAT_INSTANCE")
    setting = f"WELLCHAT_INSTANCE={shlex.quote(folder)} " if folder else ""
    return setting + " ".join((_program(), *map(shlex.quote, words)))


def _program() -> str:
    beside = Path(sys.executable).parent / "wellchat"
    found = shutil.which("wellchat")
    # Only if the name leads to this very installation: another one may come first on the path.
    if found and beside.exists() and Path(found).samefile(beside):
        return "wellchat"
    if not beside.exists():
        return f"{shlex.quote(_short(Path(sys.executable)))} -m wellchat"
    return shlex.quote(_short(beside))


def _short(path: Path) -> str:
    """Return a path below the present folder without it, as people type it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
