"""Decide whose time zone data count: those of the machine or of the `tzdata` package, whichever are newer.

Python's `zoneinfo` asks the machine first. Where its files are old, times would be an hour off in the zones
whose rules have changed since. Import this before any `ZoneInfo` is made; wellchat/__init__.py does.
"""

from __future__ import annotations

import zoneinfo
from pathlib import Path

import tzdata

PACKAGE = "the package tzdata"


def version_in(folder: Path) -> str | None:
    """Return the version of the zone data in a folder, such as `2026f`; None where it says none."""
    # What zic compiles from says it in its first line; BSD and macOS have a file of its own.
    for name, before in (("tzdata.zi", "# version "), ("+VERSION", "")):
        try:
            with (folder / name).open(encoding="ascii") as file:
                line = file.readline(40).strip()
        except (OSError, ValueError):
            continue
        if line.startswith(before) and len(line) > len(before):
            return line.removeprefix(before)
    return None


def choose(folders: tuple[str, ...] = zoneinfo.TZPATH) -> tuple[str, str]:
    """Return (the version of the data that count, where they are from).

    The machine's count where the first folder that has any says that they are newer.
    """
    for folder in map(Path, folders):
        if (folder / "UTC").exists() or (folder / "Etc" / "UTC").exists():
            found = version_in(folder)
            # A year and a letter: they sort as text.
            if found is not None and found > tzdata.IANA_VERSION:
                return found, str(folder)
            break
    return tzdata.IANA_VERSION, PACKAGE


VERSION, SOURCE = choose()
if SOURCE == PACKAGE:
    zoneinfo.reset_tzpath(to=())
    # Celery may have made a zone before.
    zoneinfo.ZoneInfo.clear_cache()


def check() -> str:
    """Return for the doctor which data count."""
    return f"{VERSION} of {SOURCE}"
