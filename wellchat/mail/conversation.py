"""The conversation about one mail with a mail server (RFC 5321): its deadline, and the text of the mail."""

from __future__ import annotations

import re
import select
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

LINE_BEGINS_WITH_DOT = re.compile(rb"(?m)^\.")
END_OF_TEXT = b".\r\n"


class NotTaken(Exception):
    """The server cannot have taken the mail: it never got the end of the text (RFC 5321, 3.8 and 4.1.1.4)."""


class Deadline:
    """Cuts a conversation after so many seconds, however slowly the server goes on talking.

    The time-out of a socket is for each of its steps, and starts again with each octet.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._server: smtplib.SMTP | None = None
        self.is_over = False

    def follow(self, server: smtplib.SMTP) -> None:
        """Cut this server's connection. It may have none yet."""
        self._server = server

    def _cut(self) -> None:
        self.is_over = True
        sock = getattr(self._server, "sock", None)
        if sock is not None:
            # Not the method of a TLS socket, which belongs to the thread that waits in it.
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


class _Followed:
    """Tells who connects before it does, so that a deadline covers the greeting, too."""

    def __init__(self, *args: Any, deadline: Deadline | None = None, **options: Any) -> None:
        if deadline is not None:
            deadline.follow(self)  # type: ignore[arg-type]
        super().__init__(*args, **options)


class Smtp(_Followed, smtplib.SMTP):
    """A conversation in the clear, until STARTTLS."""


class SmtpTls(_Followed, smtplib.SMTP_SSL):
    """A conversation that is encrypted from the start."""


def say_text(server: smtplib.SMTP, content: bytes, *, patience: float) -> tuple[int, bytes]:
    """Send the text of a mail and return the answer to it, or to the word DATA if that is refused.

    `patience`: seconds for the answer to the whole text, which a server may need for its filters. Raises
    NotTaken where the mail cannot have gone out, OSError and smtplib.SMTPException where it may have.
    """
    try:
        code, said = server.docmd("data")
        if code != 354:
            return code, said
        text = LINE_BEGINS_WITH_DOT.sub(b"..", content)
        server.send(text if text.endswith(b"\r\n") else text + b"\r\n")
        if _has_hung_up(server.sock):
            raise NotTaken("it hung up before the end of the text")
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(str(error)) from None
    assert server.sock is not None
    server.sock.settimeout(patience)
    server.send(END_OF_TEXT)
    reply = server.getreply()
    server.sock.settimeout(server.timeout)
    return reply


def _has_hung_up(sock: socket.socket | None) -> bool:
    """Return whether the other side has closed. Over TLS nobody can look: other things are said there."""
    if sock is None or isinstance(sock, ssl.SSLSocket):
        return sock is None
    readable, _, _ = select.select([sock], [], [], 0)
    return bool(readable) and sock.recv(1, socket.MSG_PEEK) == b""
