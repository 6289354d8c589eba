"""Define `wellchat privacy ...`, and `wellchat user export|erase`."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import datetime
from typing import IO

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.named import account_named, external_id_option
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.audit.actions import record
from wellchat.command_types import Moment
from wellchat.db import db
from wellchat.errors import WellchatError
from wellchat.privacy import holds as actions
from wellchat.privacy import retention
from wellchat.privacy.archive import PipeWriter
from wellchat.privacy.build import build
from wellchat.privacy.queries import erased_ids, to_erase_again


@click.group()
def privacy() -> None:
    """People's own data: legal holds, retention, erasures."""


def _operator() -> str:
    """Return the name of the system's user, who acts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


@click.command("export")
@click.argument("email")
@external_id_option
@click.option("--zip", "as_zip", is_flag=True, help="A zip with pages, data and files, not JSON alone.")
@with_appcontext
def export_user(email: str, as_zip: bool) -> None:
    """Print everything that wellchat has of a person, as JSON: rows by table."""
    owner = account_named(email)
    if not as_zip:
        exported = json.dumps(export_person(owner.id), indent=2, ensure_ascii=False)
        record("person.exported", now=clock.now(), person_id=owner.id)
        click.echo(exported)
        return
    out = sys.stdout.buffer
    if out.isatty():
        raise click.ClickException("A zip is no text. Write it into a file: wellchat user export ... > f.zip")
    record("person.exported", now=clock.now(), person_id=owner.id)
    build(owner, PipeWriter(out), now=clock.now(), tick=lambda count: None)


@click.command("erase")
@click.argument("email")
@external_id_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def erase_user(email: str, yes: bool) -> None:
    """Erase a person: what they wrote, their files, their account. It cannot be undone."""
    owner = account_named(email)
    if not yes:
        click.confirm(f"Erase {owner.name} ({owner.email or owner.id}) for good?", abort=True)
    try:
        erase_person(user_id=owner.id, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo("Erased. The worker, or `wellchat sweep`, deletes the bytes of their files.")


@privacy.command("erasures")
@with_appcontext
def list_erasures() -> None:
    """Print the ids of all people who were erased, one a line. Keep the list beside your backups."""
    ids = erased_ids()
    # Before the first line: where the record cannot be written, nothing leaves.
    record("erasure.listed", now=clock.now(), detail={"people": len(ids)})
    for user_id in ids:
        click.echo(user_id)


@privacy.command("reapply")
@click.argument("file", type=click.File("r"))
@with_appcontext
def reapply(file: IO[str]) -> None:
    """Erase everybody on a list of `wellchat privacy erasures` again, after a backup was restored."""
    wanted = to_erase_again({line.strip() for line in file if line.strip()})
    failed = 0
    for user_id in wanted:
        try:
            erase_person(user_id=user_id, now=clock.now())
        except WellchatError as error:
            db.session.rollback()
            failed += 1
            click.echo(f"{user_id}: {error.line}", err=True)
    click.echo(f"Erased {len(wanted) - failed} people again.")
    if failed:
        sys.exit(1)


@privacy.command("retention")
@click.option("--dry-run", is_flag=True, help="Count only.")
@with_appcontext
def run_retention(dry_run: bool) -> None:
    """Remove what has been kept for its period. The worker does it once a day."""
    now = clock.now()
    for name, count in (retention.count_expired(now) if dry_run else retention.run(now)).items():
        click.echo(f"{name}: {count}")


@privacy.group()
def hold() -> None:
    """Legal holds: nothing of what they cover is removed."""


@hold.command("add")
@click.option("--user", "email", metavar="EMAIL", help="A person, with all their conversations.")
@external_id_option
@click.option("--thread", "thread_id", metavar="ID", help="One conversation.")
@click.option("--reason", required=True)
@click.option("--until", metavar="TIME", help="ISO 8601; without it until it is released.")
@with_appcontext
def add_hold(email: str | None, thread_id: str | None, reason: str, until: str | None) -> None:
    """Put a person or a conversation under hold; prints its id."""
    user_id = account_named(email).id if email else None
    try:
        made = actions.make_hold(
            user_id=user_id,
            thread_id=thread_id,
            reason=reason,
            by=_operator(),
            until=_moment(until),
            now=clock.now(),
        )
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(made.id)


def _moment(text: str | None) -> datetime | None:
    try:
        return Moment(or_day=True).convert(text, None, None) if text else None
    except click.BadParameter as refusal:
        raise click.ClickException(f"--until: {refusal.message}") from None


@hold.command("list")
@click.option("--all", "ended", is_flag=True, help="Those that have ended, too.")
@with_appcontext
def list_holds(ended: bool) -> None:
    """Print the holds in force."""
    for each in actions.holds(now=clock.now(), ended=ended):
        what = f"user {each.user_id}" if each.user_id else f"thread {each.thread_id}"
        until = f"until {clock.iso(each.until)}" if each.until else "until released"
        over = f", released {clock.iso(each.released_at)}" if each.released_at else ""
        click.echo(f"{each.id}  {what}  by {each.made_by}, {until}{over}: {each.reason}")


@hold.command("release")
@click.argument("hold_id")
@with_appcontext
def release(hold_id: str) -> None:
    """End a hold."""
    try:
        actions.release_hold(hold_id=hold_id, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo("Released.")
