"""`wellchat demo`: load it, load it afresh, and say whom to sign in as."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from wellchat import clock
from wellchat.demo import actions
from wellchat.demo.queries import demo_people
from wellchat.demo.stories import STORIES
from wellchat.errors import WellchatError


@click.command()
@click.option("--reset", is_flag=True, help="Take away the people of the demo and load it afresh.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def demo(reset: bool, as_json: bool) -> None:
    """Load the demo, one scenario for each trade, and print its people. Does nothing where it is loaded."""
    try:
        with Progress(
            TextColumn("Loading the demo"),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        ) as progress:
            task = progress.add_task("", total=sum(len(story.talks) for story in STORIES))
            do = actions.reset if reset else actions.load
            do(now=clock.now(), on_talk=lambda: progress.advance(task))
    except WellchatError as error:
        raise click.ClickException(error.detail) from None
    click.echo(json.dumps(_as_data(), indent=2, ensure_ascii=False) if as_json else introduction())


def introduction() -> str:
    """Whom to sign in as, in a few lines: the main people of each trade."""
    lines = [
        f"  {trade.name:26}{', '.join(f'{user.email} ({user.label})' for user in trade.main)}"
        for trade in demo_people()
    ]
    return "\n".join([*lines, f"  Their password is {actions.PASSWORD}; the sign-in page has a button for each."])


def _as_data() -> list[dict[str, str]]:
    return [
        {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "role_label": user.label,
            "trade": trade.key,
            "password": actions.PASSWORD,
        }
        for trade in demo_people()
        for user in (*trade.main, *trade.others)
    ]
