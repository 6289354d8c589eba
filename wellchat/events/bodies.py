"""Make what is sent to a webhook: the event, with the words of its message where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from wellchat.db import db
from wellchat.events.models import HostEvent, Webhook
from wellchat.events.queries import events_json
from wellchat.graphemes import cut
from wellchat.messaging.models import Message
from wellchat.messaging.shown import hidden_in, shown_body
from wellchat.sealing import unseal

MAX_BODY = 20_000  # bytes of one call
WITH_WORDS = ("message.sent", "message.edited")
USE = "events.webhook"


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """Return the secrets that sign: the present one, and the one before it while a rotation lasts.

    Raises Unreadable where the SECRET_KEY was lost.
    """
    sealed = [webhook.secret]
    if webhook.old_secret and webhook.old_secret_until and webhook.old_secret_until > now:
        sealed.append(webhook.old_secret)
    return [unseal(each, use=USE, owner=webhook.id) for each in sealed]


def bodies(events: Sequence[HostEvent], *, include_body: bool) -> list[bytes]:
    """Return the JSON of each event. Two statements, however many there are."""
    found = events_json(events)
    words = _words(events) if include_body else {}
    for event in found:
        if include_body and event["type"] in WITH_WORDS:
            # As it is now: None for one that was deleted since.
            event["data"]["body"] = words.get((event["data"]["thread"], event["data"]["seq"]))
    return [_encode(event) for event in found]


def _words(events: Sequence[HostEvent]) -> dict[tuple[str, int], str | None]:
    keys = [(each.data["thread"], each.data["seq"]) for each in events if each.type in WITH_WORDS]
    if not keys:
        return {}
    query = select(Message.thread_id, Message.seq, Message.sender_id, Message.body)
    rows = db.session.execute(query.where(tuple_(Message.thread_id, Message.seq).in_(keys))).all()
    hidden = hidden_in(rows)
    return {(row.thread_id, row.seq): shown_body(row, None, hidden) for row in rows}


def _encode(event: dict[str, Any]) -> bytes:
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) <= MAX_BODY:
        return text
    # Only words can be so long. A letter takes at most six bytes, as in \u0001.
    event["data"] |= {"body": cut(event["data"]["body"], (MAX_BODY - 2_000) // 6), "body_cut": True}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
