"""Claim a row of work, do the work, write down how it ended.

A table of work has the columns `id`, `state`, `attempts` and `due_at`; its row is the job. A claim is one
conditional UPDATE, so that of many workers one gets the row. It pushes `due_at` ahead by a lease: a claim
that is older than its lease was left by a crash.

Rows that are sent (mails, pushes) go queued -> sending -> sent. What a crash leaves in `sending` may have
gone out: `mark_unknown` gives it the state `unknown`, and nothing sends it again by itself. Retries are for
refusals that the other side told us of. Rows whose work may be done twice (files) keep their state while they
are claimed, and are due again when the lease ends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Update, bindparam, or_, update

from wellchat.db import Base, db, execute, table

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

States = tuple[str, ...]

QUEUED, SENDING, SENT, SKIPPED, FAILED, UNKNOWN = STATES = (
    "queued",
    "sending",
    "sent",
    "skipped",
    "failed",
    "unknown",
)


@dataclass(frozen=True)
class Retries:
    """The rule of retries: pauses that double, until `give_up_after` has passed."""

    first_pause: timedelta
    max_pause: timedelta
    give_up_after: timedelta = timedelta.max

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts, 1 or more."""
        doubled: int = 2 ** min(attempts - 1, 10)
        return min(self.max_pause, self.first_pause * doubled)

    def after_refusal(
        self,
        refusal: Exception,
        *,
        attempts: int,
        since: datetime,
        now: datetime,
        pause: timedelta = timedelta(),
    ) -> dict[str, Any]:
        """Return the values for `settle` after a temporary refusal: queued with a later `due_at`, or failed.

        `since` is when the row was first due. The other side may ask for a longer `pause`.
        """
        if now - since > self.give_up_after:
            return {"state": FAILED, "reason": f"Given up after {attempts} tries. {refusal}"}
        due_at = now + max(pause, self.pause(attempts))
        return {"state": QUEUED, "reason": f"Try {attempts} was put off. {refusal}", "due_at": due_at}


def claim(
    model: Any,
    row_id: str,
    *,
    now: datetime,
    lease: timedelta,
    states: States = (QUEUED,),
    returning: Iterable[Any],
    **values: Any,
) -> Any:
    """Claim one row that is due, in one statement, inside the caller's transaction.

    Count the attempt, set `values`, and return a row of the columns or entities in `returning`. None: the row
    is not due, in another state, or claimed by somebody else.
    """
    return db.session.execute(
        update(model)
        .where(model.id == row_id, _is_one_of(model.state, states), model.due_at <= now)
        .values(due_at=now + lease, attempts=model.attempts + 1, **values)
        .returning(*returning)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def settle(
    model: type[Base],
    row_id: str,
    *,
    state: str,
    claimed: Mapping[str, Any],
    states: States = (SENDING, UNKNOWN),
    **values: Any,
) -> str | None:
    """Write down how a claim ended, inside the caller's transaction.

    Return the state; None if the claim was lost.

    `claimed` holds the columns that tell this claim from a later one, with their values. A row that has been
    called unknown meanwhile still takes the outcome: its worker was slow, not dead. `due_at` becomes NULL
    unless given.
    """
    ended = {"state": state, "due_at": None, **values}
    names = frozenset(claimed), frozenset(name for name, value in claimed.items() if value is None)
    statement = _settlement(model, states, *names, frozenset(ended))
    given = {f"claimed_{name}": value for name, value in claimed.items() if value is not None}
    settled = execute(statement, {"row_id": row_id, **given, **ended})
    return state if settled.rowcount else None


@cache
def _settlement(
    model: type[Base], states: States, claimed: frozenset[str], null: frozenset[str], columns: frozenset[str]
) -> Update:
    of = table(model).c
    same_claim = [
        of[name].is_(None) if name in null else of[name] == bindparam(f"claimed_{name}")
        for name in sorted(claimed)
    ]
    values = {name: bindparam(name, type_=of[name].type) for name in sorted(columns)}
    is_held = _is_one_of(of.state, states)
    return update(table(model)).where(of.id == bindparam("row_id"), *same_claim, is_held).values(values)


def _is_one_of(column: Any, states: States) -> ColumnElement[bool]:
    # Not IN: SQLAlchemy expands an IN again for each execution, and there is one per mail.
    return or_(*(column == state for state in states))


def postpone(model: Any, row_id: str, *, until: datetime | None, states: States) -> None:
    """Make a row in one of these states due at `until`, None for never, in the caller's transaction."""
    row = update(model).where(model.id == row_id, _is_one_of(model.state, states))
    later = row.values(due_at=until)
    db.session.execute(later.execution_options(synchronize_session=False))


def mark_unknown(model: type[Base], *, now: datetime, reason: str) -> int:
    """Call `unknown` what a crash left in `sending`, inside the caller's transaction.

    Return how many rows that were.
    """
    of = table(model).c
    stuck = update(table(model)).where(of.state == SENDING, of.due_at <= now)
    return execute(stuck.values(state=UNKNOWN, due_at=None, reason=reason), {}).rowcount


def each_safely(
    rows: Iterable[T], work: Callable[[T], R], postpone: Callable[[T], R], *, what: str
) -> Iterator[R]:
    """Do `work` on each row, in order, and yield what it returns.

    A row whose work fails holds up no other: the error is logged, and `postpone` makes the row due later, so
    that it does not come first again at once. What `postpone` returns is yielded in place of a result. Both
    open their own transactions. `what` is for the log: what a row is.
    """
    for row in rows:
        try:
            result = work(row)
        except Exception:
            log.exception("%s %s failed; it is tried again later", what, row)
            # After a failed statement PostgreSQL takes no other until the transaction is rolled back.
            db.session.rollback()
            result = postpone(row)
        yield result
