"""Sending pushes: written down first, then sent at most once, as mails are.

Claim the row and decide, in one transaction; hand it over; mark. What a crash leaves between the last two may be on the
screen already: it becomes `unknown`, and is sent again only with the next message that counts its record up.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from wellchat.accounts.queries import user_by_session
from wellchat.db import current_transaction, db, insert, new_id, release_connection, transaction
from wellchat.notifications.models import Notification
from wellchat.push import web_push
from wellchat.push.compose import compose, headers
from wellchat.push.decide import decide
from wellchat.push.models import FAILED, QUEUED, SENDING, SENT, SKIPPED, UNKNOWN, Device, Push
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # a claim older than this was left by a crash
RETRY_FOR = timedelta(days=1)  # of temporary refusals; the email has told them by then
FIRST_PAUSE, MAX_PAUSE = timedelta(seconds=30), timedelta(hours=1)
BATCH = 500  # pushes of one sweep
CRASHED = "A crash came between sending and marking. It may have arrived."


def queue_pushes(user_id: str, notification_id: str, now: datetime) -> None:
    """A record was made or counted up: it is to be on each device of its owner, in the transaction at hand."""
    with transaction() as session:
        # Held, so that a device that is removed meanwhile takes its pushes with it and not the telling.
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
    """Send one push, if it is due and nobody else has it. Answers the state it is in afterwards; None: not ours.

    Not inside a transaction: the claim must be durable before the first byte leaves.
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
    """Outside of any transaction: a slow push service must not hold a database connection."""
    release_connection()
    try:
        web_push.post(endpoint, body, request)
    except web_push.Temporary as refusal:
        return _settle_temporary(push, refusal, now)
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
    """Unless it has been given another address meanwhile."""
    with transaction() as session:
        session.execute(delete(Device).where(Device.id == device_id, Device.endpoint == endpoint))


def _delete_device(device: Device) -> None:
    """Unless it was registered anew. It goes before its pushes, as whoever tells of something locks them."""
    as_seen = (
        Device.session.is_not_distinct_from(device.session),
        Device.expires_at.is_not_distinct_from(device.expires_at),
    )
    with transaction() as session:
        session.execute(delete(Device).where(Device.id == device.id, *as_seen))


def _is_authorised(device: Device, now: datetime) -> bool:
    """A device is only theirs while the session it was registered in goes on; a token takes its devices with it."""
    if device.expires_at is not None and device.expires_at <= now:
        return False
    return device.session is None or user_by_session(device.session, now=now) is not None


def _claim(push_id: str, now: datetime) -> Push | None:
    session = db.session()
    claimed = session.execute(
        update(Push)
        .where(Push.id == push_id, Push.state == QUEUED, Push.due_at <= now)
        .values(state=SENDING, claim=new_id(), attempts=Push.attempts + 1, due_at=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount == 0:  # type: ignore[attr-defined]
        return None
    push = session.get_one(Push, push_id, populate_existing=True)
    session.expunge(push)  # what was claimed, whatever becomes of the row
    return push


def _settle(push: Push, state: str, **values: Any) -> str | None:
    """Say how this very attempt ended; not where the record has counted up meanwhile, and waits for its next push."""
    values.setdefault("due_at", None)
    with transaction() as session:
        settled = session.execute(
            update(Push)
            .where(Push.id == push.id, Push.state.in_((SENDING, UNKNOWN)), Push.claim == push.claim)
            .values(state=state, **values)
            .execution_options(synchronize_session=False)
        )
    return state if settled.rowcount else None  # type: ignore[attr-defined]


def _settle_temporary(push: Push, refusal: web_push.Temporary, now: datetime) -> str | None:
    if now - push.told_at > RETRY_FOR:
        return _settle(push, FAILED, reason=f"Given up after {push.attempts} tries. {refusal}")
    pause = min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(push.attempts - 1, 10))
    if refusal.after is not None:
        pause = max(pause, timedelta(seconds=refusal.after))
    return _settle(push, QUEUED, reason=f"Try {push.attempts} was put off. {refusal}", due_at=now + pause)


def send_all(*, push_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Send these, one after the other; one that cannot be made harms no other. Answers the state each is in."""
    ended: dict[str, str] = {}
    for push_id in push_ids:
        try:
            if (state := send(push_id=push_id, now=now)) is not None:
                ended[push_id] = state
        except Exception:
            log.exception("push %s could not be made", push_id)
            _postpone(push_id, now)
    return ended


def _postpone(push_id: str, now: datetime) -> None:
    with transaction() as session:
        again = update(Push).where(Push.id == push_id, Push.state == QUEUED).values(due_at=now + MAX_PAUSE)
        session.execute(again)


def sweep(now: datetime) -> dict[str, int]:
    """Send what is due, call unknown what a crash left in `sending`, and forget subscriptions that have run out."""
    with transaction() as session:
        # Devices before their pushes, as whoever tells of something locks them.
        session.execute(delete(Device).where(Device.expires_at <= now))
        stuck = session.execute(
            update(Push)
            .where(Push.state == SENDING, Push.due_at <= now)
            .values(state=UNKNOWN, due_at=None, reason=CRASHED)
            .execution_options(synchronize_session=False)
        )
    due = select(Push.id).where(Push.state == QUEUED, Push.due_at <= now).order_by(Push.due_at).limit(BATCH)
    ended = Counter(send_all(push_ids=list(db.session.execute(due).scalars()), now=now).values())
    ended[UNKNOWN] += stuck.rowcount  # type: ignore[attr-defined]
    return {f"pushes_{state}": ended[state] for state in (SENT, SKIPPED, QUEUED, FAILED, UNKNOWN)}
