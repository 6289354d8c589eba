"""Read complaints: a provider reports that somebody marked a mail of ours as unwanted (ARF, RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

from wellchat.replies.bounces import enclosed_mail, report_blocks
from wellchat.replies.reading import Incoming

# `not-spam` takes a complaint back, `auth-failure` (RFC 6591) and `dmarc` are about proofs.
_KINDS = ("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "unsubscribe", "miscategorized")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
MAX_ADDRESSES = 50  # of one report that are looked at


class Complaint(NamedTuple):
    """One complaint about a mail of ours."""

    kind: str  # Feedback-Type
    senders: list[str]  # addresses that may be the envelope sender of our mail, which says which mail it is
    addresses: list[str]  # that may be the one which complains
    message_id: str | None  # of the mail


def parse_complaint(mail: Incoming) -> Complaint | None:
    """Return the complaint in a mail. None: it is none, or about no mail that somebody disliked."""
    parts = list(mail.message.walk())
    block = next((block for part in parts for block in report_blocks(part, "message/feedback-report")), None)
    if block is None:
        return None
    kind = str(block.get("Feedback-Type", "")).strip().lower()
    if kind not in _KINDS:
        return None
    enclosed = enclosed_mail(parts)
    found = _MESSAGE_ID.search(str(enclosed.get("Message-ID", ""))) if enclosed else None
    return Complaint(
        kind,
        _found(block, "Original-Mail-From", "Original-Envelope-Id")
        + _found(enclosed, "Return-Path", "X-Original-Return-Path", "Reply-To"),
        _found(block, "Original-Rcpt-To", "Removal-Recipient")
        + _found(enclosed, "Delivered-To", "X-Original-To", "To"),
        found[0] if found else None,
    )


def _found(block: Message | None, *names: str) -> list[str]:
    return list(_addresses(block, names))[:MAX_ADDRESSES] if block is not None else []


def _addresses(block: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        for value in block.get_all(name, []):
            # A header can be as long as the mail; no address is found behind its first letters.
            yield from (each.lower() for each in _ADDRESS.findall(str(value)[:2_000]))
