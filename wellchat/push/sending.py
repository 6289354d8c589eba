"""Send pushes, each at most once, as mails are sent.

Claim the row and decide, in one transaction; hand it over; mark it (claims.py). What a crash leaves between
the last two may be on the screen already: it becomes `unknown`, and is sent again only when its notification
counts up.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from wellchat import claims
from wellchat.accounts.queries import session_lasts
from wellchat.aside import waits_for_others
from wellchat.claims import FAILED, QUEUED, SENDING, SENT, SKIPPED, UNKNOWN, each_safely
from wellchat.db import current_transaction, db, insert, new_id, release_connection, transaction
from wellchat.notifications.models import Notification
from wellchat.push import web_push
from wellchat.push.compose import compose, headers
from wellchat.push.decide import decide
from wellchat.push.models import Device, Push
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # a claim older than this was left by a crash
RETRIES = claims.Retries(
    timedelta(seconds=30),
    timedelta(hours=1),
    give_up_after=timedelta(days=1),  # the email has told them by then
)
BATCH = 500  # pushes of one sweep
CRASHED = "A crash came between sending and marking. It may have arrived."


def queue_pushes(user_id: str, notification_id: str, now: datetime) -> None:
    """Queue a push for each device of the user, in the caller's transaction.

    Call it for a new notification, and again whenever it counts up.
    """
    with transaction() as session:
        # Locked, so that a device that is removed meanwhile waits, and takes its pushes with it. Without the
        # lock the foreign key would fail, and with it the transaction that notifies.
        found = select(Device.id).where(Device.user_id == user_id).order_by(Device.id)
        for device_id in session.execute(found.with_for_update(read=True, key_share=True)).scalars().all():
            again = {
                "state": QUEUED,
                "claim": None,
                "attempts": 0,
                "told_at": now,
                "due_at": now,
                "cleared_at": None,
            }
            fresh = insert(Push).values(
                id=new_id(), device_id=device_id, notification_id=notification_id, reason="", **again
            )
            push_id = session.execute(
                fresh.on_conflict_do_update(
                    index_elements=["device_id", "notification_id"], set_=again
                ).returning(Push.id)
            ).scalar_one()
            enqueue("push.send", push_id=push_id)


def send(*, push_id: str, now: datetime) -> str | None:
    """Send one push, if it is due and nobody else has claimed it.

    Return its state afterwards; None if it was not claimed, or went with its device. Raises RuntimeError
    inside a transaction: the claim must be durable before the first byte leaves.
    """
    if current_transaction() is not None:
        raise RuntimeError("send inside transaction()")
    with transaction() as session:
        push = _claim(push_id, now)
        if push is None:
            return None
        device = session.get(Device, push.device_id, populate_existing=True)
        note = session.get(Notification, push.notification_id, populate_existing=True)
        if device is None or note is None:
            return None
        if is_authorised := _is_authorised(device, now):
            decision = decide(push, note, now)
            if decision.skip:
                return _settle(push, SKIPPED, reason=decision.skip)
            if decision.wait_until:
                return _settle(push, QUEUED, due_at=decision.wait_until, attempts=push.attempts - 1)
            text, cleared = compose(device, note)
            endpoint, request = device.endpoint, headers(device, note, now)
    if not is_authorised:
        _delete_device(device)
        return None
    return _post(push, endpoint, text, request, cleared, now)


def _post(
    push: Push, endpoint: str, body: bytes, request: dict[str, str], cleared: Sequence[str], now: datetime
) -> str | None:
    """Hand the push to its service, outside of any transaction, and write down how that ended."""
    # A slow push service must not hold a database connection.
    release_connection()
    try:
        web_push.post(endpoint, body, request)
    except web_push.Temporary as refusal:
        pause = timedelta(seconds=refusal.after or 0)
        again = RETRIES.after_refusal(
            refusal, attempts=push.attempts, since=push.told_at, now=now, pause=pause
        )
        return _settle(push, **again)
    except web_push.Permanent as refusal:
        return _settle(push, FAILED, reason=str(refusal))
    except web_push.OutcomeUnknown as error:
        return _settle(push, UNKNOWN, reason=f"{error} It may have arrived.")
    except web_push.Gone as gone:
        log.info("device %s is gone: %s", push.device_id, gone)
        _delete_gone_device(push.device_id, endpoint)
        return None
    with transaction() as session:
        session.execute(
            update(Push).where(Push.id.in_(cleared), Push.cleared_at.is_(None)).values(cleared_at=now)
        )
        session.execute(update(Push).where(Push.id == push.id).values(sent_at=now))
        return _settle(push, SENT)


def _delete_gone_device(device_id: str, endpoint: str) -> None:
    """Delete a device whose subscription has ended, unless it has a new endpoint since."""
    with transaction() as session:
        session.execute(delete(Device).where(Device.id == device_id, Device.endpoint == endpoint))


def _delete_device(device: Device) -> None:
    """Delete a device that nobody may use any more, unless it was registered again since.

    Lock order: the device before its pushes, as in queue_pushes.
    """
    as_seen = (
        Device.session.is_not_distinct_from(device.session),
        Device.expires_at.is_not_distinct_from(device.expires_at),
    )
    with transaction() as session:
        session.execute(delete(Device).where(Device.id == device.id, *as_seen))


def _is_authorised(device: Device, now: datetime) -> bool:
    """Return whether the login that registered the device still lasts. A token takes its devices with it."""
    if device.expires_at is not None and device.expires_at <= now:
        return False
    return device.session is None or session_lasts(device.session, now=now)


def _claim(push_id: str, now: datetime) -> Push | None:
    """Claim a push, in the caller's transaction. None: not due, or claimed by somebody else."""
    row = claims.claim(Push, push_id, now=now, lease=LEASE, returning=(Push,), state=SENDING, claim=new_id())
    if row is None:
        return None
    push: Push = row[0]
    # Keep what was claimed: another worker may settle or claim the row while this one sends.
    db.session.expunge(push)
    return push


def _settle(push: Push, state: str, **values: Any) -> str | None:
    """Write down how this claim ended, unless the notification has counted up and waits for its next push."""
    # Not by `attempts`, as with mails: it begins again at 0 when the notification counts up.
    with transaction():
        return claims.settle(Push, push.id, state=state, claimed={"claim": push.claim}, **values)


def send_all(*, push_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Send these pushes one after the other. Return push id -> state, without those that were not claimed."""
    states = each_safely(
        push_ids,
        lambda push_id: send(push_id=push_id, now=now),
        lambda push_id: _postpone(push_id, now),
        what="push",
    )
    return {push_id: state for push_id, state in zip(push_ids, states, strict=True) if state is not None}


def _postpone(push_id: str, now: datetime) -> None:
    with transaction():
        claims.postpone(Push, push_id, until=now + RETRIES.max_pause, states=(QUEUED,))


@waits_for_others
def sweep(now: datetime) -> dict[str, int]:
    """Send the pushes that are due, delete expired devices, and call unknown what a crash left.

    Return counts by state.
    """
    with transaction() as session:
        # Lock order: devices before their pushes, as in queue_pushes.
        session.execute(delete(Device).where(Device.expires_at <= now))
        crashed = claims.mark_unknown(Push, now=now, reason=CRASHED)
    due = select(Push.id).where(Push.state == QUEUED, Push.due_at <= now).order_by(Push.due_at).limit(BATCH)
    ended = Counter(send_all(push_ids=list(db.session.execute(due).scalars()), now=now).values())
    ended[UNKNOWN] += crashed
    return {f"pushes_{state}": ended[state] for state in (SENT, SKIPPED, QUEUED, FAILED, UNKNOWN)}
