"""Define `wellchat trade`: what the two sides of a connection are called."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.brand import actions
from wellchat.brand.forms import SIDES, PutTrade, checked_key
from wellchat.brand.host_calls import trade_json
from wellchat.errors import Invalid, WellchatError
from wellchat.forms import fill

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")


@click.group()
def trade() -> None:
    """Set what the people of a connection are called: Coach, Stylist, Customer."""


@trade.command("put")
@click.argument("key")
@click.option("--locale", help="The language of the words; by default the first of WELLCHAT_LANGUAGES.")
@click.option("--client", help="Such as Customer. Empty takes the word back.")
@click.option("--clients", help="Such as Customers.")
@click.option("--professional", help="Such as Stylist.")
@click.option("--professionals", help="Such as Stylists.")
@click.option(
    "--sensitive/--not-sensitive", default=None, help="Mails hold no words, unless people choose otherwise."
)
@as_json_option
@with_appcontext
def put(key: str, as_json: bool, **given: str | bool | None) -> None:
    """Make or change a trade. What is not given is kept."""
    values = {name: None if value == "" else value for name, value in given.items() if value is not None}
    try:
        form = fill(PutTrade, values)
        made, changed = actions.put_trade(key=checked_key(key), form=form, now=clock.now())
    except Invalid as refused:
        where, why = next(iter(refused.errors.items()))
        raise click.ClickException(f"--{where}: {why}") from None
    except (WellchatError, ValueError) as error:
        raise click.ClickException(str(getattr(error, "line", error))) from None
    if as_json:
        click.echo(json.dumps({**trade_json(made), "changed": changed or []}, ensure_ascii=False))
    else:
        click.echo("Made." if changed is None else ", ".join(changed) or "Nothing changed.")


@trade.command("list")
@as_json_option
@with_appcontext
def show(as_json: bool) -> None:
    """Print every trade with its words, by language."""
    found = [trade_json(each) for each in actions.all_trades()]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found:
        marks = ["sensitive"] if each["sensitive"] else []
        click.echo("  ".join([each["key"], *marks]))
        for locale, words in sorted(each["labels"].items()):
            said = [f"{side}: {words[side]}" for side in SIDES if side in words]
            click.echo(f"  {locale}  " + ", ".join(said))


@trade.command("remove")
@click.argument("key")
@with_appcontext
def remove(key: str) -> None:
    """Remove a trade. Its connections are called by the built-in words again."""
    try:
        actions.remove_trade(key=key, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.detail) from None
    click.echo("Removed.")
