"""Read the security log. Who may is decided by the pages and by who may run a command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select, tuple_

from wellchat.audit.hooks import names_of_people
from wellchat.audit.models import AuditEvent, AuditPerson
from wellchat.db import db, table
from wellchat.feature import registry
from wellchat.paging import decode_page_token, encode_page_token

AUDIT = table(AuditEvent)
BATCH = 1000
SHOWN_FOR = timedelta(days=90)  # to the person


@dataclass(frozen=True)
class Filters:
    """The filters of a list. None lets everything pass."""

    user_id: str | None = None  # who did it, or to whom it was done
    kind: str | None = None
    severity: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # exclusive
    about: tuple[str, str] | None = None  # kind and id of a thing


def _matching(filters: Filters) -> Select[Any]:
    query = select(AUDIT)
    if filters.user_id is not None:
        query = query.where(_is_theirs(filters.user_id))
    for name in ("kind", "severity", "outcome"):
        if (value := getattr(filters, name)) is not None:
            query = query.where(AUDIT.c[name] == value)
    if filters.since is not None:
        query = query.where(AUDIT.c.at >= filters.since)
    if filters.until is not None:
        query = query.where(AUDIT.c.at < filters.until)
    if filters.about is not None:
        query = query.where(AUDIT.c.about_kind == filters.about[0], AUDIT.c.about == filters.about[1])
    return query


def _is_theirs(user_id: str) -> Any:
    # By the table, not by `pseudonym`: another secret gave another one. As values, not as a subquery: with it
    # the databases would read the whole log.
    theirs = pseudonyms_of(user_id)
    return or_(AUDIT.c.actor.in_(theirs), AUDIT.c.person.in_(theirs))


def page(
    filters: Filters, *, before: str | None = None, limit: int = 50
) -> tuple[Sequence[Mapping[Any, Any]], str | None]:
    """Return rows, latest first, and the page token of the next ones, if any.

    Raises Invalid for a bad token.
    """
    return _page(_matching(filters), before, limit)


def activity_of(
    user_id: str, *, now: datetime, before: str | None = None, limit: int = 30
) -> tuple[Sequence[Mapping[Any, Any]], str | None]:
    """Return what the person themself is shown, as `page` does: 90 days, of kinds that are meant for them."""
    shown = [name for name, kind in registry().audited.items() if kind.shown_to_person]
    filters = Filters(user_id=user_id, since=now - SHOWN_FOR)
    return _page(_matching(filters).where(AUDIT.c.kind.in_(shown)), before, limit)


def _page(
    query: Select[Any], before: str | None, limit: int
) -> tuple[Sequence[Mapping[Any, Any]], str | None]:
    if before:
        # A place in the order, not OFFSET: rows that come meanwhile shift no page.
        query = query.where(tuple_(AUDIT.c.at, AUDIT.c.id) < tuple_(*decode_page_token(before)))
    # One more than is shown: it tells whether there is a next page, without a count.
    query = query.order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc()).limit(limit + 1)
    found = db.session.execute(query).mappings().all()
    if len(found) <= limit:
        return found, None
    return found[:limit], encode_page_token(found[limit - 1]["at"], found[limit - 1]["id"])


def pseudonyms_of(user_id: str) -> Sequence[str]:
    """Return the names of a person in the log: more than one after the secret key was changed."""
    query = select(AuditPerson.pseudonym).where(AuditPerson.user_id == user_id)
    return db.session.execute(query).scalars().all()


def batch(filters: Filters, after: Mapping[Any, Any] | None) -> Sequence[Mapping[Any, Any]]:
    """Return the next BATCH rows, oldest first, after this row; None: from the beginning."""
    query = _matching(filters).order_by(AUDIT.c.at, AUDIT.c.id).limit(BATCH)
    if after is not None:
        # Not OFFSET, which reads all rows before the batch once more.
        query = query.where(tuple_(AUDIT.c.at, AUDIT.c.id) > tuple_(after["at"], after["id"]))
    return db.session.execute(query).mappings().all()


def stream(filters: Filters) -> Iterator[Mapping[Any, Any]]:
    """Yield all rows, oldest first. They come in batches: a log does not fit into memory."""
    found = batch(filters, None)
    while found:
        yield from found
        found = batch(filters, found[-1])


def people_of(rows: Iterable[Mapping[Any, Any]]) -> dict[str, tuple[str, str]]:
    """Return pseudonym -> (user id, name) of the people in these rows. Who was erased is not among them."""
    # All pseudonyms of the page at once, not one look for each row.
    named = {row[column] for row in rows for column in ("actor", "person")} - {None}
    if not named:
        return {}
    query = select(AuditPerson.pseudonym, AuditPerson.user_id).where(AuditPerson.pseudonym.in_(named))
    ids: dict[str, str] = dict(db.session.execute(query).all())
    names: dict[str, str] = {}
    for found in names_of_people(set(ids.values())):
        names |= found
    return {name: (user_id, names[user_id]) for name, user_id in ids.items() if user_id in names}
