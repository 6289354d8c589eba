"""Writes change logs: records changes, acknowledges them, and trims old ones.

`record_change` only notes a change. The notes of a transaction become numbered rows just before its commit.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    Insert,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from wellchat.changes.hooks import database_restored_in_transaction
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
    """A thing that changed, not numbered yet. The fields are columns of Change."""

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
    """Record that something on the screen of `user_id` has changed. `kind` says what; the ids say which.

    The same change twice in one transaction is recorded once. `ref_id` is for kinds that features declare in
    `Feature.changes`. Raises RuntimeError outside `transaction()`, and FeatureError for an unknown kind.
    """
    if kind not in CORE_KINDS and kind not in registry().changes:
        raise FeatureError(f"there is no kind of change {kind!r}; declare it in the `changes` of its feature")
    _pending().changes.setdefault(user_id, {})[
        PendingChange(kind, thread_id, message_seq, notification_id, ref_id)
    ] = None


def acknowledge_changes(*, user_id: str, seq: int) -> None:
    """Record that all changes of this user's log up to `seq` have arrived at one of their devices.

    Raises RuntimeError outside `transaction()`.
    """
    _pending().acknowledged[user_id] = seq


@dataclass
class _PendingChanges:
    """The part of one transaction that is still to be written into logs, by user id.

    `expired`: whose devices must load everything afresh. `ended`: of whom a session or token ends.
    """

    # Dictionaries as ordered sets: the rows are numbered in the order in which they were recorded.
    changes: dict[str, dict[PendingChange, None]] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)


def expire_log(*, user_id: str) -> None:
    """Have every page of a user load all it shows afresh (410), because more has changed than a log tells.

    Raises RuntimeError outside `transaction()`.
    """
    _pending().expired.add(user_id)


def _pending() -> _PendingChanges:
    current = current_transaction()
    if current is None:
        raise RuntimeError("a change outside transaction()")
    if "changes" not in current.notes:
        current.notes["changes"] = _PendingChanges()
        before_commit(write_logs)
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
END_ACCESS = (
    update(table(ChangeLog))
    .where(ChangeLog.user_id == bindparam("whose"))
    .values(access_seq=ChangeLog.access_seq + 1)
)
# No cursor given out before has this number, so all of them are below the floor.
EXPIRE = (
    update(table(ChangeLog))
    .where(ChangeLog.user_id == bindparam("whose"))
    .values(last_seq=ChangeLog.last_seq + 1, floor_seq=ChangeLog.last_seq + 1)
    .returning(ChangeLog.last_seq)
)
INSERT_CHANGE = insert(table(Change))


def write_logs() -> None:
    """Number the changes of the current transaction and write them. Called just before the commit."""
    current = current_transaction()
    assert current is not None
    heads: dict[str, int] = {}
    rows: list[dict[str, object]] = []
    pending: _PendingChanges = current.notes.pop("changes")
    # Each statement locks the row of one log until the commit, so that the order of numbers is the order of
    # commits. It comes last, so that the lock is held as briefly as possible. All logs are locked in
    # ascending order of their users, or two transactions that write into the same two logs could wait for
    # each other.
    everybody = pending.changes.keys() | pending.acknowledged.keys() | pending.expired | pending.ended
    if len(everybody) > FEW and everybody == pending.changes.keys():
        heads = _allocate_for_many({whose: len(changes) for whose, changes in pending.changes.items()})
        for user_id in heads:
            rows += _numbered(user_id, heads[user_id], list(pending.changes[user_id]))
        everybody = set()
    for user_id in sorted(everybody):
        if (seq := pending.acknowledged.get(user_id)) is not None:
            execute(ACKNOWLEDGE, {"whose": user_id, "up_to": seq})
        if user_id in pending.ended:
            execute(END_ACCESS, {"whose": user_id})
        if user_id in pending.expired:
            # In place of its changes, which are loaded with all the rest.
            heads[user_id] = execute(EXPIRE, {"whose": user_id}).scalar_one()
            continue
        if (changes := pending.changes.get(user_id)) is None:
            continue
        # Take as many numbers as there are changes. The statement returns the last of them.
        heads[user_id] = execute(ALLOCATE_NUMBERS, {"whose": user_id, "count": len(changes)}).scalar_one()
        rows += _numbered(user_id, heads[user_id], list(changes))
    if rows:
        execute(INSERT_CHANGE, rows)
        # After the commit: a poll that wakes earlier would not find the rows.
        after_commit(lambda: wakeups.notify(heads))


def _numbered(user_id: str, head: int, changes: Sequence[PendingChange]) -> list[dict[str, object]]:
    """Return the rows of changes of which the last has the number `head`."""
    first = head - len(changes) + 1
    return [
        {"user_id": user_id, "seq": first + i, "mark": secrets.randbits(31), **change._asdict()}
        for i, change in enumerate(changes)
    ]


FEW = 8  # people whose logs are locked one by one; a send has two
LOCK_LOGS = (
    select(ChangeLog.user_id)
    .where(ChangeLog.user_id.in_(bindparam("people", expanding=True)))
    .order_by(ChangeLog.user_id)
    .with_for_update()
)


def _allocate_for_many(counts: Mapping[str, int]) -> dict[str, int]:
    """Take as many numbers in each log as `counts` says, in two statements. Return the last of each."""
    # Locked in ascending order first, as one by one: an UPDATE alone locks in any order.
    execute(LOCK_LOGS, {"people": sorted(counts)})
    taken = execute(
        update(table(ChangeLog))
        .where(ChangeLog.user_id.in_(sorted(counts)))
        .values(last_seq=ChangeLog.last_seq + case(dict(counts), value=ChangeLog.user_id))
        .returning(ChangeLog.user_id, ChangeLog.last_seq),
        {},
    )
    return {user_id: last_seq for user_id, last_seq in taken}  # noqa: C416 - dict() takes no rows


_ZEROS = {"last_seq": 0, "floor_seq": 0, "acked_seq": 0, "access_seq": 0}
_NEW_LOG = insert(table(ChangeLog))


def create_log(*, user_id: str) -> None:
    """Create the log of a new user. Without its row there would be no counter to lock."""
    with transaction():
        execute(_NEW_LOG, {"user_id": user_id, **_ZEROS})


def log_of_each(made: CTE) -> Insert:
    """Return the statement that creates the logs of the users whom `made` inserts, and returns their ids."""
    zeros = (literal(value) for value in _ZEROS.values())
    new = insert(table(ChangeLog)).from_select(["user_id", *_ZEROS], select(made.c.id, *zeros))
    return new.returning(ChangeLog.user_id)


def end_access(*, user_id: str) -> None:
    """Discard what every process has cached for a user, because a session or token of theirs ends.

    Call it in the transaction that ends it, so that both are committed together. If a process misses the
    message, it finds the raised `access_seq` within seconds.
    """
    with transaction():
        # Written with the changes: the same transaction may write into other people's logs, and all logs are
        # locked in one order.
        _pending().ended.add(user_id)
        after_commit(lambda: wakeups.poll_notifier().revoke(user_id))


def trim_log(*, user_id: str, keep: int) -> int:
    """Delete all but the newest `keep` rows. Return how many were deleted.

    A client with a cursor below them is answered with a resync.
    """
    with transaction() as session:
        # The floor first: its row is the lock of the log. A poll sees the raised floor and the deletion
        # together.
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
    """Trim every log of more than `keep + slack` rows, one transaction each. Return how many were deleted."""
    overgrown = db.session.execute(
        select(ChangeLog.user_id).where(ChangeLog.last_seq - ChangeLog.floor_seq > keep + slack)
    ).scalars()
    return sum(trim_log(user_id=user_id, keep=keep) for user_id in overgrown.all())


def note_restored() -> str:
    """Write down that a backup was put back, and return the name of the new epoch."""
    with transaction():
        database_restored_in_transaction()
        return renew_epoch()


def renew_epoch() -> str:
    """Start a new epoch and return its name: every cursor given out before is answered with a resync.

    For a restored backup, in which numbers that clients have seen are given out again.
    """
    with transaction() as session:
        epoch = new_id()
        newest = session.execute(select(func.coalesce(func.max(Epoch.id), 0))).scalar_one()
        session.add(Epoch(id=newest + 1, name=epoch))
        return epoch
