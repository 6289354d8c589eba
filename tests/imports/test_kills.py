"""An import that is killed goes on where it was: nothing differs from the file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.imports.kills import Killed, file_in
from wellchat.imports import messages


@pytest.mark.slow
@pytest.mark.each_database
def test_a_killed_import_goes_on_where_it_was(
    app: object, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short run of `python -m tests.imports.kills`."""
    monkeypatch.setattr(messages, "SLICE", messages.SLICE)
    killed = Killed(file_in(tmp_path), tmp_path, now, seed=2026)
    assert killed.run(4) == []
    assert killed.kills == 4
