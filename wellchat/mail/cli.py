"""`wellchat mail`: the ledger for operators."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import AppGroup

from wellchat.claims import STATES
from wellchat.clock import iso, now
from wellchat.mail import actions, queries
from wellchat.mail.models import Mail

mail = AppGroup("mail", help="The mails we sent, and those we did not.")


@mail.command("log")
@click.argument("email", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state, such as unknown.")
@click.option("--reason", help="Only those whose reason has these words in it.")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="The latest so many.")
def log(email: str | None, as_json: bool, state: str | None, reason: str | None, limit: int) -> None:
    """Print every send and every skip with its reason, oldest first; with EMAIL, those to one person."""
    mails = queries.ledger(address=email, limit=limit, state=state, reason=reason)
    if as_json:
        click.echo(json.dumps([as_data(each) for each in mails], indent=2, ensure_ascii=False))
        return
    for each in mails:
        click.echo(as_line(each))


@mail.command("resend")
@click.argument("mail_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def resend(mail_id: str, as_json: bool) -> None:
    """Send a mail again whose fate is unknown, or that failed.

    It may arrive twice: that is yours to decide.
    """
    at = now()
    resent = actions.resend(mail_id=mail_id, now=at)
    state = actions.deliver(mail_id=mail_id, now=at) or "taken by the worker"
    said = {"id": mail_id, "address": resent.address, "state": state}
    click.echo(json.dumps(said) if as_json else f"{mail_id} to {resent.address}: {state}")


def as_data(mail: Mail) -> dict[str, Any]:
    """Return a mail as JSON data, with times in ISO 8601."""
    return {
        "id": mail.id,
        "user_id": mail.user_id,
        "address": mail.address,
        "name": mail.name,
        "state": mail.state,
        "reason": mail.reason,
        "covers": mail.covers,
        "message_id": mail.message_id,
        "attempts": mail.attempts,
        "due_at": iso(mail.due_at),
        "sent_at": iso(mail.sent_at),
        "created_at": iso(mail.created_at),
    }


def as_line(mail: Mail) -> str:
    """Return a mail as one line of text."""
    covers = ", ".join(f"{c['thread_id']}#{c['first_seq']}-{c['last_seq']}" for c in mail.covers)
    columns = [str(iso(mail.created_at)), mail.id, f"{mail.state:7}", mail.name, mail.address]
    return "  ".join([*columns, *([covers] if covers else []), *([mail.reason] if mail.reason else [])])
