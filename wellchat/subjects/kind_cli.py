"""`wellchat kind`: the host platform's own kinds of subjects."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.errors import WellchatError
from wellchat.forms import fill
from wellchat.subjects.kinds import KINDS, OWN, Scope
from wellchat.subjects.own_kinds import NAME, PutKind, put_kind


@click.group()
def kind() -> None:
    """Kinds of things that conversations are about."""


@kind.command("put")
@click.argument("name")
@click.option("--label", help="What people read, such as Order.")
@click.option("--scope", type=click.Choice(get_args(Scope)))
@click.option("--visit", help="The label of the link to the platform's page.")
@click.option("--contact", help="The label of the button on its card; {role} is the professional's role.")
@click.option("--retention-days", type=int, help="0 for none.")
@with_appcontext
def put(name: str, **given: Any) -> None:
    """Make or change a kind of the platform's own. What is not given is kept."""
    if not re.match(NAME, name):
        raise click.ClickException(
            "A name has 1 to 20 small letters, digits and _, and begins with a letter."
        )
    values = {key: value for key, value in given.items() if value is not None}
    if values.get("retention_days") == 0:
        values["retention_days"] = None
    try:
        _, changed = put_kind(name, fill(PutKind, values), now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo("made" if changed is None else ", ".join(changed) or "nothing changed")


@kind.command("list")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def list_kinds(as_json: bool) -> None:
    """List the kinds: ours, then the platform's."""
    found = [*KINDS.values(), *OWN.look().values()]
    if as_json:
        click.echo(json.dumps([vars(each) | {"own": each.name not in KINDS} for each in found]))
        return
    for each in found:
        click.echo("\t".join((each.name, each.scope, each.label)))
