"""Writing change logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from wellchat.changes.models import CORE_KINDS, Change, ChangeLog, Epoch
from wellchat.db import (
    after_commit,
    before_commit,
    current_transaction,
    db,
    execute,
    new_id,
    table,
    transaction,
)
from wellchat.feature import FeatureError, registry
from wellchat.longpoll import wakeups


class PendingChange(NamedTuple):
    """A thing that changed, not numbered yet."""

    kind: str
    thread_id: str | None = None
    message_seq: int | None = None
    notification_id: str | None = None
    ref_id: str | None = None


def record_change(
    *,
    user_id: str,
    kind: str,
    thread_id: str | None = None,
    message_seq: int | None = None,
    notification_id: str | None = None,
    ref_id: str | None = None,
) -> None:
    """Note that something on the screen of `user_id` is not what it was. Call inside `transaction()`.

    The number is taken last, just before commit, so that the counter's lock is held for as short as can be; all
    users of one transaction are numbered together, in ascending order, so that no two transactions wait for
    each other. `ref_id` is the id of what changed, for a kind that a feature declares (`Feature.changes`). Raises
    FeatureError for any other kind that is not of the core.
    """
    if kind not in CORE_KINDS and kind not in registry().changes:
        raise FeatureError(f"there is no kind of change {kind!r}; declare it in the `changes` of its feature")
    _pending().changes.setdefault(user_id, {})[
        PendingChange(kind, thread_id, message_seq, notification_id, ref_id)
    ] = None


def acknowledge_changes(*, user_id: str, seq: int) -> None:
    """Record that all changes of this user's log up to `seq` have arrived. Call inside `transaction()`.

    It locks the log as a change does, so it waits for its turn in the same order.
    """
    _pending().acknowledged[user_id] = seq


@dataclass
class _PendingChanges:
    """What one transaction has yet to write into logs, by user id."""

    changes: dict[str, dict[PendingChange, None]] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)


def _pending() -> _PendingChanges:
    current = current_transaction()
    if current is None:
        raise RuntimeError("a change outside transaction()")
    if "changes" not in current.notes:
        current.notes["changes"] = _PendingChanges()
        before_commit(_write_logs)
    pending: _PendingChanges = current.notes["changes"]
    return pending


ACKNOWLEDGE = (
    update(table(ChangeLog))
    .where(ChangeLog.user_id == bindparam("whose"), ChangeLog.acked_seq < bindparam("up_to"))
    .values(acked_seq=bindparam("up_to"))
)
ALLOCATE_NUMBERS = (
    update(table(ChangeLog))
    .where(ChangeLog.user_id == bindparam("whose"))
    .values(last_seq=ChangeLog.last_seq + bindparam("count"))
    .returning(ChangeLog.last_seq)
)
INSERT_CHANGE = insert(table(Change))


def _write_logs() -> None:
    current = current_transaction()
    assert current is not None
    heads: dict[str, int] = {}
    rows: list[dict[str, object]] = []
    pending: _PendingChanges = current.notes.pop("changes")
    for user_id in sorted(pending.changes.keys() | pending.acknowledged.keys()):
        if (seq := pending.acknowledged.get(user_id)) is not None:
            execute(ACKNOWLEDGE, {"whose": user_id, "up_to": seq})
        if (changes := pending.changes.get(user_id)) is None:
            continue
        heads[user_id] = execute(ALLOCATE_NUMBERS, {"whose": user_id, "count": len(changes)}).scalar_one()
        first = heads[user_id] - len(changes) + 1
        rows += [
            {"user_id": user_id, "seq": first + i, **change._asdict()} for i, change in enumerate(changes)
        ]
    if rows:
        execute(INSERT_CHANGE, rows)
        after_commit(lambda: wakeups.notify(heads))


def create_log(*, user_id: str) -> None:
    """Every account has its log from the start: without the counter there is no row to lock."""
    with transaction() as session:
        session.add(ChangeLog(user_id=user_id, last_seq=0, floor_seq=0, acked_seq=0, access_seq=0))


def end_access(*, user_id: str) -> None:
    """A session or token of this user ends with the transaction at hand: nothing remembered of them may outlive it."""
    with transaction() as session:
        session.execute(
            update(ChangeLog).where(ChangeLog.user_id == user_id).values(access_seq=ChangeLog.access_seq + 1)
        )
        after_commit(lambda: wakeups.poll_notifier().revoke(user_id))


def trim_log(*, user_id: str, keep: int) -> int:
    """Forget all but the newest `keep` rows; cursors below them are told to resync. Answers how many went."""
    with transaction() as session:
        floor = session.execute(
            update(ChangeLog)
            .where(ChangeLog.user_id == user_id, ChangeLog.last_seq - keep > ChangeLog.floor_seq)
            .values(floor_seq=ChangeLog.last_seq - keep)
            .returning(ChangeLog.floor_seq)
        ).scalar_one_or_none()
        if floor is None:
            return 0
        result = session.execute(delete(Change).where(Change.user_id == user_id, Change.seq <= floor))
        return int(result.rowcount)  # type: ignore[attr-defined]


def trim_logs(*, keep: int = 10_000, slack: int = 1_000) -> int:
    """Trim every log that has grown `slack` rows past `keep`, one transaction each."""
    overgrown = db.session.execute(
        select(ChangeLog.user_id).where(ChangeLog.last_seq - ChangeLog.floor_seq > keep + slack)
    ).scalars()
    return sum(trim_log(user_id=user_id, keep=keep) for user_id in overgrown.all())


def renew_epoch() -> str:
    """Begin a new life of the database: every cursor given out before is answered with a resync. For restores."""
    with transaction() as session:
        epoch = new_id()
        newest = session.execute(select(func.coalesce(func.max(Epoch.id), 0))).scalar_one()
        session.add(Epoch(id=newest + 1, name=epoch))
        return epoch
