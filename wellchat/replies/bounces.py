"""Read bounces: what the report says (RFC 3464), and about which mail.

A report names a fate for each of its recipients. A mail to a bounce address, which we signed for one mail of
ours, may also be in no standard form (bounce_words.py).
"""

from __future__ import annotations

import re
from email import message_from_string
from email.message import Message
from typing import NamedTuple

from wellchat.replies.bounce_words import (
    DELAYED,
    HARD,
    SOFT,
    STATUS,
    fate_by_status,
    fate_by_words,
    fate_of_words,
)
from wellchat.replies.mailtext import html_to_text, without_marks
from wellchat.replies.reading import Incoming

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
MAX_DIAGNOSTIC = 2_000  # characters of what a server says of one recipient
MAX_BLOCKS = 200  # recipients of one report
_FAILED = ("failed", "failure", "fail", "expired", "denied", "rejected")
_DELAYED = ("delayed", "delay", "deferred")


class Bounce(NamedTuple):
    """What a mail server reports of a mail of ours, for one recipient."""

    fate: str  # DELAYED: it ends nothing; SOFT: it ends this mail; HARD: mails to the address
    diagnostic: str  # why, in the mail server's words
    address: str | None  # whom it was for

    @property
    def is_final(self) -> bool:
        """Return whether the mail has ended."""
        return self.fate in (SOFT, HARD)


class Report(NamedTuple):
    """One report by a mail server: the fate of each recipient, and which mail it is about."""

    bounces: list[Bounce]  # never empty
    message_id: str | None  # of the mail that came back

    def about(self, address: str) -> Bounce:
        """Return what it says of the mail to this address.

        A server that passes mails on reports the address that it knows, so the worst of the others counts
        where this one is not named.
        """
        named = [each for each in self.bounces if each.address == address.lower()]
        return max(named or self.bounces, key=lambda each: (DELAYED, SOFT, HARD).index(each.fate))


def parse_bounce(mail: Incoming, *, to_bounce_address: bool) -> Report | None:
    """Return the report in a mail. None: it is none.

    A mail without a standard report counts if it came to a bounce address, and says that a mail came back.
    """
    parts = list(mail.message.walk())
    blocks = [block for part in parts for block in report_blocks(part, *_REPORTS)]
    reported = [bounce for block in blocks if (bounce := _bounce(block))]
    if reported:
        return Report(reported, _original(parts))
    # A bounce has no envelope sender, so that nothing answers it (RFC 5321, 4.5.5).
    if to_bounce_address and mail.envelope_sender in ("", None):
        found = fate_by_words(mail, report_text(mail.message))
        if found:
            return Report([Bounce(found[0], " ".join(found[1].split()), None)], _original(parts))
    return None


def report_text(message: Message) -> str:
    """Return the words of a report, without those of the mail that came back."""
    found, waiting = [], [message]
    while waiting:
        part = waiting.pop(0)
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [each for each in payload if isinstance(each, Message)]
        elif part.get_content_maintype() in ("text", "multipart"):
            content = part.get_payload(decode=True)
            text = _decoded(content, part) if isinstance(content, bytes) else str(payload)
            found.append(
                without_marks(html_to_text(text)) if part.get_content_type() == "text/html" else text
            )
    return "\n".join(found)[:50_000]


def _decoded(content: bytes, part: Message) -> str:
    try:
        return content.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return content.decode("latin-1")


def _bounce(block: Message) -> Bounce | None:
    """Return what one block says of one recipient. None: it is about no recipient, or nothing has failed."""
    action, status = _value(block, "Action").partition(" ")[0].lower(), _status(block)
    if not action and not (status.startswith(("4", "5")) and _address(block)):
        return None
    diagnostic = _diagnostic(block)
    if action in _DELAYED:
        return Bounce(DELAYED, diagnostic, _address(block))
    if action and action not in _FAILED:
        # "relayed", "expanded", "delivered": as good as nothing.
        return Bounce(DELAYED, diagnostic, _address(block)) if action.isalpha() else None
    return Bounce(_fate(status, diagnostic), diagnostic, _address(block))


def _fate(status: str, diagnostic: str) -> str:
    telling = [each[0] for each in STATUS.finditer(diagnostic) if each[2] != "0"]
    # A server's own word is nearer to the cause than the status that the reporter makes of it.
    if status.startswith("4"):
        return SOFT
    if telling:
        return HARD if all(fate_by_status(each, diagnostic) == HARD for each in telling) else SOFT
    return fate_of_words(diagnostic)


def report_blocks(part: Message, *kinds: str) -> list[Message]:
    """Return the groups of fields in a part of one of these kinds; nothing for another part."""
    if part.get_content_type() not in kinds:
        return []
    payload = part.get_payload()
    if isinstance(payload, list):
        return [each for each in payload[:MAX_BLOCKS] if isinstance(each, Message)]
    return [message_from_string(block) for block in str(payload).split("\n\n", MAX_BLOCKS)[:MAX_BLOCKS]]


def _value(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _status(block: Message) -> str:
    found = STATUS.search(_value(block, "Status"))
    return found[0] if found else ""


def _diagnostic(block: Message) -> str:
    said = _value(block, "Diagnostic-Code")
    diagnostic = said.partition(";")[2].strip() or said or _value(block, "Action")
    return f"{_status(block)} {diagnostic}".strip()[:MAX_DIAGNOSTIC]


def _address(block: Message) -> str | None:
    for name in ("Original-Recipient", "Final-Recipient"):
        value = _value(block, name).rpartition(";")[2].strip().strip("<>").lower()
        if "@" in value:
            return value
    return None


def _original(parts: list[Message]) -> str | None:
    """Return the Message-ID of the mail that is enclosed, whole or as headers. None: there is none."""
    enclosed = enclosed_mail(parts)
    found = _MESSAGE_ID.search(str(enclosed.get("Message-ID", ""))) if enclosed else None
    return found[0] if found else None


def enclosed_mail(parts: list[Message]) -> Message | None:
    """Return the mail that a report encloses, whole or as headers. None: there is none."""
    for part in parts[1:]:
        kind = part.get_content_type()
        enclosed: Message | None = None
        if kind in ("text/rfc822-headers", "message/global-headers"):
            content = part.get_payload(decode=True)
            enclosed = message_from_string(content.decode("latin-1") if isinstance(content, bytes) else "")
        elif kind in ("message/rfc822", "message/global") and isinstance(payload := part.get_payload(), list):
            enclosed = payload[0] if payload and isinstance(payload[0], Message) else None
        if enclosed is not None and "Message-ID" in enclosed:
            return enclosed
    return None
