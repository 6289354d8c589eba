"""Reasons of mails, as people read them."""

from __future__ import annotations

from wellchat.i18n import gettext

UNMADE = "It could not be made: "  # and the kind of error

# Rows of the ledger keep the sentence that was current when they were written. A sentence that is reworded is
# named here with its new wording, so that old rows are still translated.
REWORDED = {
    "Nobody has this address.": "There is no account with this address.",
    "What waited was deleted by its sender.": "The unread messages were deleted.",
    "A test, as you asked for.": "You asked for this test.",
    "It has begun before this was sent.": "The appointment began before this was sent.",
    "It was cancelled or booked again before this was sent.": (
        "The appointment was cancelled or booked again before this was sent."
    ),
    "Quiet hours last until it begins.": "Quiet hours last until the appointment begins.",
    "It answers an email about several conversations, and we could not know which one you meant.": (
        "It replies to an email about several conversations, and we do not know which one you mean."
    ),
    "It answers an email that is too old to be answered.": "It replies to an email that is too old.",
    "We found no words of yours in it. Write above what your mail program quotes.": (
        "We found no text of yours in it. Write your reply above the quoted text."
    ),
}


def reason_text(reason: str) -> str:
    """Return a stored reason in its current wording and in the reader's language."""
    if reason.startswith(UNMADE) and "[SQL" in reason:
        # Of an older version. A statement of ours tells people nothing.
        kind = reason.removeprefix(UNMADE).partition(":")[0].rstrip(".")
        return f"{UNMADE}{kind}."
    return gettext(REWORDED.get(reason, reason))
