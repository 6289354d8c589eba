"""An LMTP server (RFC 2033), for mails straight from the mail server, with one reply for each recipient."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from asyncio import AbstractEventLoop
from functools import partial
from typing import Any

import click
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from flask import Flask

from wellchat import clock
from wellchat.mail.addresses import parse_reply_address
from wellchat.replies import actions
from wellchat.replies.actions import NOT_OURS, Verdict
from wellchat.replies.reading import MAX_BYTES, Incoming

log = logging.getLogger(__name__)

SHUTDOWN_GRACE = 15.0  # seconds for mails under way when told to stop
IDLE_TIMEOUT = 300.0  # seconds a client may say nothing
# Twice our limit, so that we refuse what is too large ourselves, with a mail that says so.
DATA_LIMIT = 2 * MAX_BYTES  # bytes
REPLY_CODES = {
    os.EX_OK: "250 2.0.0",
    os.EX_NOUSER: "550 5.1.1",
    os.EX_NOPERM: "550 5.7.1",
    os.EX_DATAERR: "554 5.6.0",
    os.EX_TEMPFAIL: "451 4.3.0",
}
LATER = Verdict(os.EX_TEMPFAIL, "Try again later.")


class Handler:
    """The commands of a session that we handle; aiosmtpd does the others."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.under_way = 0

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient only if it is an address of ours."""
        with self._app.app_context():
            known = parse_reply_address(address)
        if known is None:
            return f"{REPLY_CODES[os.EX_NOUSER]} {NOT_OURS}"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Return one line of reply for each recipient, in their order."""
        self.under_way += 1
        try:
            loop = asyncio.get_running_loop()
            # In a thread, because taking a mail blocks. In order: the reply has a line for each recipient.
            lines = [
                await loop.run_in_executor(None, self._take, envelope, address)
                for address in envelope.rcpt_tos
            ]
            return "\r\n".join(lines)
        finally:
            self.under_way -= 1

    def _take(self, envelope: Envelope, address: str) -> str:
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        try:
            with self._app.app_context():
                # One byte more than we take tells that it is too large.
                mail = Incoming(raw[: MAX_BYTES + 1], sender=envelope.mail_from or "")
                verdict = actions.receive(mail=mail, addresses=[address], now=clock.now())
        except Exception:
            log.exception("a mail could not be taken")
            # The mail server keeps it and comes again: a fault of ours loses no mail.
            verdict = LATER
        return f"{REPLY_CODES[verdict.status]} {verdict.text}"


class Server(LMTP):  # type: ignore[misc]  # it has no types
    """One connection. Long lines are taken, and whatever is said of a mail is said for each recipient."""

    # RFC 5321 4.5.3.1.6 allows 998 octets, and programs that write more are many. A mail that is refused for
    # that is lost for good, so the limit is that of the mail.
    line_length_limit = DATA_LIMIT

    async def push(self, status: str | bytes) -> None:
        """Write a reply. RFC 2033 4.2: after the text there is one for each recipient, also of a refusal."""
        refusals = ("552 Error: Too much mail data", "500 Line too long")
        if isinstance(status, str) and status.startswith(refusals) and self.envelope:
            status = "\r\n".join([status] * len(self.envelope.rcpt_tos))
        await super().push(status)


async def serve(app: Flask, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish the mails under way. Raises OSError if the port is taken."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stop.set)
    handler = Handler(app)
    server = await loop.create_server(partial(_connection, handler, loop), host=host, port=port)
    click.echo(f"wellchat takes mails by LMTP on {host}:{port}")
    await stop.wait()
    server.close()
    until = loop.time() + SHUTDOWN_GRACE
    while handler.under_way and loop.time() < until:
        await asyncio.sleep(0.05)
    # The last reply is still in the buffer of its connection.
    await asyncio.sleep(0.1)
    click.echo("stopped")


def _connection(handler: Handler, loop: AbstractEventLoop) -> LMTP:
    return Server(
        handler,
        loop=loop,
        hostname="wellchat",
        ident="wellchat",
        enable_SMTPUTF8=True,
        data_size_limit=DATA_LIMIT,
        timeout=IDLE_TIMEOUT,
    )
