"""Name the hook by which a mail about an appointment asks the features above for its calendar part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wellchat.feature import Hook

if TYPE_CHECKING:
    from wellchat.accounts.models import User
    from wellchat.subjects.models import Subject

calendar_of: Hook[[Subject, User], tuple[str, bytes] | None]
calendar_of = Hook("booking_notices.calendar_of")
"""(subject, reader) -> (method, calendar) as iCalendar (RFC 5546), or None."""
