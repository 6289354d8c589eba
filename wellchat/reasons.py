"""Check the reason that an administrator gives for an act. It is kept on record."""

from __future__ import annotations

from wellchat.errors import Invalid
from wellchat.i18n import gettext

MIN_REASON, MAX_REASON = 5, 500  # characters


def checked_reason(reason: str) -> str:
    """Return the reason without blanks around it. Raises Invalid for the field `reason`."""
    reason = reason.strip()
    # One or two letters repeated are no reason; a case number may repeat its digits.
    says_something = len(set(reason.casefold())) > 3 or any(c.isdigit() for c in reason)
    if not MIN_REASON <= len(reason) <= MAX_REASON or "\x00" in reason or not says_something:
        text = gettext("Say why in 5 to %(num)s characters. It is kept on record.", num=MAX_REASON)
        raise Invalid({"reason": text})
    return reason
