"""Take in mails that end emails: those to the `mailto:` of List-Unsubscribe (RFC 2369).

The address is signed for one person, as the link beside it is, so that whoever holds the mail may use it.
Mail programs write these mails by themselves, and choose their sender.
"""

from __future__ import annotations

from datetime import datetime

from wellchat.accounts.models import User
from wellchat.db import db, transaction
from wellchat.i18n import N_
from wellchat.mail.addresses import END, UNSUBSCRIBE, ReplyToken
from wellchat.notifications.kinds import find_kind
from wellchat.notifications.preferences import unsubscribe
from wellchat.notifications.unsubscribe import EMAIL
from wellchat.replies.models import TAKEN
from wellchat.replies.reading import Incoming
from wellchat.replies.records import record_received

ENDED = N_("It ended emails of a kind, or all of them.")


def take_unsubscribing(mail: Incoming, tokens: list[ReplyToken], now: datetime) -> str | None:
    """End the emails that a mail to such an address names. Return a sentence for the mail server.

    None: it came to no such address, or does not ask for that. Nor does a mail without the word in its
    subject, and one without an envelope sender, which a machine has sent.
    """
    token = next((each for each in tokens if each.kind == END), None)
    if token is None:
        return None
    word, _, kind = mail.header("Subject").lower().partition(" ")
    if word != UNSUBSCRIBE or mail.envelope_sender == "":
        return None
    kind = kind.strip()
    if db.session.get(User, token.user_id) is None:
        return None
    if kind not in ("", EMAIL) and find_kind(kind) is None:
        return None
    with transaction():
        # The same mail again must not end what the person has begun again since.
        if record_received(
            mail, f"end:{token.user_id}", now, user_id=token.user_id, outcome=TAKEN, reason=ENDED
        ):
            unsubscribe(user_id=token.user_id, now=now, kind=kind if find_kind(kind) else None)
    return "Taken: these emails end."
