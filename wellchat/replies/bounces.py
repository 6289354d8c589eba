"""Read bounces: what the report says (RFC 3464), and about which mail."""

from __future__ import annotations

import re
from email import message_from_string
from email.message import Message
from typing import NamedTuple

from wellchat.replies.reading import Incoming

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


class Bounce(NamedTuple):
    """One report by a mail server about a mail of ours."""

    is_final: bool
    diagnostic: str  # why, in the mail server's words
    address: str | None  # whom it was for
    message_id: str | None  # of the mail that came back


def parse_bounce(mail: Incoming, *, to_bounce_address: bool) -> Bounce | None:
    """Return the bounce in a mail. None: it is none.

    A mail without a standard report counts if it came to a bounce address and names a status code.
    """
    parts = list(mail.message.walk())
    blocks = [
        block
        for part in parts
        if part.get_content_type() == "message/delivery-status"
        for block in _blocks(part)
    ]
    for block in blocks:
        action = _value(block, "Action").lower()
        if action:
            # Some say "failed" of what they will try again; a status of 4 means later (RFC 3463).
            return Bounce(
                action == "failed" and not _status(block).startswith("4"),
                _diagnostic(block),
                _address(block),
                _original(parts),
            )
    # A bounce has no envelope sender, so that nothing answers it (RFC 5321, 4.5.5).
    if to_bounce_address and mail.envelope_sender in ("", None):
        text = " ".join(
            str(mail.message.get_payload() if not mail.message.is_multipart() else mail.text).split()
        )[:4000]
        status = _STATUS.search(text)
        if status:
            diagnostic = text[max(0, status.start() - 100) : status.end() + 200]
            return Bounce(status[0].startswith("5"), f"{status[0]} {diagnostic}", None, _original(parts))
    return None


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [each for each in payload if isinstance(each, Message)]
    return [message_from_string(block) for block in str(payload).split("\n\n")]


def _value(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _status(block: Message) -> str:
    found = _STATUS.search(_value(block, "Status"))
    return found[0] if found else ""


def _diagnostic(block: Message) -> str:
    diagnostic = _value(block, "Diagnostic-Code").partition(";")[2].strip() or _value(block, "Action")
    return f"{_status(block)} {diagnostic}".strip()


def _address(block: Message) -> str | None:
    for name in ("Original-Recipient", "Final-Recipient"):
        value = _value(block, name).rpartition(";")[2].strip().strip("<>").lower()
        if "@" in value:
            return value
    return None


def _original(parts: list[Message]) -> str | None:
    """Return the Message-ID of the mail that is enclosed, whole or as headers. None: there is none."""
    for part in parts[1:]:
        kind = part.get_content_type()
        enclosed: Message | None = None
        if kind == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            enclosed = message_from_string(content.decode("latin-1") if isinstance(content, bytes) else "")
        elif kind == "message/rfc822" and isinstance(payload := part.get_payload(), list) and payload:
            enclosed = payload[0] if isinstance(payload[0], Message) else None
        found = _MESSAGE_ID.search(str(enclosed.get("Message-ID", ""))) if enclosed else None
        if found:
            return found[0]
    return None
