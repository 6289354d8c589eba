"""Whose time zone data count."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tzdata

from wellchat import zones

# Where the rules of 2026 differ from those of 2025.
MOMENT = datetime(2027, 1, 15, 17, tzinfo=UTC)
NEW_RULES = {
    "America/Vancouver": "10:00",
    "America/Edmonton": "11:00",
    "America/Winnipeg": "12:00",
    "Africa/Casablanca": "17:00",
    "Europe/Berlin": "18:00",
}


@pytest.mark.parametrize(("zone", "clock"), NEW_RULES.items())
def test_times_follow_the_newest_rules_that_are_here(zone: str, clock: str) -> None:
    assert f"{MOMENT.astimezone(ZoneInfo(zone)):%H:%M}" == clock


def machine(folder: Path, version: str | None) -> str:
    folder.mkdir()
    (folder / "UTC").touch()
    if version:
        (folder / "tzdata.zi").write_text(f"# version {version}\n# redo posix_only\n")
    return str(folder)


def test_the_newer_data_count(tmp_path: Path) -> None:
    package = (tzdata.IANA_VERSION, zones.PACKAGE)
    old, new = machine(tmp_path / "old", "2025b"), machine(tmp_path / "new", "2099a")
    silent = machine(tmp_path / "silent", None)
    empty = str(tmp_path)
    assert zones.choose(()) == zones.choose((empty,)) == package
    assert zones.choose((old,)) == zones.choose((silent, new)) == package
    assert zones.choose((empty, new)) == ("2099a", new)
    (tmp_path / "silent" / "+VERSION").write_text("2099b\n")
    assert zones.choose((silent,)) == ("2099b", silent)


def test_the_doctor_tells_which() -> None:
    assert zones.check() == f"{zones.VERSION} of {zones.SOURCE}"
    assert zones.VERSION >= "2026f"
