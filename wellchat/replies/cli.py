"""`wellchat mail receive` for a pipe, `wellchat mail serve` for LMTP, `wellchat mail received`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from email.utils import getaddresses

import click
from flask import current_app
from flask.cli import with_appcontext

from wellchat.clock import iso, now
from wellchat.replies import actions, queries
from wellchat.replies.reading import MAX_BYTES, Incoming

log = logging.getLogger(__name__)

# Where mail servers say which address a mail came to, when it is not in the envelope any more.
ENVIRONMENT = ("ORIGINAL_RECIPIENT", "RECIPIENT")
HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")


@click.command("receive")
@click.option("--recipient", "recipients", multiple=True, metavar="ADDRESS", help="To whom, by the envelope.")
@click.option("--sender", metavar="ADDRESS", help="From whom, by the envelope; empty for a bounce.")
@with_appcontext
def receive(recipients: tuple[str, ...], sender: str | None) -> None:
    """Take one mail (RFC 5322) from standard input into its thread.

    Exit status as in sysexits.h: 0 taken, or dropped as nobody's words; 65 no mail; 67 no such address; 77
    not allowed; 75 try again later.
    """
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    # Read the rest too: a mail server takes a pipe that is not read to its end for a failure.
    while sys.stdin.buffer.read(1 << 20):
        pass
    if not raw.strip():
        click.echo("There is no mail on standard input.", err=True)
        sys.exit(os.EX_DATAERR)
    try:
        mail = Incoming(raw, sender=os.environ.get("SENDER") if sender is None else sender)
        verdict = actions.receive(mail=mail, addresses=recipients or _recipients(mail, os.environ), now=now())
    except Exception as error:
        log.exception("a mail could not be taken")
        click.echo(f"Try again later: {type(error).__name__}.", err=True)
        sys.exit(os.EX_TEMPFAIL)
    click.echo(verdict.text, err=verdict.status != os.EX_OK)
    sys.exit(verdict.status)


def _recipients(mail: Incoming, environment: Mapping[str, str]) -> list[str]:
    found = [environment[name] for name in ENVIRONMENT if environment.get(name)]
    values = [value for name in HEADERS for value in mail.headers(name)]
    return list(dict.fromkeys([*found, *(address for _, address in getaddresses(values))]))


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8024, show_default=True)
@with_appcontext
def serve(host: str, port: int) -> None:
    """Take mails into their threads as an LMTP server, until told to stop.

    Keep it behind your mail server.
    """
    # Here, because every process loads this module, and only this command is a mail server.
    from wellchat.replies import lmtp

    asyncio.run(lmtp.serve(current_app._get_current_object(), host=host, port=port))  # type: ignore[attr-defined]


@click.command("received")
@click.argument("email", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="The latest so many.")
@with_appcontext
def received(email: str | None, as_json: bool, limit: int) -> None:
    """Print what came in and what became of it, oldest first; with EMAIL, from one person."""
    rows = [
        {
            "received_at": iso(mail.received_at),
            "outcome": mail.outcome,
            "email": address,
            "thread_id": mail.thread_id,
            "seq": mail.seq,
            "reason": mail.reason,
            "message_id": mail.message_id,
        }
        for mail, address in queries.received(email=email, limit=limit)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        message = f"{row['thread_id']}#{row['seq']}" if row["thread_id"] else ""
        columns: Sequence[object] = (
            row["received_at"],
            f"{row['outcome']:7}",
            row["email"] or "",
            message,
            row["reason"],
        )
        click.echo("  ".join(str(column) for column in columns if column))
