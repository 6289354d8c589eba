"""Declare what a feature has of people: which data is theirs, and how it is exported and erased.

Every column that refers to a person is named by exactly one feature; tests/test_personal_data.py checks that.
Exports and erasures ask all features, on or off: switching a feature off hides no data. Both refuse to run
where a table about people is declared by nobody. accounts/personal_data.py runs the rules of all of them;
wellchat/privacy does it for people themselves.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, tuple_

from wellchat.clock import iso
from wellchat.db import Base, db, table

GONE_EMAIL = "gone-{id}@invalid"
"""The address of an erased person: unique, and never deliverable (RFC 2606)."""


class Person(NamedTuple):
    """The person whose data it is. `email` is the address before anything is erased; None: there was none."""

    id: str
    email: str | None

    @property
    def erased_email(self) -> str:
        """Return the address that replaces theirs."""
        return GONE_EMAIL.format(id=self.id)


Rows = Iterable[dict[str, Any]]
"""Rows ready for JSON. They may be read while they are iterated over, and more than once."""

PAGE = 500  # rows of one statement


@dataclass(frozen=True)
class PersonalData:
    """The rules of one feature.

    `export` returns rows by table name; `erase` runs in the caller's transaction.
    """

    columns: tuple[str, ...] = ()  # "table.column": every foreign key of its tables to a person
    export: Callable[[Person], Mapping[str, Rows]] = lambda person: {}
    erase: Callable[[Person, datetime], None] = lambda person, now: None
    unlinked: tuple[str, ...] = ()  # columns that name a person without a foreign key
    kept: Mapping[str, str] = field(default_factory=dict)
    """"table.column" with words that erasing leaves -> why; shown on the privacy page."""
    withheld: Mapping[str, str] = field(default_factory=dict)
    """Table about a person that no export holds -> why."""


@dataclass(frozen=True)
class StoredRows:
    """The rows of a query, read PAGE at a time whenever they are iterated over."""

    model: type[Base]
    conditions: tuple[ColumnElement[bool], ...]
    omit: tuple[str, ...]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        source = table(self.model)
        key = list(source.primary_key.columns)
        query = select(source).where(*self.conditions).order_by(*key).limit(PAGE)
        # By the key, not by an open cursor: an export takes minutes, and holds no statement open meanwhile.
        found = db.session.execute(query).all()
        while found:
            for row in found:
                yield {k: _for_json(v) for k, v in row._mapping.items() if k not in self.omit}
            if len(found) < PAGE:
                return
            last = [found[-1]._mapping[column.name] for column in key]
            found = db.session.execute(query.where(tuple_(*key) > tuple_(*last))).all()


def rows(model: type[Base], *conditions: ColumnElement[bool], omit: tuple[str, ...] = ()) -> Rows:
    """Return the rows of a table that match all conditions, ready for JSON.

    Times are in ISO 8601, bytes in base64. `omit` names columns that are left out, such as secrets. The order
    is that of the primary key. Memory does not grow with their number.
    """
    return StoredRows(model, conditions, omit)


def _for_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return b64encode(value).decode() if isinstance(value, bytes) else value
