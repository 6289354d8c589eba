"""The page's own modules, without a page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.js")))
def test_module(node: str, name: str) -> None:
    run = subprocess.run([node, "--test", HERE / name], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
