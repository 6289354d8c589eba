"""Show how far a long command is, on standard error, so that its output stays clean."""

from __future__ import annotations

from collections.abc import Callable

import click

Tell = Callable[[str, int, int], None]
"""(what, how many are done, of how many; 0 if nobody knows)"""
STEP = 1000  # between two lines where nobody knows the end


def on_terminal() -> Tell:
    """Return what prints a line at the begin, at each tenth, and at the end of each part of the work."""
    last: dict[str, int] = {}

    def tell(what: str, done: int, of: int) -> None:
        tenth = done * 10 // of if of else done // STEP
        if last.get(what) != tenth:
            last[what] = tenth
            click.echo(f"{what}: {done:,} of {of:,}" if of else f"{what}: {done:,}", err=True)

    return tell


def silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""
