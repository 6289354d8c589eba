"""Write down the mails that came in, and what became of them."""

from __future__ import annotations

import hashlib
from datetime import datetime

from wellchat.db import db, insert, new_id
from wellchat.replies.models import ReceivedMail
from wellchat.replies.reading import Incoming


def record_received(
    mail: Incoming,
    target: str,
    now: datetime,
    *,
    user_id: str | None,
    outcome: str,
    reason: str = "",
    thread_id: str | None = None,
    seq: int | None = None,
) -> bool:
    """Write down a mail and its outcome, in the caller's transaction.

    Return False if it was written down before, for this target.
    """
    made = db.session.execute(
        insert(ReceivedMail)
        .values(
            id=new_id(),
            digest=hashlib.sha256(f"{mail.key}:{target}".encode()).hexdigest(),
            user_id=user_id,
            thread_id=thread_id,
            seq=seq,
            outcome=outcome,
            reason=reason,
            message_id=(mail.message_id or "")[:200] or None,
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=[ReceivedMail.digest])
        .returning(ReceivedMail.id)
    )
    return made.scalar_one_or_none() is not None
