"""Make, change and end webhooks, and send events again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from wellchat import outbound
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.claims import FAILED, QUEUED
from wellchat.config import setting
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.events.bodies import USE
from wellchat.events.models import (
    BY_HAND,
    PING,
    HostEvent,
    HostEventState,
    Webhook,
    WebhookDelivery,
)
from wellchat.events.numbering import number
from wellchat.events.queries import events_between
from wellchat.events.recording import write_event
from wellchat.events.signing import new_secret
from wellchat.feature import registry
from wellchat.i18n import gettext
from wellchat.sealing import seal
from wellchat.task_queue import enqueue

MAX_WEBHOOKS = 20
MAX_URL = 1000
MAX_GRACE = 168  # hours that the old secret goes on signing
MAX_RESENT = 10_000  # events of one call
BATCH = 500


@dataclass(frozen=True)
class Wanted:
    """The wanted fields of a webhook. `types` is None for every type."""

    url: str
    types: tuple[str, ...] | None = None
    description: str = ""
    include_body: bool = False
    skip_own: bool = False

    def checked(self) -> Wanted:
        """Return it. Raises Invalid for an address that may not be called, and for unknown types."""
        try:
            outbound.check_address(self.url[: MAX_URL + 1], reach())
        except outbound.NotAllowed as error:
            raise Invalid({"url": str(error)}) from None
        if len(self.url) > MAX_URL:
            raise Invalid({"url": gettext("At most %(num)s characters.", num=MAX_URL)})
        unknown = sorted(set(self.types or ()) - set(registry().events))
        if unknown or self.types == ():
            text = gettext(
                "Name at least one type of: %(types)s.", types=", ".join(sorted(registry().events))
            )
            raise Invalid({"types": text})
        return self

    def values(self) -> dict[str, Any]:
        return {**vars(self), "types": sorted(set(self.types)) if self.types else None}


def reach() -> outbound.Reach:
    """Return which addresses webhooks may be at."""
    ports = tuple(int(port) for port in setting("WEBHOOK_PORTS"))
    return outbound.Reach(ports=ports, anywhere=setting("WEBHOOK_ANYWHERE"))


def create(*, wanted: Wanted, now: datetime, key_id: str | None = None, **who: Any) -> tuple[Webhook, str]:
    """Make a webhook that is sent what happens from now on. Return (it, its secret, which is shown once).

    `who` is for the security log. Raises Invalid, and Conflict where there are MAX_WEBHOOKS.
    """
    values = wanted.checked().values()
    secret, webhook_id = new_secret(), new_id()
    with transaction() as session:
        # What happened before is not sent.
        number(now)
        # The row of the log is the lock, so that two at once do not make one too many.
        head = session.execute(select(HostEventState.seq).with_for_update()).scalar_one()
        if session.execute(select(func.count()).select_from(Webhook)).scalar_one() >= MAX_WEBHOOKS:
            raise Conflict(gettext("There are %(num)s webhooks already. End one first.", num=MAX_WEBHOOKS))
        sealed = seal(secret, use=USE, owner=webhook_id)
        webhook = Webhook(
            id=webhook_id,
            secret=sealed,
            seq=head,
            made_at=now,
            made_by_key=key_id,
            failures=0,
            told=0,
            **values,
        )
        session.add(webhook)
        session.flush()
        record("webhook.created", now=now, about=("webhook", webhook_id), **who)
    return webhook, secret


def locked(webhook_id: str) -> Webhook:
    """Return a webhook, locked until the end of the transaction. Raises NotFound."""
    found = db.session.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
    if found is None:
        raise NotFound
    return found


def change(*, webhook_id: str, wanted: Wanted, now: datetime, **who: Any) -> tuple[Webhook, list[str]]:
    """Change a webhook. Return (it, the names of what changed). Raises NotFound and Invalid."""
    with transaction():
        webhook = locked(webhook_id)
        values = wanted.checked().values()
        changed = sorted(name for name, value in values.items() if getattr(webhook, name) != value)
        for name in changed:
            setattr(webhook, name, values[name])
        if changed:
            detail = {"changed": " ".join(changed)}
            record("webhook.changed", now=now, about=("webhook", webhook_id), detail=detail, **who)
    return webhook, changed


def end(*, webhook_id: str, now: datetime, **who: Any) -> None:
    """Delete a webhook with its deliveries. Raises NotFound."""
    with transaction() as session:
        locked(webhook_id)
        session.execute(delete(Webhook).where(Webhook.id == webhook_id))
        record("webhook.ended", now=now, about=("webhook", webhook_id), **who)


def rotate(*, webhook_id: str, grace_hours: int, now: datetime, **who: Any) -> str:
    """Give a webhook a new secret, and return it. The old one goes on signing beside it for a while.

    Raises NotFound, and Invalid for more than MAX_GRACE hours.
    """
    if not 0 <= grace_hours <= MAX_GRACE:
        raise Invalid({"grace_hours": gettext("From 0 to %(num)s hours.", num=MAX_GRACE)})
    secret = new_secret()
    with transaction():
        webhook = locked(webhook_id)
        webhook.old_secret = webhook.secret if grace_hours else None
        webhook.old_secret_until = now + timedelta(hours=grace_hours) if grace_hours else None
        webhook.secret = seal(secret, use=USE, owner=webhook_id)
        record("webhook.rotated", now=now, about=("webhook", webhook_id), **who)
    return secret


def ping(*, webhook_id: str, now: datetime) -> str:
    """Send a webhook an event of the type `ping`. Return the id of the event.

    Raises NotFound, and Conflict for a disabled one.
    """
    with transaction():
        if locked(webhook_id).disabled_at is not None:
            raise Conflict(gettext("This webhook is disabled. Enable it first."))
        return str(write_event(PING, {"webhook": webhook_id}, now))


def disable(*, webhook_id: str, because: str = BY_HAND, now: datetime, **who: Any) -> bool:
    """Send a webhook nothing more; what waits for it has failed. Return False if it was disabled already."""
    with transaction() as session:
        webhook = locked(webhook_id)
        if webhook.disabled_at is not None:
            return False
        webhook.disabled_at, webhook.disabled_because = now, because
        waits = (WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.state == QUEUED)
        session.execute(update(WebhookDelivery).where(*waits).values(state=FAILED, due_at=None, ended_at=now))
        if because != BY_HAND:
            who = {"actor_kind": SYSTEM}
        detail = {"because": because}
        record("webhook.disabled", now=now, about=("webhook", webhook_id), detail=detail, **who)
    return True


def enable(*, webhook_id: str, now: datetime, **who: Any) -> None:
    """Send a webhook what happens from now on, first of all a ping. `resend` fills the gap.

    Raises NotFound. One that is enabled stays as it is.
    """
    with transaction() as session:
        webhook = locked(webhook_id)
        if webhook.disabled_at is None:
            return
        webhook.disabled_at = webhook.disabled_because = webhook.failing_since = webhook.probe_at = None
        webhook.failures = webhook.told = 0
        number(now)
        webhook.seq = session.execute(select(HostEventState.seq)).scalar_one()
        record("webhook.enabled", now=now, about=("webhook", webhook_id), **who)
        session.flush()
        ping(webhook_id=webhook_id, now=now)


def resend(
    *,
    webhook_id: str,
    now: datetime,
    event_id: str | None = None,
    first: int | None = None,
    last: int | None = None,
    **who: Any,
) -> int:
    """Queue one event again, or all from the number `first` to `last`. Return how many.

    Raises NotFound, Invalid for a range of more than MAX_RESENT events, Conflict for a disabled webhook.
    """
    with transaction() as session:
        webhook = locked(webhook_id)
        if webhook.disabled_at is not None:
            raise Conflict(gettext("This webhook is disabled. Enable it first."))
        if event_id is not None:
            found = session.execute(
                select(HostEvent).where(HostEvent.id == event_id, HostEvent.seq.is_not(None))
            )
            event = found.scalar_one_or_none()
            if event is None:
                raise NotFound(gettext("There is no such event any more."))
            queue(webhook, [(event.id, event.seq or 0)], now)
            return 1
        # Later ones are queued by themselves.
        last = min(webhook.seq if last is None else last, webhook.seq)
        first = 1 if first is None else first
        if last - first >= MAX_RESENT:
            raise Invalid({"from": gettext("At most %(num)s events at once.", num=MAX_RESENT)})
        queued = sum(_requeue(webhook, first - 1, last, now))
        record("webhook.resent", now=now, about=("webhook", webhook_id), detail={"events": queued}, **who)
    return queued


def _requeue(webhook: Webhook, after: int, last: int, now: datetime) -> Iterator[int]:
    while rows := events_between(after, last, limit=BATCH):
        wanted = [(row.id, row.seq) for row in rows if is_wanted(webhook, row)]
        queue(webhook, wanted, now)
        yield len(wanted)
        after = rows[-1].seq


def is_wanted(webhook: Webhook, event: Any) -> bool:
    """Return whether a webhook is sent this event."""
    if event.type == PING:
        return bool(event.data.get("webhook") == webhook.id)
    if webhook.skip_own and event.cause is not None and event.cause == webhook.made_by_key:
        return False
    return webhook.types is None or event.type in webhook.types


def queue(webhook: Webhook, events: Sequence[tuple[str, int]], now: datetime) -> None:
    """Put down that these events (id, number) are to be sent, as if for the first time."""
    if not events:
        return
    again = {"state": QUEUED, "attempts": 0, "due_at": now, "ended_at": None}
    rows = [
        {"id": new_id(), "webhook_id": webhook.id, "event_id": event_id, "seq": seq, **again}
        for event_id, seq in events
    ]
    fresh = insert(WebhookDelivery).values(rows)
    db.session.execute(fresh.on_conflict_do_update(index_elements=["webhook_id", "event_id"], set_=again))
    enqueue("events.deliver")
