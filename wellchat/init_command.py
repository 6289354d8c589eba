"""Define `wellchat init`: five questions, a file of settings, and a house that somebody can enter."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import click

from wellchat import create_app
from wellchat.config import SettingsError, read_settings
from wellchat.errors import WellchatError
from wellchat.networks import is_loopback_host
from wellchat.own_command import own_command
from wellchat.setting_types import database_url, web_address_or_none

HERE = "http://127.0.0.1:8000"
HEAD = """\
# Settings of wellchat, made by `wellchat init`; docs/settings.md has them all. It may hold passwords.
# A shell loads it with: {load}
"""
DONE = """
  The settings are in {file}. Load them in each shell that runs wellchat, and start it:
  {load}
  {up}

  {name} chooses a password here, within an hour of now:
  {link}

  What is still missing stands on the page First steps:
  {steps}
"""


@dataclass(frozen=True)
class Question:
    """One question: its option, its words, the answer to an empty line, and what checks an answer."""

    flag: str
    words: str
    default: str | None
    check: Callable[[str], str]

    def ask(self, given: str | None) -> str:
        """Return the checked answer: `given` where there is one, else what is typed.

        Asks again until an answer passes. Raises UsageError where nobody can be asked.
        """
        if given is None and sys.stdin.isatty():
            return str(
                click.prompt(
                    self.words,
                    default=self.default,
                    show_default=bool(self.default),
                    value_proc=self._checked,
                )
            )
        if given is None and self.default is None:
            raise click.UsageError(f"{self.flag} is needed where nobody can be asked.")
        return self._checked(self.default or "" if given is None else given)

    def _checked(self, text: str) -> str:
        try:
            return self.check(text.strip())
        except (ValueError, OSError, SettingsError, WellchatError) as error:
            reason = error.line if isinstance(error, WellchatError) else str(error)
            raise click.BadParameter(reason.strip().splitlines()[0], param_hint=self.flag) from None


def _works(check: str, **given: str) -> None:
    """Raise ValueError, with the doctor's words, if a service that is named does not answer."""
    from wellchat import doctor

    settings = {f"WELLCHAT_{name}": value for name, value in given.items()}
    found = doctor.run_check(create_app(read_settings({**os.environ, **settings})), check)
    if not found.ok:
        raise ValueError(found.detail)


def _address(text: str) -> str:
    return web_address_or_none(text) or HERE


def _database(text: str) -> str:
    if text:
        _works("database", DATABASE_URL=database_url(text))
    return text


def _mail_server(text: str) -> str:
    if text:
        _works("mail", SMTP_URL=text)
    return text


def _email(text: str) -> str:
    from wellchat.accounts.addresses import parse_address

    return parse_address(text)


def _name(text: str) -> str:
    from wellchat.accounts import names

    name = names.plain_name(names.one_line(text))
    if not 1 <= len(name) <= 120:
        raise ValueError("write a name of 1 to 120 characters")
    return name


QUESTIONS = {
    "base_url": Question("--base-url", "1. Address where people reach it", HERE, _address),
    "database": Question(
        "--database",
        "2. Database, as postgresql://user:password@host/name (empty: a file here)",
        "",
        _database,
    ),
    "smtp": Question(
        "--smtp",
        "3. Mail server, as smtp://user:password@host:587?starttls=1 (empty: none yet)",
        "",
        _mail_server,
    ),
    "email": Question("--admin-email", "4. Your email address, as the administrator", None, _email),
    "name": Question("--admin-name", "   Your name", None, _name),
}


@click.command()
@click.option("--base-url", help="Where people reach it, such as https://chat.example.com.")
@click.option("--database", help="postgresql://user:password@host/name; empty for a file here.")
@click.option("--smtp", help="smtp://user:password@host:587?starttls=1; empty for none yet.")
@click.option("--admin-email", "email", help="Address of the first administrator.")
@click.option("--admin-name", "name", help="Their name.")
@click.option("--demo/--empty", default=None, help="Put made-up people in to look around, or nobody.")
@click.option(
    "--to",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="wellchat.env",
    show_default=True,
    help="The file to write the settings into.",
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
def init(file: Path, force: bool, demo: bool | None, **given: str | None) -> None:
    """Ask five questions, write the settings into a file, and make the first account.

    Each question has an option; where nobody can be asked, what is left out has its default.
    """
    if file.exists() and not force:
        if not sys.stdin.isatty():
            raise click.ClickException(f"{file} is there already; --force overwrites it")
        click.confirm(f"{file} is there already. Overwrite it?", abort=True)
    answers = {key: question.ask(given[key]) for key, question in QUESTIONS.items()}
    if demo is None:
        words = "5. Put a demo in, with made-up people, to look around"
        demo = sys.stdin.isatty() and click.confirm(words, default=False)
    up, settings = own_command("up", "--no-demo", *_port(answers["base_url"])), _settings(answers)
    os.environ.update(settings)
    link = _furnish(answers, demo=demo)
    # Last: where something fails, the next try finds no file of this one.
    _write(file, settings)
    steps = f"{answers['base_url']}/oversight/first-steps"
    click.echo(DONE.format(file=file, load=_load(file), up=up, name=answers["name"], link=link, steps=steps))


def _settings(answers: dict[str, str]) -> dict[str, str]:
    settings = {"INSTANCE": str(read_settings().INSTANCE), "BASE_URL": answers["base_url"]}
    if answers["database"]:
        settings["DATABASE_URL"] = answers["database"]
    if answers["smtp"]:
        settings |= {"SMTP_URL": answers["smtp"], "MAIL_FROM": answers["email"]}
    if answers["database"] or answers["base_url"].startswith("https://"):
        # The one of the folder, if there is one: what it signed stays valid, and other hosts get the same.
        settings["SECRET_KEY"] = read_settings().SECRET_KEY
    return {f"WELLCHAT_{name}": value for name, value in settings.items()}


def _port(base_url: str) -> tuple[str, ...]:
    """Return the option for a port that is not the usual one; () where a proxy has the address."""
    parts = urlsplit(base_url)
    listens_there = parts.scheme == "http" and is_loopback_host(parts.hostname or "")
    return ("--port", str(parts.port)) if listens_there and parts.port not in (None, 8000) else ()


def _load(file: Path) -> str:
    # A shell looks for a name without a slash along its path.
    return f"set -a; . {shlex.quote(str(file if file.is_absolute() else f'./{file}'))}; set +a"


def _write(file: Path, settings: dict[str, str]) -> None:
    """Write the file for its owner alone, whole or not at all. Raises OSError."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.writelines([HEAD.format(load=_load(file)), *lines])
    temporary.replace(file)


def _furnish(answers: dict[str, str], *, demo: bool) -> str:
    """Make the schema, the demo if asked, and the administrator. Return the link to choose a password."""
    import flask_migrate

    from wellchat import clock
    from wellchat.accounts.actions import create_user
    from wellchat.accounts.links import RESET, path_for
    from wellchat.accounts.queries import user_by_email
    from wellchat.demo import actions as demos

    with create_app().app_context():
        now = clock.now()
        flask_migrate.upgrade()
        if demo:
            click.echo("Loading the demo ...")
            demos.load(now=now)
        user = user_by_email(answers["email"])
        if user is not None and not user.is_admin:
            _refuse(answers["email"])
        if user is None:
            user = create_user(email=answers["email"], name=answers["name"], role="admin", now=now)
        return f"{answers['base_url']}{path_for(user, RESET, now)}"


def _refuse(email: str) -> NoReturn:
    change = own_command("user", "role", email, "admin")
    raise click.ClickException(f"{email} has an account, and is no administrator; see {change} --help")
