"""Remove the demo: its people, and every row that depends on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.db import Base, db, transaction
from wellchat.demo.files import forget_files
from wellchat.demo.models import DemoPerson
from wellchat.mail.captured import forget_captured
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.messaging.models import Thread
from wellchat.oversight.models import AccessGrant
from wellchat.subjects.models import Subject

Column = InstrumentedAttribute[Any]


def remove() -> int:
    """Delete the people of the demo and everything that needs them. Return how many people they were.

    That includes a real person's conversation with one of them. It follows the foreign keys, so a new
    feature's tables are covered too.
    """
    with transaction() as session:
        people = list(session.execute(select(DemoPerson.user_id)).scalars())
        _forget_mails(people)
        forget_files(people)
        gone = {"users": people, **_hanging_from(people)}
        # Children before parents, or the foreign keys refuse the deletion.
        for table in reversed(Base.metadata.sorted_tables):
            if conditions := _conditions(table, gone):
                session.execute(delete(table).where(or_(*conditions)))
        # The session still holds objects whose rows are gone.
        session.expunge_all()
    return len(people)


def shared_with() -> list[str]:
    """Return the addresses of real people who would lose something by `remove`, sorted.

    That is a conversation or subject with a person of the demo, or the record of an access to a conversation
    between the two sides.
    """
    played = select(DemoPerson.user_id)
    pairs: list[tuple[Column, Column]] = [
        pair
        for model in (Connection, Subject, Thread)
        for pair in ((model.client_id, model.professional_id), (model.professional_id, model.client_id))
    ]
    shared = [select(mine).where(mine.not_in(played), other.in_(played)) for mine, other in pairs]
    of_thread = (Thread.client_id, Thread.professional_id)
    granted_on = [
        select(own).join(AccessGrant, AccessGrant.thread_id == Thread.id).where(own.not_in(played))
        for own in of_thread
    ]
    shared += [each.where(AccessGrant.admin_id.in_(played)) for each in granted_on]
    granted_to = (
        select(AccessGrant.admin_id)
        .join(Thread, AccessGrant.thread_id == Thread.id)
        .where(AccessGrant.admin_id.not_in(played))
    )
    shared.append(granted_to.where(or_(*(own.in_(played) for own in of_thread))))
    found = select(func.coalesce(User.email, User.id)).where(or_(*(User.id.in_(each) for each in shared)))
    return sorted(db.session.execute(found).scalars())


def _hanging_from(people: list[str]) -> dict[str, list[str]]:
    def ids(column: Column, *links: Column, of: Iterable[str]) -> list[str]:
        query = select(column).where(or_(*(link.in_(list(of)) for link in links)))
        return list(db.session.execute(query).scalars())

    connections = ids(Connection.id, Connection.client_id, Connection.professional_id, of=people)
    return {
        "connections": connections,
        "subjects": ids(Subject.id, Subject.client_id, Subject.professional_id, of=people),
        "threads": ids(Thread.id, Thread.connection_id, of=connections),
    }


def _conditions(table: Table, gone: dict[str, list[str]]) -> list[ColumnElement[bool]]:
    links = [(key.parent, key.column.table.name) for key in table.foreign_keys]
    if table.name in gone:
        links.append((table.c.id, table.name))
    return [column.in_(gone[name]) for column, name in links if name in gone]


def _forget_mails(people: list[str]) -> None:
    """Delete the mails of these people, with their files and the refusals of their addresses.

    Mails outlive an account, but not the demo.
    """
    of_theirs = Mail.user_id.in_(people)
    ids = set(db.session.execute(select(Mail.id).where(of_theirs)).scalars())
    db.session.execute(delete(Mail).where(of_theirs))
    addresses = select(User.email).where(User.id.in_(people))
    db.session.execute(delete(RefusedAddress).where(RefusedAddress.email.in_(addresses)))
    forget_captured(ids)
