"""Read webhooks, what was sent to them, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.events.models import HostEvent, Webhook, WebhookAttempt, WebhookDelivery


def webhooks() -> Sequence[Webhook]:
    """Return all webhooks, oldest first."""
    query = select(Webhook).order_by(Webhook.made_at, Webhook.id)
    return db.session.execute(query.execution_options(populate_existing=True)).scalars().all()


def webhook(webhook_id: str) -> Webhook:
    """Return one webhook. Raises NotFound."""
    found = db.session.get(Webhook, webhook_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def webhook_json(each: Webhook) -> dict[str, Any]:
    """Return a webhook as the host sees it. Its secret was shown once, and never is again."""
    return {
        "id": each.id,
        "url": each.url,
        "types": each.types,
        "description": each.description,
        "include_body": each.include_body,
        "skip_own": each.skip_own,
        "enabled": each.disabled_at is None,
        "disabled_because": each.disabled_because,
        "failing_since": iso(each.failing_since),
        "succeeded_at": iso(each.succeeded_at),
        "made_at": iso(each.made_at),
    }


class Sent(NamedTuple):
    """A delivery, its event, and its tries, oldest first."""

    delivery: WebhookDelivery
    event_type: str
    attempts: Sequence[WebhookAttempt]


def deliveries(
    webhook_id: str, *, state: str | None, after: int = 0, limit: int, latest_first: bool = False
) -> tuple[list[Sent], int | None]:
    """Return (what was sent to a webhook, in the order of the events, the number to go on after or None).

    With `latest_first`, the latest `limit`. Two statements.
    """
    query = (
        select(WebhookDelivery, HostEvent.type)
        .join(HostEvent, HostEvent.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.seq > after)
        .execution_options(populate_existing=True)
    )
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    query = query.order_by(WebhookDelivery.seq.desc() if latest_first else WebhookDelivery.seq)
    rows = db.session.execute(query.limit(limit + 1)).all()
    tries: dict[str, list[WebhookAttempt]] = {row[0].id: [] for row in rows[:limit]}
    of_these = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(list(tries)))
    for attempt in db.session.execute(of_these.order_by(WebhookAttempt.at, WebhookAttempt.id)).scalars():
        tries[attempt.delivery_id].append(attempt)
    found = [Sent(row[0], row[1], tries[row[0].id]) for row in rows[:limit]]
    return found, found[-1].delivery.seq if len(rows) > limit else None


def delivery_json(sent: Sent) -> dict[str, Any]:
    """Return a delivery with each try."""
    each = sent.delivery
    return {
        "event": each.event_id,
        "type": sent.event_type,
        "seq": each.seq,
        "state": each.state,
        "due_at": iso(each.due_at),
        "ended_at": iso(each.ended_at),
        "attempts": [
            {
                "at": iso(one.at),
                "status": one.status,
                "ms": one.ms,
                "error": one.error,
                "answer": one.answer,
            }
            for one in sent.attempts
        ],
    }
