"""A short run of the faults; `make faults` is the long one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.running import run, table
from tests.history.findings import spell_out
from tests.services import Services

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_breaks(database: str, services: Services, tmp_path: Path) -> None:
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    outcome = run(database, seed=seed, faults=6, longest=1.0, evidence=tmp_path, tell=print)
    found = [*table(outcome), *spell_out(outcome.violations), *map(str, outcome.late), *outcome.mailed_twice]
    told = [f"seed {seed}, evidence in {tmp_path}, left over {outcome.left_over}", *found]
    assert outcome.is_good, "\n".join(told)
