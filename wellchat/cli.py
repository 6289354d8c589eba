"""Define the `wellchat` command. Features add their own commands when the application loads them."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click
from click.core import ParameterSource
from flask import Flask
from flask.cli import FlaskGroup, routes_command, shell_command
from sqlalchemy.exc import OperationalError, ProgrammingError

from wellchat import __version__, create_app
from wellchat.config import SettingsError, read_settings
from wellchat.errors import WellchatError
from wellchat.init_command import init
from wellchat.request_ids import job
from wellchat.starting import end_quietly_on_interrupt


class Port(click.IntRange):
    """A TCP port. One that cannot be, from the environment, is an error of one line, as of a setting."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises SettingsError for a bad PORT, and BadParameter for a bad option."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            source = ctx.get_parameter_source(param.name or "") if ctx and param else None
            if source is not ParameterSource.ENVIRONMENT:
                raise
            raise SettingsError(f"PORT: must be a number from 1 to 65535, not {value!r}") from None


def listening(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options --host and --port to a command; defaults from HOST and PORT, else 127.0.0.1:8000."""
    port = click.option("--port", envvar="PORT", type=Port(1, 65535), default=8000)
    return click.option("--host", envvar="HOST", default="127.0.0.1")(port(command))


@click.command()
@listening
@click.option("--demo/--no-demo", default=True, help="Into an empty house: the demo, or nobody.")
def up(host: str, port: int, demo: bool) -> NoReturn:
    """Run everything here: web, worker and scheduler, embedded where no service is set."""
    from wellchat.up import up

    sys.exit(up(host=host, port=port, demo=demo))


@click.command()
@listening
@click.option("--workers", type=click.IntRange(1), help="Processes. One on SQLite, else up to four.")
@click.option("--threads", type=click.IntRange(4), help="Per process: requests at work at once, at the most.")
@click.option("--grace", type=click.IntRange(1), default=15, help="Seconds given to requests on a stop.")
def serve(host: str, port: int, workers: int | None, threads: int | None, grace: int) -> None:
    """The production web server, with the settings we recommend."""
    from wellchat.longpoll import server

    if threads:
        os.environ["WELLCHAT_THREADS"] = str(threads)
    settings = read_settings()
    usual = server.default_workers(settings)
    if settings.DATABASE_URL.startswith("sqlite") and workers not in (None, 1):
        raise click.UsageError("SQLite has one writer, so it takes one process. Use PostgreSQL for more.")
    server.check_free(host, port)
    waiting = settings.MAX_WAITING or server.MAX_WAITING
    server.serve(
        host=host, port=port, workers=workers or usual, threads=settings.THREADS, waiting=waiting, grace=grace
    )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def doctor(as_json: bool) -> None:
    """Check settings, database, Redis, broker, mail server and disk; exit 1 with the reason."""
    from wellchat import doctor as office

    report = office.run_checks(create_app())
    click.echo(json.dumps(report.as_data(), indent=2) if as_json else report.as_text())
    if report.failures:
        raise click.ClickException("; ".join(f"{check.name}: {check.detail}" for check in report.failures))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def sweep(as_json: bool) -> None:
    """Do all due worker work now, in this process, and print what it did; for cron and for tests."""
    from wellchat import sweeps
    from wellchat.changes.queries import epoch
    from wellchat.clock import now

    with create_app().app_context():
        # A database that does not answer, or has no schema, becomes one line here instead of a failure per
        # sweep.
        epoch()
        done = sweeps.run(now=now()) | sweeps.tidy(now=now())
    click.echo(json.dumps(done) if as_json else "\n".join(f"{name}: {count}" for name, count in done.items()))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def restored(as_json: bool) -> None:
    """Run once after a backup was put back: pages that remember more than it does load afresh."""
    from wellchat.changes.actions import note_restored

    with create_app().app_context():
        found = note_restored()
    click.echo(json.dumps({"epoch": found}) if as_json else f"A new life of this database has begun: {found}")


COMMANDS = (init, up, serve, doctor, sweep, restored)


def init_app(app: Flask) -> None:
    """Register the commands under `flask` too."""
    for command in COMMANDS:
        app.cli.add_command(command)


cli = FlaskGroup(
    create_app=lambda: create_app(),
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    help="Messaging between clients and professionals.",
)
click.version_option(__version__, prog_name="wellchat", message="%(prog)s %(version)s")(cli)
for command in (*COMMANDS, routes_command, shell_command):
    cli.add_command(command)


def main() -> None:
    """Run the command. Exit 0 if done, 1 with one line on standard error if it failed, 2 on wrong usage."""
    # Files of mode 0600, folders of mode 0700: they hold conversations and keys.
    os.umask(0o077)
    # From here on things are put away on the way out; a traceback is of no use to who pressed Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with job():
            cli.main(prog_name="wellchat")
    except (WellchatError, SettingsError, OSError) as error:
        _give_up(str(error))
    except (OperationalError, ProgrammingError) as error:
        _give_up(f"the database does not answer: {str(error.orig).strip().splitlines()[0]}")
    finally:
        end_quietly_on_interrupt()


def _give_up(reason: str) -> NoReturn:
    click.echo(f"Error: {reason}", err=True)
    # A mail server returns the mail to its sender for any status but EX_TEMPFAIL.
    sys.exit(os.EX_TEMPFAIL if sys.argv[1:3] == ["mail", "receive"] else 1)
