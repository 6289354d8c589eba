"""The measurements run and give their rows; what they measure is no matter here."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from bench.profile import PROFILES
from bench.rows import ROWS
from bench.stage import Stage
from bench.table import show
from tests.services import Services

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stage(services: Services, postgresql_server: str) -> Iterator[Stage]:
    with Stage(quick=True, given=(postgresql_server, services.valkey())) as stage:
        yield stage


@pytest.mark.parametrize("name", ROWS)
def test_row(stage: Stage, name: str) -> None:
    rows = ROWS[name](stage)
    assert rows
    assert all(row.name == name and row.ours and row.goal for row in rows)
    show(rows, Console(quiet=True))


@pytest.mark.parametrize("name", PROFILES)
def test_profile(stage: Stage, name: str) -> None:
    paper = StringIO()
    PROFILES[name](stage, Console(file=paper, width=200))
    assert "wellchat" in paper.getvalue()
