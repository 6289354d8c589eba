"""Declare what a feature has of people: which data is theirs, and how it is exported and erased.

Every column that refers to a person is named by exactly one feature; tests/test_personal_data.py checks that.
The commands `wellchat user export` and `wellchat user erase` ask all features, on or off: switching a feature
off hides no data. Both refuse to run where a table about people is declared by nobody.
accounts/personal_data.py runs the rules of all of them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from wellchat.clock import iso
from wellchat.db import Base, db, table

GONE_EMAIL = "gone-{id}@invalid"
"""The address of an erased person: unique, and never deliverable (RFC 2606)."""


class Person(NamedTuple):
    """The person whose data it is. `email` is the address before anything is erased."""

    id: str
    email: str

    @property
    def erased_email(self) -> str:
        """Return the address that replaces theirs."""
        return GONE_EMAIL.format(id=self.id)


Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class PersonalData:
    """The rules of one feature.

    `export` returns rows by table name; `erase` runs in the caller's transaction.
    """

    columns: tuple[str, ...] = ()  # "table.column": every foreign key of its tables to a person
    export: Callable[[Person], dict[str, Rows]] = lambda person: {}
    erase: Callable[[Person, datetime], None] = lambda person, now: None


def rows(model: type[Base], *conditions: ColumnElement[bool], omit: tuple[str, ...] = ()) -> Rows:
    """Return the rows of a table that match all conditions, ready for JSON.

    Times are in ISO 8601, bytes in base64. `omit` names columns that are left out, such as secrets. The order
    is that of the primary key.
    """
    source = table(model)
    found = db.session.execute(select(source).where(*conditions).order_by(*source.primary_key.columns))
    return [{k: _for_json(v) for k, v in row._mapping.items() if k not in omit} for row in found]


def _for_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return b64encode(value).decode() if isinstance(value, bytes) else value
