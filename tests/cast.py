"""The people of the tests, and what they do to each other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from tests.databases import CleanDatabase, Copies
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.connections.actions import connect
from wellchat.db import table, transaction
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.threads import open_thread


@dataclass
class Cast:
    """Cara is Paul's client. Olga and Rita have no business with either; Ada looks after the house."""

    cara: User
    paul: User
    olga: User
    rita: User
    ada: User


def gather(now: datetime, *, password: str | None = None) -> Cast:
    def person(name: str, role: str) -> User:
        email = f"{name.split()[0].lower()}@example.com"
        return create_user(email=email, name=name, role=role, password=password, now=now)

    cast = Cast(
        cara=person("Cara Client", "client"),
        paul=person("Paul Professional", "professional"),
        olga=person("Olga Outsider", "client"),
        rita=person("Rita Rival", "professional"),
        ada=person("Ada Admin", "admin"),
    )
    connect(client_id=cast.cara.id, professional_id=cast.paul.id, now=now)
    return cast


class CastCopies:
    """The cast of one database. `gather` makes its people once; each test gets a copy of the rows."""

    def __init__(self, database: CleanDatabase) -> None:
        self.database = database
        self.copies: Copies | None = None
        self.names: dict[str, str] = {}

    def gather(self, now: datetime) -> Cast:
        """Return the cast as `gather` does."""
        if self.copies is None:
            others = self.database.rows_since()
            cast = gather(now)
            if others:
                return cast
            self.names = {name: person.id for name, person in vars(cast).items()}
            self.copies = Copies(self.database.rows_since(), now)
            return cast
        with transaction() as session:
            fresh = self.copies.put(session, now)
            ids = {fresh[original]: name for name, original in self.names.items()}
            people = session.execute(select(User).where(User.id.in_(ids))).scalars()
            return Cast(**{ids[person.id]: person for person in people})


class Talk:
    """The thread of Cara and Paul."""

    _keys = itertools.count()

    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cara = cast.cara
        self.paul = cast.paul
        self.now = now
        self.said = 0
        self.id, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
        open_thread(viewer=cast.paul, with_id=cast.cara.id, now=now)  # he has it before its first word, too

    def says(self, sender: User, body: str, *, now: datetime | None = None) -> Message:
        key = f"talk-{next(self._keys)}"
        message, _ = send_message(
            sender=sender, thread_id=self.id, body=body, client_key=key, now=now or self.now
        )
        return message

    def exchange(self, order: str) -> None:
        """`exchange("ccp")`: Cara says two things, Paul one: "message 1", "message 2" ..."""
        for who in order:
            self.said += 1
            self.says(self.cara if who == "c" else self.paul, f"message {self.said}")


def long_life(talk: Talk, count: int, *, start: datetime, every: timedelta = timedelta(hours=1)) -> None:
    """`count` messages at once, "message 1" ..., every third of them Cara's, all read.

    As years would leave it.
    """
    rows = [
        {
            "thread_id": talk.id,
            "seq": seq,
            "sender_id": (talk.paul if seq % 3 else talk.cara).id,
            "body": f"message {seq}",
            "client_key": f"k{seq}",
            "created_at": start + every * (seq - 1),
        }
        for seq in range(1, count + 1)
    ]
    last = rows[-1]["created_at"]
    with transaction() as session:
        session.execute(insert(table(Message)), rows)
        session.execute(
            update(table(Thread)).where(Thread.id == talk.id).values(last_seq=count, updated_at=last)
        )
        marks = dict.fromkeys(("last_seq", "last_read_seq", "delivered_seq", "mailed_seq"), count)
        session.execute(
            update(table(Membership)).where(Membership.thread_id == talk.id).values(updated_at=last, **marks)
        )
