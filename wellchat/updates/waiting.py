"""Waiting for news without holding anything but a thread."""

from __future__ import annotations

import time

from wellchat.bell import the_bell
from wellchat.changes.queries import heads
from wellchat.config import setting
from wellchat.db import db


def wait_for_news(user_id: str, seq: int, seconds: float) -> bool:
    """Sleep until the log of `user_id` passes `seq`. False at the end of `seconds`, or when the server closes.

    No database connection is held meanwhile. Listening comes before reading the log: what changes in between has
    already set the event.
    """
    bell = the_bell()
    if bell.waiting >= _most_waiting():
        return False  # degrade to short polls rather than starve everybody else
    deadline = time.monotonic() + seconds
    with bell.listening(user_id, seq) as waiter:
        while True:
            found = heads([user_id]).get(user_id, 0) > seq
            db.session.remove()
            left = deadline - time.monotonic()
            if found or left <= 0 or bell.closing.is_set():
                return found
            waiter.event.wait(left)
            waiter.event.clear()


def _most_waiting() -> int:
    return int(setting("MAX_WAITING")) or int(setting("THREADS")) * 3 // 4
