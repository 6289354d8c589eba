"""Addresses that refuse mail for good: heard from the mail server while sending, or later by a bounce."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from wellchat.claims import FAILED, SENDING, SENT, UNKNOWN
from wellchat.db import db, insert, transaction
from wellchat.event_types import tell_host
from wellchat.i18n import N_
from wellchat.mail.models import Mail, RefusedAddress

REFUSES = N_("The address refuses mail, until its owner says otherwise.")
NO_ADDRESS = N_("We know no email address of this person.")
COMPLAINED = N_("Its owner told their mail provider that an email of ours is unwanted.")
MAX_REASON = 500  # characters of what a mail server said


def record_bounce(
    *, message_id: str, address: str, diagnostic: str, ends_address: bool, now: datetime
) -> Mail | None:
    """Write down that a mail server returned one of our mails for good. Return that mail.

    None: we sent no such mail to this address. `ends_address`: the address itself gets no more mail.
    """
    with transaction() as session:
        mail = session.execute(
            select(Mail).where(Mail.message_id == message_id, func.lower(Mail.address) == address.lower())
        ).scalar_one_or_none()
        if mail is None:
            return None
        # `sending` too: a fast server's bounce may come before our worker has marked the mail.
        if mail.state in (SENT, UNKNOWN, SENDING):
            mail.state, mail.due_at, mail.reason = FAILED, None, f"It came back. {diagnostic}"
        if ends_address:
            save_refusal(mail.address, diagnostic, now)
        tell_host("mail.bounced", {"user": mail.user_id, "mail": mail.id, "kind": mail.name}, now)
    return mail


def save_refusal(address: str, reason: str, now: datetime) -> None:
    """Write down that an address refuses mail, in the caller's transaction."""
    values = {"reason": reason[:MAX_REASON], "refused_at": now}
    saved = insert(RefusedAddress).values(email=address, **values)
    db.session.execute(saved.on_conflict_do_update(index_elements=[RefusedAddress.email], set_=values))
