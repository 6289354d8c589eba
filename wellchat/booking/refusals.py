"""Why a time cannot be booked, moved or cancelled."""

from __future__ import annotations

from datetime import datetime

from wellchat.errors import Conflict
from wellchat.i18n import gettext


class Taken(Conflict):
    """Somebody else has this time, or it is not offered. `next` holds the next free starts, at most three."""

    def __init__(self, starts: list[datetime]) -> None:
        super().__init__(gettext("This time is not free any more. Choose another one."))
        self.next = starts


def over() -> Conflict:
    """Return the refusal of what has begun, or is cancelled."""
    return Conflict(gettext("This cannot be changed any more."))


def too_late() -> Conflict:
    """Return the refusal of a client's move after the time up to which it is free."""
    return Conflict(gettext("It is too late to move this. You can still cancel it."))


def cost_changed() -> Conflict:
    """Return the refusal of a cancellation that costs something else than what was shown."""
    return Conflict(gettext("What this costs has changed since the page was shown. Look at it again."))
