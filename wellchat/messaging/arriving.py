"""What has arrived at a person's devices: the delivered watermark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from wellchat.changes.actions import confirm, record_change
from wellchat.changes.queries import message_changes
from wellchat.db import db, transaction
from wellchat.messaging.models import Membership
from wellchat.messaging.queries import people_of

ACK_AT_ONCE = 1_000  # rows of the change log one poll confirms
ACK_EVERY = 100  # rows after which a confirmation is written down though it changes nothing else


def acknowledge(*, user_id: str, after: int, up_to: int) -> int:
    """A poll that carries a cursor says that everything up to it has arrived: that is what "delivered" means.

    Deals with the changes after one seq and up to another of the user's log. Answers how far it came.
    """
    rows = message_changes(user_id, after=after, up_to=up_to, limit=ACK_AT_ONCE)
    acked_seq = up_to if len(rows) < ACK_AT_ONCE else rows[-1].seq
    behind = _not_yet_delivered(user_id, rows)
    if not behind and acked_seq - after < ACK_EVERY:
        return acked_seq  # nothing that anybody would see: not worth a write
    with transaction() as session:
        for thread_id in sorted(behind):
            seq = behind[thread_id]
            of_user = (Membership.thread_id == thread_id, Membership.user_id == user_id)
            moved = session.execute(
                update(Membership).where(*of_user, Membership.delivered_seq < seq).values(delivered_seq=seq)
            )
            if moved.rowcount:  # type: ignore[attr-defined]
                for person in people_of(thread_id):
                    if person != user_id:
                        record_change(user_id=person, kind="thread", thread_id=thread_id)
        confirm(user_id=user_id, seq=acked_seq)
    return acked_seq


def _not_yet_delivered(user_id: str, rows: Sequence[Any]) -> dict[str, int]:
    """thread -> seq of the latest message of these changes, where the delivered watermark is below it."""
    arrived: dict[str, int] = {}
    for change in rows:
        if change.thread_id and change.message_seq:
            arrived[change.thread_id] = max(arrived.get(change.thread_id, 0), change.message_seq)
    if not arrived:
        return {}
    marks = db.session.execute(
        select(Membership.thread_id, Membership.delivered_seq).where(
            Membership.user_id == user_id, Membership.thread_id.in_(arrived)
        )
    )
    return {thread_id: arrived[thread_id] for thread_id, delivered in marks if delivered < arrived[thread_id]}
