"""Define `wellchat mask`: how much is hidden, and how often that was wrong."""

from __future__ import annotations

import json
from datetime import timedelta

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.masking.reading import figures


@click.group("mask")
def mask() -> None:
    """See what masking does."""


@mask.command("figures")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Of the last days.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def print_figures(days: int, as_json: bool) -> None:
    """Print how many pieces of contact data were found, by kind, and what became of them."""
    found = figures(since=clock.now() - timedelta(days=days))
    if as_json:
        click.echo(json.dumps(found))
        return
    for kind, counts in found.items():
        click.echo("\t".join([kind, *(f"{name} {count}" for name, count in counts.items())]))
