"""Number the rows of the security log and chain them.

A row is written without a number, in the transaction of its act. Numbering there would make all writers wait
for each other. So the worker numbers what is committed, seconds later. Who holds the lock of the state's row
seals, and nobody else does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from wellchat.audit import chain
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM, AuditEvent, AuditHead, AuditState
from wellchat.db import db, execute, insert, table, transaction

BATCH = 500

AUDIT = table(AuditEvent)
# A transaction that commits late may get a higher number than rows of a later time. That is no gap.
DUE = select(AUDIT).where(AUDIT.c.seq.is_(None)).order_by(AUDIT.c.at, AUDIT.c.id).limit(BATCH)
SEAL = (
    update(AUDIT)
    .where(AUDIT.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in ("seq", "previous", "hash", "key_id")})
)


def seal(now: datetime) -> dict[str, int]:
    """Seal every row that is due, at most BATCH in one transaction. One small statement if there is none."""
    sealed = 0
    # Asked without the lock: nearly always nothing is due, and then nobody waits for it.
    while is_due() and (done := _seal_batch(now)):
        sealed += done
    return {"audit_sealed": sealed}


def is_due() -> bool:
    """Return whether a row waits for its number."""
    return db.session.execute(select(AUDIT.c.id).where(AUDIT.c.seq.is_(None)).limit(1)).first() is not None


def locked_state() -> AuditState:
    """Return the state of the log, locked until the end of the caller's transaction."""
    query = select(AuditState).where(AuditState.id == 1).with_for_update()
    # Read afresh: an object in the session may know the end of the chain as it was before the lock.
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def _seal_batch(now: datetime) -> int:
    key = chain.all_keys()[0]
    with transaction():
        state = locked_state()
        # Before the rows are read, so that this row is sealed among them.
        if state.key_id not in ("", key.id):
            detail = {"from": state.key_id, "to": key.id}
            record("audit.key_changed", now=now, actor_kind=SYSTEM, detail=detail)
        rows = db.session.execute(DUE).mappings().all()
        values = []
        for row in rows:
            previous, state.seq, state.key_id = state.hash, state.seq + 1, key.id
            state.hash = key.seal(previous, {**row, "seq": state.seq, "key_id": key.id})
            values.append(_seal(row["id"], state, previous))
        if values:
            execute(SEAL, values)
    return len(values)


def _seal(row_id: str, state: AuditState, previous: str) -> dict[str, Any]:
    seal = {
        "new_seq": state.seq,
        "new_previous": previous,
        "new_hash": state.hash,
        "new_key_id": state.key_id,
    }
    return {"row_id": row_id, **seal}


def keep_head(now: datetime) -> dict[str, int]:
    """Write down where the chain ends, unless nothing was sealed since the last time."""
    with transaction() as session:
        state = locked_state()
        if not state.seq:
            return {"audit_heads": 0}
        values = {"seq": state.seq, "hash": state.hash, "at": now}
        # The number is the key: where nothing was sealed since, the row is there already.
        made = session.execute(
            insert(AuditHead).values(values).on_conflict_do_nothing().returning(AuditHead.seq)
        )
        return {"audit_heads": len(made.all())}


def head() -> str:
    """Return "SEQ:HASH" of the last sealed row, "0:" if there is none. Keep it outside of the database."""
    found = db.session.execute(select(AuditState.seq, AuditState.hash)).one()
    return f"{found.seq}:{found.hash}"
