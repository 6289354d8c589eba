"""The two emails that a run sends: the digest of unread messages, and the weekly summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wellchat.digests import decide, week
from wellchat.digests.decide import DigestDecision
from wellchat.digests.models import DigestSchedule, WeekSchedule
from wellchat.digests.recipients import Recipient


@dataclass
class DigestKind:
    """Describe one kind of email of a run: whose turn it is, and how that is decided."""

    name: str  # of its mails, and in what a run counts
    schedule: type[DigestSchedule] | type[WeekSchedule]  # a row says when a person is due
    decide: Callable[[Recipient, datetime], DigestDecision]
    holds_messages: bool  # a mail counts its messages as mailed, under the lock of their memberships


DIGEST = DigestKind("digest", DigestSchedule, decide.decide, holds_messages=True)
WEEK = DigestKind("week", WeekSchedule, week.decide, holds_messages=False)
