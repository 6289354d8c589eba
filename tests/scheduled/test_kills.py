"""A worker that is killed while it sends what is due sends nothing twice, and forgets nothing."""

from __future__ import annotations

import pytest

from tests.scheduled.kills import Killing


@pytest.mark.slow
@pytest.mark.each_database
def test_killed_sends_are_sent_once_and_not_early(app: object) -> None:
    """A short run of `python -m tests.scheduled.kills`."""
    killing = Killing(seed=2026)
    assert killing.run(6) == []
    assert killing.kills == 6
    assert len(killing.due) > 6
