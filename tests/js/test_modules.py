"""The page's own modules, without a page: each file of tests is run by the Node that Playwright brings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.conftest import LEFT_OUT

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.js")))
def test_module(name: str) -> None:
    node = compute_driver_executable()[0]
    if subprocess.run([node, "--version"], capture_output=True).returncode:
        pytest.skip(LEFT_OUT + "the Node of Playwright does not run here (is libatomic1 missing?)")
    run = subprocess.run([node, "--test", HERE / name], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
