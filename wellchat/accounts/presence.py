"""Write down when a person acted last, and which thread they look at: seldom, whatever they do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from wellchat.accounts.models import Presence
from wellchat.config import setting
from wellchat.db import db, insert, transaction

TOUCH_EVERY = timedelta(seconds=20)  # at most one presence write per person and process
CLOCKS_DIFFER = timedelta(minutes=1)  # the clocks of two machines, at most
MAX_TOUCHED = 10_000  # people that a process remembers

_touched: dict[str, tuple[datetime, str | None]] = {}


def _touch_every() -> timedelta:
    """Return how often somebody is written down: often enough that nobody active seems away."""
    return min(TOUCH_EVERY, timedelta(seconds=setting("AWAY_AFTER")) / 4)


def presence_known(*, user_id: str, now: datetime, thread_id: str | None) -> tuple[float, Callable[[], bool]]:
    """Return for how many seconds touching them again writes nothing, and what says whether that still holds.

    It ends early where they open another thread.
    """
    touch = _touched.get(user_id)
    if touch is None or touch[1] != thread_id or touch[0] > now:
        return 0.0, lambda: False
    left = touch[0] + _touch_every() - now
    return left.total_seconds(), lambda: _touched.get(user_id) is touch


def touch_presence(
    *, user_id: str, now: datetime, thread_id: str | None = None, same_thread: bool = False
) -> None:
    """Record that the person acted just now, with `thread_id` open, or none.

    With `same_thread` nobody knows what they see, as in a JSON call: a thread that they look at stays, but
    not for longer than before. It writes only if some time has passed or the thread changed.
    """
    away_after, seldom = timedelta(seconds=setting("AWAY_AFTER")), _touch_every()
    keys = (user_id, f"{user_id} by call") if same_thread else (user_id,)
    for last_at, last_thread in (_touched[key] for key in keys if key in _touched):
        # A clock that was ahead has been set back where the last time lies before this one.
        if last_at <= now < last_at + seldom and (same_thread or thread_id == last_thread):
            return
    changed: Any = Presence.seen_at <= now
    if same_thread:
        thread_id = None
        changed &= Presence.thread_id.is_(None) | (Presence.seen_at <= now - away_after)
    with transaction() as session:
        # `where seen_at <= now`: a slower process must not move the time back.
        session.execute(
            insert(Presence)
            .values(user_id=user_id, seen_at=now, thread_id=thread_id)
            .on_conflict_do_update(
                index_elements=[Presence.user_id],
                set_={"seen_at": now, "thread_id": thread_id},
                where=changed,
            )
        )
    # A simple bound on memory: forgetting everybody costs one extra write per person.
    if len(_touched) >= MAX_TOUCHED:
        _touched.clear()
    _touched[keys[-1]] = (now, thread_id)


def sweep(now: datetime) -> dict[str, int]:
    """Mend what was written while the clock of a process was ahead. Return how many people that were.

    They would count as present, and be told nothing, until that time has come.
    """
    ahead = Presence.seen_at > now + CLOCKS_DIFFER
    if db.session.execute(select(Presence.user_id).where(ahead).limit(1)).first() is None:
        return {"presences_mended": 0}
    with transaction() as session:
        mended = session.execute(update(Presence).where(ahead).values(seen_at=now))
        return {"presences_mended": mended.rowcount}  # type: ignore[attr-defined]
