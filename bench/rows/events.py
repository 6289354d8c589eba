"""Measure what an event costs a send: the same action with events on and off, in one process by turns."""

from __future__ import annotations

import secrets
import time
from itertools import cycle

from bench.stage import Stage
from bench.table import Row, alternate, rate_row
from wellchat.accounts.models import User
from wellchat.clock import now
from wellchat.db import db
from wellchat.event_types import tell_host
from wellchat.events.recording import write_event
from wellchat.feature import registry
from wellchat.messaging.messages import send_message

GOAL = 0.85
THREADS = 50


def measure(stage: Stage) -> list[Row]:
    pairs = stage.pairs("small", THREADS)
    with stage.app("small").app_context():
        places = cycle([(db.session.get_one(User, pair.client_id), pair.thread_id) for pair in pairs])

        def rate(*handlers: object) -> float:
            registry().handlers[tell_host.name] = handlers  # type: ignore[assignment]
            began = time.perf_counter()
            sent = 0
            while time.perf_counter() - began < stage.seconds:
                sender, thread_id = next(places)
                key = secrets.token_hex(8)
                send_message(
                    sender=sender, thread_id=thread_id, body="See you at nine.", client_key=key, now=now()
                )
                sent += 1
            return sent / (time.perf_counter() - began)

        rates = alternate(stage.rounds, lambda: rate(write_event), rate)
        db.session.remove()
        db.engine.dispose()
    return [rate_row("events", "send, each with an event for the host", *rates, GOAL, "without events")]
