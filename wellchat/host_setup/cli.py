"""Define `wellchat host`: what a platform does first, and how it sees that it was right."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.errors import WellchatError
from wellchat.host_setup import keys
from wellchat.host_setup.env_files import join_lines, put_lines
from wellchat.host_setup.telling import as_data, as_lines

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def host() -> None:
    """Your platform: its keys, and whether its pages are ready."""


@host.command("init")
@click.argument("url")
@click.option("--env", type=FILE, help="Put the lines for your site into this file.")
@click.option("--settings", "settings_file", type=FILE, help="Put the settings of wellchat into this file.")
@click.option("--renew", is_flag=True, help="Make new keys, beside those that stand.")
@as_json_option
@with_appcontext
def init(url: str, env: Path | None, settings_file: Path | None, renew: bool, as_json: bool) -> None:
    """Make the keys of the platform at URL, and print what goes where. Again: say what stands.

    Keys are shown once.
    """
    try:
        origin = keys.origin_of(url)
        if keys.is_empty():
            _make_tables()
        done = keys.set_up(origin=origin, now=clock.now(), renew=renew)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    if env and done.made:
        put_lines(env, done.env)
    if settings_file and done.settings:
        join_lines(settings_file, done.settings)
    if as_json:
        click.echo(json.dumps(as_data(done)))
        return
    click.echo("\n".join(as_lines(done, env, settings_file)))


def _make_tables() -> None:
    # Imported here: the other commands start sooner without it.
    import flask_migrate

    flask_migrate.upgrade()


@host.command("check")
@click.argument("url")
@click.option(
    "--cookie",
    default="",
    metavar="NAME=VALUE",
    help="Of somebody signed in at your site: their token is looked at, too.",
)
@click.option(
    "--token-url",
    default="",
    metavar="PATH",
    help="Where your site hands tokens out, if the page does not say.",
)
@click.option(
    "--browser/--no-browser", "with_browser", default=True, help="Look with a Chromium of this machine, too."
)
@as_json_option
@with_appcontext
def check(url: str, cookie: str, token_url: str, with_browser: bool, as_json: bool) -> None:
    """Visit the page at URL, and say of six things whether they are right; exit 1 if one is not."""
    # Imported here, for the same reason.
    from wellchat.host_setup import checks
    from wellchat.host_setup.visiting import NotReached

    try:
        visited = checks.visit(url, cookie=cookie, token_url=token_url, with_browser=with_browser)
    except (NotReached, ValueError) as error:
        raise click.ClickException(str(error)) from None
    found = checks.look(visited, clock.now())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found]))
    else:
        for each in found:
            click.echo(f"{'ok' if each.ok else 'wrong':<6} {each.name:<8} {each.detail}")
            if each.mend:
                click.echo(f"{'':<15} mend: {each.mend}")
    if wrong := [each.name for each in found if not each.ok]:
        raise click.ClickException(f"not ready: {', '.join(wrong)}")
