"""Send webhooks: put down which event goes where, then try until it arrives, over three days.

Every webhook is sent by one run at a time. A run claims the webhook's row for a while and says so again with
each round. What it had in its hands when it crashed is sent again: the receiver tells by the event's id.
While a receiver fails, one event at a time is tried, so that a receiver that is down is not flooded, and so
that one event that it cannot take does not keep the others back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update

from wellchat.aside import waits_for_others
from wellchat.claims import FAILED, QUEUED, SENT, each_safely
from wellchat.db import db, new_id, release_connection, transaction
from wellchat.events import bodies, signing
from wellchat.events.calling import AT_ONCE, PAUSES, Call, Outcome, pause_after, send
from wellchat.events.models import (
    GONE,
    HostEvent,
    HostEventState,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from wellchat.events.numbering import number
from wellchat.events.queries import events_between
from wellchat.events.webhooks import disable, is_wanted, queue, reach

PER_SECOND = 20  # calls to one webhook
RUN_FOR = 20.0  # seconds; then the others have their turn
BATCH = 500
BUSY_FOR = timedelta(seconds=90)  # longer than a round: a lookup of a name, and TIMEOUT


@waits_for_others
def sweep(now: datetime) -> dict[str, int]:
    """Number what was written, and send what is due. Return how many events were numbered and sent."""
    numbered = number(now)
    enabled = select(Webhook.id).where(Webhook.disabled_at.is_(None)).order_by(Webhook.id)
    ids = db.session.execute(enabled).scalars().all()
    sent = each_safely(ids, lambda webhook_id: run(webhook_id, now), lambda _: 0, what="webhook")
    return {"events_numbered": numbered, "webhooks_sent": sum(sent)}


def run(webhook_id: str, now: datetime) -> int:
    """Send one webhook what is due, unless another run does. Return how many events arrived."""
    began = time.monotonic()
    run_id, arrived = new_id(), 0
    if not _claim(webhook_id, run_id, now):
        return 0
    try:
        while (elapsed := time.monotonic() - began) < RUN_FOR:
            moment = now + timedelta(seconds=elapsed)
            _put_down(webhook_id, moment)
            calls = _next_calls(webhook_id, run_id, moment)
            if not calls:
                break
            # A slow receiver must not hold a database connection.
            release_connection()
            outcomes = send(calls, reach(), moment)
            arrived += _settle(webhook_id, run_id, calls, outcomes, moment)
            _pace(len(calls), time.monotonic() - began - elapsed)
    finally:
        _let_go(webhook_id, run_id)
    return arrived


def _pace(calls: int, took: float) -> None:
    """After an outage many wait. They are sent at a pace that the receiver bears."""
    if (rest := calls / PER_SECOND - took) > 0:
        time.sleep(rest)


def _claim(webhook_id: str, run_id: str, now: datetime) -> bool:
    # What is busy until a time that no run could have set comes of a clock that went back.
    is_free = or_(
        Webhook.busy_until.is_(None), Webhook.busy_until <= now, Webhook.busy_until > now + BUSY_FOR
    )
    with transaction() as session:
        free = update(Webhook).where(Webhook.id == webhook_id, Webhook.disabled_at.is_(None), is_free)
        claimed = free.values(busy_until=now + BUSY_FOR, run=run_id).returning(Webhook.id)
        done = session.execute(claimed.execution_options(synchronize_session=False))
        return done.scalar_one_or_none() is not None


def _let_go(webhook_id: str, run_id: str) -> None:
    with transaction() as session:
        mine = update(Webhook).where(Webhook.id == webhook_id, Webhook.run == run_id)
        session.execute(mine.values(busy_until=None, run=None).execution_options(synchronize_session=False))


def _put_down(webhook_id: str, now: datetime) -> None:
    """Queue the events that the webhook is to be sent, up to the last that has a number."""
    ahead = select(Webhook.id).join(HostEventState, HostEventState.seq > Webhook.seq)
    while db.session.execute(ahead.where(Webhook.id == webhook_id)).first() is not None:
        with transaction() as session:
            webhook = session.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
            head = session.execute(select(HostEventState.seq)).scalar_one()
            if webhook is None:
                return
            rows = events_between(webhook.seq, head, limit=BATCH)
            queue(webhook, [(row.id, row.seq) for row in rows if is_wanted(webhook, row)], now)
            # Numbers have no gaps but where events were deleted for their age.
            webhook.seq = rows[-1].seq if rows else head


def _next_calls(webhook_id: str, run_id: str, now: datetime) -> list[Call]:
    """Return what is sent next, and say again that this run does it. Empty if nothing is due."""
    with transaction() as session:
        webhook = session.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
        if webhook is None or webhook.disabled_at is not None or webhook.run != run_id:
            return []
        webhook.busy_until = now + BUSY_FOR
        if webhook.failing_since is not None and webhook.probe_at is not None and webhook.probe_at > now:
            return []
        query = (
            select(WebhookDelivery, HostEvent)
            .join(HostEvent, HostEvent.id == WebhookDelivery.event_id)
            .where(
                WebhookDelivery.webhook_id == webhook_id,
                WebhookDelivery.state == QUEUED,
                WebhookDelivery.due_at <= now,
            )
            .execution_options(populate_existing=True)
        )
        if webhook.failing_since is not None:
            # The oldest of those tried least: one that the receiver cannot take keeps nobody back.
            query = query.order_by(WebhookDelivery.attempts, WebhookDelivery.seq).limit(1)
        else:
            query = query.order_by(WebhookDelivery.seq).limit(AT_ONCE)
        rows = session.execute(query).all()
        return _as_calls(webhook, [(each[0], each[1]) for each in rows], now)


def _as_calls(
    webhook: Webhook, rows: Sequence[tuple[WebhookDelivery, HostEvent]], now: datetime
) -> list[Call]:
    timestamp = int(now.timestamp())
    secrets = bodies.secrets_of(webhook, now)
    texts = bodies.bodies([event for _, event in rows], include_body=webhook.include_body)
    calls = []
    for (delivery, event), body in zip(rows, texts, strict=True):
        signed = signing.headers(secrets, webhook_id=event.id, timestamp=timestamp, body=body)
        calls.append(Call(delivery, webhook.url, body, {"Content-Type": "application/json", **signed}))
    return calls


def _settle(
    webhook_id: str, run_id: str, calls: Sequence[Call], outcomes: Sequence[Outcome], now: datetime
) -> int:
    """Write down how a round ended. Return how many arrived."""
    with transaction() as session:
        webhook = session.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
        if webhook is None:
            return 0
        for call, outcome in zip(calls, outcomes, strict=True):
            _settle_one(call.delivery, outcome, now)
        arrived = sum(outcome.is_success for outcome in outcomes)
        if arrived:
            webhook.failing_since = webhook.probe_at = None
            webhook.failures = webhook.told = 0
            webhook.succeeded_at = now
        else:
            webhook.failing_since = webhook.failing_since or now
            webhook.failures += 1
            asked = max((outcome.retry_after or 0 for outcome in outcomes), default=0)
            pause = pause_after(min(webhook.failures, len(PAUSES)), asked)
            webhook.probe_at = now + (pause or PAUSES[-1])
        session.flush()
        if any(outcome.status == 410 for outcome in outcomes):
            disable(webhook_id=webhook_id, because=GONE, now=now)
    return arrived


def _settle_one(delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    pause = None if outcome.is_success else pause_after(delivery.attempts + 1, outcome.retry_after)
    state = SENT if outcome.is_success else QUEUED if pause else FAILED
    # Only as this run found it: it may have been queued anew, or its webhook disabled, since.
    same = and_(WebhookDelivery.state == QUEUED, WebhookDelivery.attempts == delivery.attempts)
    values = {
        "state": state,
        "attempts": delivery.attempts + 1,
        "due_at": now + pause if pause else None,
        "ended_at": None if state == QUEUED else now,
    }
    db.session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery.id, same)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    there = select(WebhookDelivery.id).where(WebhookDelivery.id == delivery.id).with_for_update(read=True)
    if db.session.execute(there).first() is not None:
        db.session.add(
            WebhookAttempt(
                delivery_id=delivery.id,
                at=now,
                status=outcome.status,
                ms=outcome.ms,
                error=outcome.error,
                answer=outcome.answer,
            )
        )
