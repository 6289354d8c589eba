"""Send a finished mail: over SMTP where a server is set, else as an `.eml` file in the instance folder.

A MailConnection stays open over a run. It raises one of three errors, which the ledger treats differently:
Temporary (retry), Permanent (give up) and OutcomeUnknown (leave it to the operator).
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from flask import Flask

from wellchat.config import setting
from wellchat.mail.conversation import Deadline, NotTaken, Smtp, SmtpTls, say_text

log = logging.getLogger(__name__)

CHECK_TIMEOUT = 3.0  # seconds; a person waits for the doctor
TIMEOUT = 20.0  # seconds for each step of the conversation with a mail server
DEADLINE = 120.0  # seconds for all of one mail; less than the lease of its claim
WRONG_SETTINGS = (530, 534, 535, 538)  # the server wants a login or TLS: no fault of the mail
STATUS = re.compile(r"\b5\.(\d{1,3})\.\d{1,3}\b")
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


class DeliveryError(Exception):
    """A mail was not sent, or may not have been; as a sentence for the ledger."""


class Temporary(DeliveryError):
    """The mail was certainly not sent, and may be tried again."""


class Permanent(DeliveryError):
    """The mail was certainly not sent, and never will be."""


class AddressRefused(Permanent):
    """The mail server takes no mail at all for this address."""


class OutcomeUnknown(DeliveryError):
    """The connection broke after the text was on its way: the mail may have gone out."""


def is_address_refusal(reason: str) -> bool:
    """Return whether a permanent refusal is about the address itself, by its enhanced status code (RFC 3463).

    Without a code it is. 5.7 is policy, and 5.3 and 5.5 are between the servers: they would strike every
    address at once. A full mailbox (5.2.2) may be emptied.
    """
    # 5.0.0 says nothing.
    status = next((found for found in STATUS.finditer(reason) if found[1] != "0"), None)
    return status is None or (status[1] in ("1", "2") and status[0] not in ("5.2.2", "5.2.3"))


class MailConnection(Protocol):
    """One way to send mails, kept open over a run."""

    unreachable: bool
    """The server could not be reached at all. A caller with more to send should stop."""

    def send(self, content: bytes, *, to: str, sender: str, label: str) -> None:
        """Send one mail. `sender` is the envelope sender; `label` names its file where there is no server.

        Raises Temporary, Permanent, AddressRefused or OutcomeUnknown.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SmtpConnection:
    """One connection to the mail server. It opens with the first mail and closes with the block."""

    def __init__(self, url: str, *, helo_name: str) -> None:
        self._url = urlsplit(url)
        self._helo_name = helo_name
        self._server: smtplib.SMTP | None = None
        self._deadline = Deadline(DEADLINE)
        self.unreachable = False

    def send(self, content: bytes, *, to: str, sender: str, label: str) -> None:
        with Deadline(DEADLINE) as self._deadline:
            if self._server is not None:
                self._deadline.follow(self._server)
            self._send_envelope(sender, to, international=not (sender + to).isascii())
            self._send_text(content)

    def _send_text(self, content: bytes) -> None:
        try:
            reply = say_text(self._connected(), content, patience=DEADLINE)
        except NotTaken as error:
            self.close()
            raise Temporary(f"The mail server did not take the text ({error}).") from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise OutcomeUnknown(
                f"The connection to the mail server broke while the text was sent ({error})."
            ) from None
        self._check(reply)

    def _send_envelope(self, sender: str, to: str, *, international: bool) -> None:
        """Say from whom and to whom, on a live connection. Raises Temporary, Permanent or AddressRefused."""
        fresh = self._server is None
        server = self._connected()
        if international and not server.has_extn("smtputf8"):
            raise Permanent("The mail server does not take addresses with such letters.")
        try:
            self._check(server.mail(sender, ["SMTPUTF8"] if international else []))
            self._check(server.rcpt(to), of_recipient=True)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            if self._deadline.is_over or "timed out" in str(error):
                self.unreachable = True
            if fresh or self.unreachable:
                raise Temporary(f"The mail server hung up ({error}).") from None
            # The connection had been cut since the last mail. Nothing of this one was sent: open another,
            # once.
            self._send_envelope(sender, to, international=international)

    def _connected(self) -> smtplib.SMTP:
        """Return the open connection, or open one. Raises Temporary if that fails."""
        if self._server is None:
            try:
                self._server = connect(self._url, self._helo_name, deadline=self._deadline)
            except (OSError, smtplib.SMTPException) as error:
                self.unreachable = True
                raise Temporary(f"The mail server cannot be used ({error}).") from None
        return self._server

    def _check(self, reply: tuple[int, bytes], *, of_recipient: bool = False) -> None:
        """Do nothing for a positive reply. Else reset the connection and raise what the reply means."""
        code, reply_text = reply
        if 200 <= code < 300:
            return
        self._reset()
        text = " ".join(reply_text.decode(errors="replace").split())
        reason = f"The mail server answered {code} {text}"
        if code < 500 or code in WRONG_SETTINGS:
            raise Temporary(reason)
        raise AddressRefused(reason) if of_recipient and is_address_refusal(text) else Permanent(reason)

    def _reset(self) -> None:
        try:
            if self._server is not None:
                self._server.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class FolderConnection:
    """Writes each mail to a file, which appears complete. File names sort by time."""

    unreachable = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, content: bytes, *, to: str, sender: str, label: str) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Written under another name first: a reader of the folder sees whole mails only.
            draft = self._folder / f".{label}.part"
            draft.write_bytes(content)
            draft.replace(self._folder / f"{label}.eml")
        except OSError as error:
            raise Temporary(f"The mail folder cannot be written: {error}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass


def open_connection() -> MailConnection:
    """Return a connection to the mail server that is set, or to the folder."""
    if url := setting("SMTP_URL"):
        return SmtpConnection(url, helo_name=helo_name())
    return FolderConnection(folder())


def helo_name() -> str:
    """Return our host name for the mail server (HELO)."""
    return urlsplit(setting("BASE_URL")).hostname or "localhost"


def folder() -> Path:
    """Return the folder that holds the mails while no mail server is set."""
    folder: Path = setting("INSTANCE")
    return folder / "mail"


def connect(
    url: SplitResult, helo_name: str, *, timeout: float = TIMEOUT, deadline: Deadline | None = None
) -> smtplib.SMTP:
    """Return a connection to the mail server, encrypted and signed in as the URL says.

    `timeout` is in seconds for each step. Raises OSError and smtplib.SMTPException.
    """
    host = url.hostname or "localhost"
    starttls = parse_qs(url.query).get("starttls", ["0"])[0].lower() in ("1", "true", "on", "yes")
    port = url.port or (587 if starttls else DEFAULT_PORTS[url.scheme])
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        server: smtplib.SMTP = SmtpTls(
            host, port, helo_name, timeout=timeout, context=context, deadline=deadline
        )
    else:
        server = Smtp(host, port, helo_name, timeout=timeout, deadline=deadline)
    try:
        if starttls:
            server.starttls(context=ssl.create_default_context())
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def check(_app: Flask) -> str:
    """Return one line about where mails go, for the doctor.

    Raises OSError if the mail server does not take them.
    """
    url = setting("SMTP_URL")
    if not url:
        return f"kept as files in {setting('INSTANCE') / 'mail'}"
    parts = urlsplit(url)
    server = connect(parts, helo_name(), timeout=CHECK_TIMEOUT)
    try:
        code, reply = server.noop()
    finally:
        server.close()
    if code != 250:
        raise OSError(f"{parts.hostname} says {code} {reply.decode(errors='replace')}")
    return f"{parts.hostname} answers"
