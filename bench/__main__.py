"""Run `python -m bench`: the table.

`python -m bench profile idle-poll` and `python -m bench load` are its parts.
"""

from __future__ import annotations

import platform

import click
from rich.console import Console

from bench.imports import main as imports
from bench.profile import PROFILES
from bench.reading import main as reading
from bench.rows import ROWS
from bench.soak import soak
from bench.stage import Stage
from bench.table import Row, show


@click.group(invoke_without_command=True)
@click.option("--only", "names", multiple=True, type=click.Choice(list(ROWS)), help="Not all, but this one.")
@click.option("--quick", is_flag=True, help="Only to try that it runs: tiny worlds, for an instant.")
@click.pass_context
def main(context: click.Context, names: tuple[str, ...], quick: bool) -> None:
    """Measure wellchat and print one table."""
    if context.invoked_subcommand:
        return
    console, rows = Console(), list[Row]()
    with Stage(quick=quick) as stage:
        for name in names or ROWS:
            with console.status(f"measuring {name}"):
                rows += ROWS[name](stage)
    console.print(f"{platform.processor() or platform.machine()}, {platform.system()} {platform.release()}")
    show(rows, console)


@main.command("profile")
@click.argument("what", type=click.Choice(list(PROFILES)))
def profile_(what: str) -> None:
    """Show where the time of one request goes."""
    with Stage() as stage:
        PROFILES[what](stage, Console())


@main.command()
@click.option("--size", type=click.Choice(["small", "crowd", "large"]), default="large", show_default=True)
def load(size: str) -> None:
    """Load a world now, so that a later run has it."""
    with Stage() as stage:
        click.echo(stage.database(size))


main.add_command(imports, "imports")
main.add_command(reading, "reading")
main.add_command(soak)


if __name__ == "__main__":
    main()
