"""Write the security log."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import insert as plain_insert

from wellchat.audit.models import (
    DONE,
    OPERATOR,
    PERSON,
    REFUSED,
    STRANGER,
    AuditAddress,
    AuditEvent,
    AuditPerson,
    pseudonym,
)
from wellchat.audit.origin import current_origin
from wellchat.db import current_transaction, execute, insert, is_postgresql, new_id, table, transaction
from wellchat.feature import FeatureError, registry

log = logging.getLogger(__name__)

# Set by the sealing.
_LATER = ("seq", "previous", "hash", "key_id")
ADDRESSES_LAST = timedelta(days=90)
Detail = Mapping[str, str | int | bool | None]


def record(
    kind: str,
    *,
    now: datetime,
    actor_id: str | None = None,
    person_id: str | None = None,
    about: tuple[str, str] | None = None,
    actor_kind: str | None = None,
    outcome: str = DONE,
    detail: Detail | None = None,
    event_id: str | None = None,
) -> None:
    """Write one act into the log, in the caller's transaction: it stands exactly if the act does.

    `actor_id`: who did it; by default who is signed in. `person_id`: to whom, if it concerns one. `about`:
    (kind, id) of a thing. `detail` holds no words of anybody, no password, token or address. Raises
    FeatureError for a kind that no feature declares.
    """
    declared = registry().audited.get(kind)
    if declared is None:
        raise FeatureError(f"no feature declares {kind!r} in `audited`")
    read_origin = current_origin.get()
    origin = read_origin() if read_origin else None
    actor_id = actor_id or (origin.actor_id if origin else None)
    if actor_kind is None:
        # Without a request it is a command of the operator; the worker's acts say `actor_kind=SYSTEM`.
        actor_kind = PERSON if actor_id else (origin.kind or STRANGER) if origin else OPERATOR
    event_id = event_id or new_id()
    # Past the ORM: nearly every act comes here.
    with transaction():
        values = {
            "id": event_id,
            "at": now,
            "kind": kind,
            "severity": declared.severity,
            "outcome": outcome,
            "actor_kind": actor_kind,
            "actor": pseudonym(actor_id) if actor_id else None,
            "person": pseudonym(person_id) if person_id else None,
            "about_kind": about[0] if about else None,
            "about": about[1] if about else None,
            "network": origin.network if origin else None,
            "device": origin.device if origin else None,
            "request_id": origin.request_id if origin else None,
            "detail": dict(detail or {}),
        }
        # A pseudonym stays the same, so its row is nearly always there already.
        whose = {actor_id, person_id} - {None}
        people = [{"pseudonym": pseudonym(str(each)), "user_id": each} for each in whose]
        # Beside the row, where it can be deleted alone: the hash of the row covers all its columns.
        beside = None
        if origin and origin.address:
            beside = {"audit_id": event_id, "address": origin.address, "kept_until": now + ADDRESSES_LAST}
        _put_down(values, people, beside)


def _put_down(
    values: dict[str, Any], people: Sequence[dict[str, Any]], beside: dict[str, Any] | None
) -> None:
    if not is_postgresql():
        execute(_NEW_EVENT, values)
        for person in people:
            execute(_new_person(False), person)
        if beside:
            execute(_NEW_ADDRESS, beside)
        return
    # One statement there: nearly every act comes here.
    named = {f"{name}_{number}": each[name] for number, each in enumerate(people) for name in each}
    execute(_all_at_once(len(people), beside is not None), {**values, **named, **(beside or {})})


@cache
def _all_at_once(people: int, has_address: bool) -> Any:
    """Return the statement of PostgreSQL that writes the row, its people, and its address."""
    first = plain_insert(table(AuditEvent)).values({each: bindparam(each) for each in _names(AuditEvent)})
    others: list[Any] = []
    for number in range(people):
        values: dict[str, Any] = {name: bindparam(f"{name}_{number}") for name in _names(AuditPerson)}
        others.append(insert(table(AuditPerson)).values(values).on_conflict_do_nothing())
    if has_address:
        beside: dict[str, Any] = {name: bindparam(name) for name in _names(AuditAddress)}
        others.append(plain_insert(table(AuditAddress)).values(beside))
    # A key to another row is checked at the end of the statement.
    return first.add_cte(*(each.cte(f"beside_{number}") for number, each in enumerate(others)))


def _names(model: Any) -> list[str]:
    return [column.name for column in table(model).c if column.name not in _LATER]


_NEW_EVENT, _NEW_ADDRESS = plain_insert(table(AuditEvent)), plain_insert(table(AuditAddress))


@cache
def _new_person(_on_postgresql: bool) -> Any:
    """Return the statement, built once for each database."""
    return insert(table(AuditPerson)).on_conflict_do_nothing()


def record_refusal(kind: str, *, now: datetime, outcome: str = REFUSED, **what: object) -> None:
    """Write an act that was refused, in a transaction of its own: the request's own was rolled back.

    Takes what `record` takes. It never raises: a log that fails must not change what the person is told.
    """
    if current_transaction() is not None:
        raise RuntimeError("record_refusal inside transaction(); its row would be rolled back")
    try:
        record(kind, now=now, outcome=outcome, **what)  # type: ignore[arg-type]
    # A kind that nobody declares is a mistake in our code, and must not pass in silence.
    except FeatureError:
        raise
    except Exception:
        log.exception("%s could not be written into the security log", kind)
