"""The checker checked: silent on correct histories, and never silent on a broken one."""

from __future__ import annotations

import pytest

from tests.history.breaking import FAULTS, Broken
from tests.history.checking import check
from tests.history.findings import spell_out
from tests.history.inventing import invent
from tests.history.recording import History

SEEDS = range(1, 7)


@pytest.mark.parametrize("seed", range(30))
def test_correct_histories_pass(seed: int) -> None:
    history, _ = invent(seed)
    assert len(history.calls) > 300
    assert not (found := check(history, faults=True)), "\n".join(spell_out(found))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_fault_is_found(fault: type[Broken], seed: int) -> None:
    history, model = invent(seed, fault, steps=80)
    assert model.broke, "it did nothing; the seed is no test"
    assert {violation.kind for violation in check(history, faults=True)} & set(fault.kinds)


def test_a_history_survives_its_file(tmp_path) -> None:
    history, _ = invent(1, FAULTS[0])
    history.save(tmp_path / "history.jsonl")
    again = History.load((tmp_path / "history.jsonl").read_text().splitlines())
    assert again.calls == history.calls
    assert check(again, faults=True) == check(history, faults=True) != []
