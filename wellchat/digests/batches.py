"""Decide on digests of many people at once, before any of them is claimed.

The claim itself checks that nothing has changed that the decision stood on. If something has, it writes
nothing, and actions.send_one decides again under the locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, exists, or_, update

from wellchat.db import UTCDateTime, snapshot, table, transaction
from wellchat.digests.decide import DigestDecision
from wellchat.digests.kinds import DIGEST
from wellchat.digests.models import DigestSchedule
from wellchat.digests.recipients import Recipient, load_recipients
from wellchat.digests.render import contents
from wellchat.mail import actions as mail
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.messaging.models import Membership, Message


class Prepared(NamedTuple):
    """A digest that was decided on and rendered from a snapshot of the database."""

    recipient: Recipient
    decision: DigestDecision
    content: dict[str, Any]


class Changed(Exception):
    """Something that the decision stood on has changed since."""


def build_batch(user_ids: Sequence[str], now: datetime) -> dict[str, Prepared]:
    """Return user id -> prepared digest, for those of these people who are to get one now. Change nothing.

    A digest that leaves out a thread until later is not prepared: it is decided on under the claim.
    """
    # One moment for all reads: another run may send half of this while we look.
    snapshot()
    recipients = load_recipients(user_ids, now).values()
    found = [(recipient, DIGEST.decide(recipient, now)) for recipient in recipients]
    ready = [
        (recipient, decision) for recipient, decision in found if decision.threads and decision.later is None
    ]
    content = contents(ready)
    return {
        recipient.user_id: Prepared(recipient, decision, content[recipient.user_id])
        for recipient, decision in ready
    }


def claim(prepared: Prepared, now: datetime) -> Mail:
    """Claim the person and write the prepared mail down, claimed already. Raises Changed.

    Lock order: memberships by thread id, then the row of the schedule. A message that comes after this makes
    a new row in the schedule.
    """
    recipient, decision, _ = prepared
    with transaction() as session:
        connection = session.connection()
        for thread in sorted(decision.threads, key=lambda each: each.thread_id):
            as_seen = {
                "reader": recipient.user_id,
                "thread": thread.thread_id,
                "top": thread.top_seq,
                "read": thread.read_seq,
                "mailed": thread.mailed_seq,
                "first": thread.first_seq,
                "moment": now,
            }
            # Locks the membership: a new message or a mark of reading waits until the claim is committed.
            if connection.execute(_COUNT_AS_MAILED, as_seen).rowcount == 0:
                raise Changed
        # `asked` tells a row that was scheduled again for the same moment from the one that was read.
        as_seen = {"reader": recipient.user_id, "due": recipient.due_at, "times_asked": recipient.asked}
        if connection.execute(_CLAIM, {**as_seen, "address": recipient.address}).rowcount == 0:
            raise Changed
        return mail.create_claimed(
            user_id=recipient.user_id,
            address=recipient.address,
            name=DIGEST.name,
            context={"name": recipient.name},
            covers=[thread.covers() for thread in decision.threads],
            reason=decision.why,
            now=now,
        )


_membership, _message, _schedule = table(Membership).c, table(Message).c, table(DigestSchedule).c
_refused = table(RefusedAddress).c
_moment = bindparam("moment", type_=UTCDateTime())

# Each condition stands for something that may have happened since the snapshot: a new message (last_seq),
# reading, another mail, a mute, a snooze, an edit, a deletion. An edit or a deletion from before the snapshot
# matches too; that costs the fast path for this person, nothing else.
_COUNT_AS_MAILED = (
    update(table(Membership))
    .where(
        _membership.user_id == bindparam("reader"),
        _membership.thread_id == bindparam("thread"),
        _membership.last_seq == bindparam("top"),
        _membership.last_read_seq == bindparam("read"),
        _membership.mailed_seq == bindparam("mailed"),
        or_(_membership.muted_until.is_(None), _membership.muted_until <= _moment),
        or_(_membership.snoozed_until.is_(None), _membership.snoozed_until <= _moment),
        ~exists().where(
            _message.thread_id == _membership.thread_id,
            _message.seq >= bindparam("first"),
            or_(_message.edited_at.is_not(None), _message.deleted_at.is_not(None)),
        ),
    )
    .values(mailed_seq=bindparam("top"))
)
# A bounce since the snapshot refuses the address. A change of preferences makes the row due now, see
# `reschedule`.
_CLAIM = delete(table(DigestSchedule)).where(
    _schedule.user_id == bindparam("reader"),
    _schedule.due_at == bindparam("due"),
    _schedule.asked == bindparam("times_asked"),
    ~exists().where(_refused.email == bindparam("address")),
)
