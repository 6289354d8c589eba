"""Why a check-in is left out."""

from __future__ import annotations

from wellchat.i18n import N_

BY_HAND, REFUSED, CLOSED, LIMIT, GONE, LATE, PAUSED, NOT_SENT = (
    "by_hand",
    "refused",
    "closed",
    "limit",
    "gone",
    "late",
    "paused",
    "not_sent",
)
REASONS = {
    BY_HAND: N_("You left it out."),
    REFUSED: N_("They want no check-ins."),
    CLOSED: N_("You cannot write to each other."),
    LIMIT: N_("They had as many as you allow in a month."),
    GONE: N_("The occasion is not there any more."),
    LATE: N_("It was not sent in time."),
    PAUSED: N_("The rule was paused."),
    NOT_SENT: N_("The message was refused."),
}
