"""Define `wellchat demo`: load it, reset it, remove it, and print whom to sign in as."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.demo import actions
from wellchat.demo.queries import demo_people
from wellchat.demo.stories import STORIES
from wellchat.errors import WellchatError

AGAIN = "Where nobody has an account, `wellchat up` loads it again, and `wellchat up --no-demo` does not."


@click.command()
@click.option("--reset", is_flag=True, help="Take away the people of the demo and load it afresh.")
@click.option("--remove", is_flag=True, help="Take them away, with all that is theirs, and load nothing.")
@click.option(
    "--force", is_flag=True, help="With --remove: also what real people and they said to each other."
)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def demo(reset: bool, remove: bool, force: bool, as_json: bool) -> None:
    """Load the demo, one scenario for each trade, and print its people. Does nothing where it is loaded."""
    if (remove and reset) or (force and not remove):
        raise click.UsageError("--force goes with --remove; --remove does not go with --reset.")
    if remove:
        _remove(force, as_json)
        return
    # Here, because every process loads this module, and only this command draws a bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

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


def _remove(force: bool, as_json: bool) -> None:
    try:
        removed = actions.take_away(force=force)
    except WellchatError as error:
        raise click.ClickException(error.detail) from None
    click.echo(
        json.dumps({"removed": removed}) if as_json else f"People of the demo taken away: {removed}. {AGAIN}"
    )


def introduction() -> str:
    """Return a few lines for the terminal: the main people of each trade, and their password."""
    lines = [
        f"  {trade.name:26}{', '.join(f'{user.email} ({user.label})' for user in trade.main)}"
        for trade in demo_people()
    ]
    return "\n".join(
        [*lines, f"  Their password is {actions.PASSWORD}; the sign-in page has a button for each."]
    )


def _as_data() -> list[dict[str, str]]:
    return [
        {
            "id": user.id,
            "email": user.email or "",
            "name": user.name,
            "role": user.role,
            "role_label": user.label,
            "trade": trade.key,
            "password": actions.PASSWORD,
        }
        for trade in demo_people()
        for user in (*trade.main, *trade.others)
    ]
