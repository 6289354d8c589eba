"""Two people, one thread and a real mail server, for the tests of mail, notifications and digests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from tests.services import MailServer
from wellchat.accounts.models import Presence, User
from wellchat.changes.actions import create_log
from wellchat.connections.models import Connection
from wellchat.db import db, insert, new_id, transaction
from wellchat.mail.models import Mail
from wellchat.messaging import dispatch, messages, receipts
from wellchat.messaging.models import Membership, Message, Thread

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
DELAY = timedelta(seconds=1800)


class World:
    def __init__(self, app: Flask, server: MailServer) -> None:
        self.app = app
        self.server = server
        self.users: dict[str, User] = {}
        self.client = self.user("Ana Petrov", "client")
        self.coach = self.user("Sofia Marin", "professional")
        self.thread = self.open_thread(self.client, self.coach)

    def user(self, name: str, role: str = "client", **more: Any) -> User:
        values = {
            "email": f"{new_id()}@example.com",
            "created_at": NOON - timedelta(days=90),
            "time_zone": "UTC",
        } | more
        with transaction() as session:
            user = User(name=name, role=role, **values)
            session.add(user)
            session.flush()
            create_log(user_id=user.id)
        self.users[user.id] = user
        return user

    def open_thread(self, client: User, coach: User, **more: Any) -> Thread:
        with transaction() as session:
            connection = Connection(client_id=client.id, professional_id=coach.id, created_at=NOON)
            session.add(connection)
            session.flush()
            thread = Thread(
                key=f"connection:{connection.id}",
                key_scope="connection",
                connection_id=connection.id,
                client_id=client.id,
                professional_id=coach.id,
                created_at=NOON - timedelta(days=60),
                updated_at=NOON - timedelta(days=60),
                **more,
            )
            session.add(thread)
            session.flush()
            for person in (client, coach):
                session.add(Membership(thread_id=thread.id, user_id=person.id, updated_at=thread.updated_at))
        return thread

    def say(self, sender: User, body: str, at: datetime = NOON, thread: Thread | None = None) -> Message:
        """Send a message, and notify the other person as the worker does."""
        thread = thread or self.thread
        message, _ = messages.send_message(
            sender=sender, thread_id=thread.id, body=body, client_key=new_id(), now=at
        )
        dispatch.notify_recipients(thread_ids=[thread.id], now=at)
        return message

    def seen(self, user: User, at: datetime, thread: Thread | None = None) -> None:
        values = {"seen_at": at, "thread_id": thread.id if thread else None}
        with transaction() as session:
            session.execute(
                insert(Presence)
                .values(user_id=user.id, **values)
                .on_conflict_do_update(index_elements=["user_id"], set_=values)
            )

    def read(self, user: User, seq: int, at: datetime = NOON) -> None:
        receipts.mark_read(viewer=user, thread_id=self.thread.id, seq=seq, now=at)

    def mails(self, user: User | None = None) -> list[Mail]:
        query = db.select(Mail).order_by(Mail.created_at, Mail.id).execution_options(populate_existing=True)
        if user is not None:
            query = query.where(Mail.user_id == user.id)
        return list(db.session.execute(query).scalars())

    def states(self, user: User | None = None) -> list[str]:
        return [mail.state for mail in self.mails(user)]

    def membership(self, user: User, thread: Thread | None = None) -> Membership:
        return db.session.get_one(Membership, ((thread or self.thread).id, user.id), populate_existing=True)

    def together(self, *jobs: Callable[[], Any]) -> list[Any]:
        """Run these at the same moment, each with its own session. Return what each returned or raised."""
        barrier = threading.Barrier(len(jobs))
        answers: list[Any] = [None] * len(jobs)

        def run(place: int, job: Callable[[], Any]) -> None:
            with self.app.app_context():
                barrier.wait()
                try:
                    answers[place] = job()
                except Exception as error:
                    answers[place] = error
                db.session.remove()

        threads = [threading.Thread(target=run, args=(place, job)) for place, job in enumerate(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        db.session.commit()  # what this session reads next is of after that
        return answers
