"""Define `wellchat search`: the index of messages."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import AppGroup

from wellchat.search import actions

search = AppGroup("search", help="The index of messages.")


@search.command("index")
@click.option("--afresh", is_flag=True, help="Every message again, and not only what waits.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def index(afresh: bool, as_json: bool) -> None:
    """Put into the index what waits for it. May be stopped and run again, and by several hosts at once."""
    # Here, because every process loads this module, and only this command draws a bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    left, done = actions.rebuild() if afresh else actions.waiting(), 0
    columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("", total=left)
        for count in actions.index_all():
            done += count
            progress.advance(task, count)
    click.echo(json.dumps({"indexed": done}) if as_json else f"indexed: {done}")
