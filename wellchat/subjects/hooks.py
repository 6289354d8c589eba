"""Name the hooks by which subjects call the features above."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from wellchat.feature import Hook

if TYPE_CHECKING:
    from wellchat.subjects.actions import SubjectSnapshot
    from wellchat.subjects.models import Subject

subject_put_in_transaction: Hook[[Subject, SubjectSnapshot | None, bool, datetime], None]
subject_put_in_transaction = Hook("subjects.subject_put_in_transaction")
"""(subject, how it was before or None for a new one, whether to notify its people, now)."""

lead_claimed_in_transaction: Hook[[Subject, bool, datetime], str | None]
lead_claimed_in_transaction = Hook("subjects.lead_claimed_in_transaction")
"""(lead with a claimant and a client, whether to tell its client, now) -> id of the thread where they talk.

Called again when the lead is put or claimed again.
"""

subject_hidden_in_transaction: Hook[[Subject, datetime], None]
subject_hidden_in_transaction = Hook("subjects.subject_hidden_in_transaction")
"""(subject, now): the host has deleted it, and no list shows it any more."""
