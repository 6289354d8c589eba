"""Two people, one thread and a real mail server, for the tests of mail, notifications and digests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from flask import Flask
from sqlalchemy import update

from tests.services import MailServer
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import Presence, User
from wellchat.connections.actions import connect
from wellchat.db import db, insert, new_id, transaction
from wellchat.mail.models import Mail
from wellchat.messaging import dispatch, messages, receipts, threads
from wellchat.messaging.models import Membership, Message, Thread

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
DELAY = timedelta(seconds=1800)


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a mail."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


class World:
    def __init__(self, app: Flask, server: MailServer) -> None:
        self.app = app
        self.server = server
        self.users: dict[str, User] = {}
        self.client = self.user("Ana Petrov", "client")
        self.coach = self.user("Sofia Marin", "professional")
        self.thread = self.open_thread(self.client, self.coach)

    def user(self, name: str, role: str = "client", **more: Any) -> User:
        """Return a new user, signed up 90 days ago; `more` are values of other columns."""
        values: dict[str, Any] = {
            "email": f"{new_id()}@example.com",
            "created_at": NOON - timedelta(days=90),
        } | more
        user = create_user(email=values.pop("email"), name=name, role=role, now=values["created_at"])
        values = {"verified_at": None, "zone_known": False} | values
        with transaction() as session:
            session.execute(update(User).where(User.id == user.id).values(**values))
        db.session.refresh(user)
        self.users[user.id] = user
        return user

    def open_thread(self, client: User, coach: User) -> Thread:
        """Return the thread of the two, opened 60 days ago."""
        connect(client_id=client.id, professional_id=coach.id, now=NOON)
        thread_id, _ = threads.open_thread(viewer=client, with_id=coach.id, now=NOON - timedelta(days=60))
        return db.session.get_one(Thread, thread_id)

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

        running = [threading.Thread(target=run, args=(place, job)) for place, job in enumerate(jobs)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(30)
        db.session.commit()  # what this session reads next is of after that
        return answers
