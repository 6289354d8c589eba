"""Give the same answer to the same POST (draft-ietf-httpapi-idempotency-key-header-07).

The row is written in the transaction of the act. A crash leaves neither, and the call may be sent again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from sqlalchemy import delete, func, select

from wellchat.db import db, insert, is_postgresql, transaction
from wellchat.host.calls import Answer
from wellchat.host.models import HostAnswer
from wellchat.host.problems import HostRefusal
from wellchat.i18n import gettext

KEPT_FOR = timedelta(hours=48)
MAX_KEY = 64  # characters

_running: set[str] = set()
_running_lock = threading.Lock()


def once(
    *, call: tuple[str, ...], key: str | None, body: bytes, act: Callable[[], Answer], now: datetime
) -> Answer:
    """Do the act, or return the answer that the same call got before, marked as replayed.

    `call` names who does what. Raises HostRefusal without a key, for a key that came with another body, and
    while the first call still runs. An act that raises has done nothing, and so is not remembered.
    """
    if key is None or not 0 < len(key) <= MAX_KEY or not key.isprintable():
        text = gettext("Send the header Idempotency-Key, with 1 to %(num)s characters.", num=MAX_KEY)
        raise HostRefusal(400, "idempotency_key_missing", text)
    answer_id = sha256("\0".join((*call, key)).encode()).hexdigest()
    digest = sha256(body).hexdigest()
    with _alone(answer_id), transaction() as session:
        _lock(answer_id)
        found = session.get(HostAnswer, answer_id, populate_existing=True)
        if found is not None and found.made_at > now - KEPT_FOR:
            return _again(found, digest)
        answer = act()
        values = {"body_digest": digest, "status": answer.status, "made_at": now}
        kept = answer.body and {**answer.body, **dict.fromkeys(answer.shown_once)}
        values |= {"body": orjson.dumps(kept).decode(), "people": " ".join(answer.people)}
        new = insert(HostAnswer).values(id=answer_id, **values)
        session.execute(new.on_conflict_do_update(index_elements=[HostAnswer.id], set_=values))
    return answer


def _again(found: HostAnswer, digest: str) -> Answer:
    if found.body_digest != digest:
        text = gettext("This Idempotency-Key came with another body before. Use a new one.")
        raise HostRefusal(422, "idempotency_key_reused", text)
    replayed = {"Idempotency-Replayed": "true"}
    return Answer(
        found.status, orjson.loads(found.body), people=tuple(found.people.split()), headers=replayed
    )


@contextmanager
def _alone(answer_id: str) -> Iterator[None]:
    """Let one thread of this process in. On SQLite the others would wait for its one writer."""
    with _running_lock:
        if answer_id in _running:
            raise _still_running()
        _running.add(answer_id)
    try:
        yield
    finally:
        with _running_lock:
            _running.discard(answer_id)


def _lock(answer_id: str) -> None:
    """Let one process in, until the end of the transaction."""
    if not is_postgresql():
        return
    # No row to lock yet, so a lock by number: 63 bits of the digest.
    number = int(answer_id[:16], 16) >> 1
    if not db.session.execute(select(func.pg_try_advisory_xact_lock(number))).scalar():
        raise _still_running()


def _still_running() -> HostRefusal:
    refusal = HostRefusal(409, "still_running", gettext("The same call still runs. Try again in a moment."))
    refusal.headers["Retry-After"] = "1"
    return refusal


def tidy(now: datetime) -> dict[str, int]:
    """Delete the answers that are older than KEPT_FOR. Return {"host_answers_trimmed": number}."""
    with transaction() as session:
        gone = session.execute(delete(HostAnswer).where(HostAnswer.made_at <= now - KEPT_FOR))
        return {"host_answers_trimmed": int(gone.rowcount)}  # type: ignore[attr-defined]
