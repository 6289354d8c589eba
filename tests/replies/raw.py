"""Make raw mails, and read what is in a thread afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.mail.world import NOON, World
from wellchat.accounts.models import User
from wellchat.db import db, new_id
from wellchat.mail.addresses import reply_address
from wellchat.messaging.models import Message, Thread
from wellchat.replies.actions import Verdict, receive
from wellchat.replies.models import ReceivedMail
from wellchat.replies.reading import Incoming


def raw_mail(
    *,
    author: str,
    to: str,
    body: str | bytes = "Yes, at nine.",
    kind: str = "text/plain; charset=utf-8",
    message_id: str | None = None,
    **headers: str | None,
) -> bytes:
    """Return a mail as bytes. `headers` have `_` for `-`; None leaves one out."""
    given: dict[str, str | None] = {
        "From": author,
        "To": to,
        "Subject": "Re: 1 new message",
        "Date": "Wed, 18 Nov 2026 13:30:00 +0000",
        "Message-ID": message_id or f"<{new_id()}@example.com>",
        "MIME-Version": "1.0",
        "Content-Type": kind,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
    content = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode()
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + content


def address_of(user: User, thread: Thread, now: datetime = NOON) -> str:
    found = reply_address(user_id=user.id, thread_id=thread.id, now=now)
    assert found
    return found


def hand_over(
    raw: bytes, *addresses: str, sender: str | None = "somebody@example.com", now: datetime = NOON
) -> Verdict:
    return receive(mail=Incoming(raw, sender=sender), addresses=addresses, now=now)


def reply(world: World, **more: Any) -> Verdict:
    """Let the coach reply to Ana by email."""
    to = address_of(world.coach, world.thread)
    return hand_over(raw_mail(author=world.coach.email, to=to, **more), to)


def bodies(world: World, thread: Thread | None = None) -> list[str | None]:
    db.session.rollback()  # a snapshot from before would hide what another process has written since
    query = (
        db.select(Message.body).where(Message.thread_id == (thread or world.thread).id).order_by(Message.seq)
    )
    return list(db.session.execute(query).scalars())


def received() -> list[ReceivedMail]:
    query = db.select(ReceivedMail).order_by(ReceivedMail.received_at, ReceivedMail.id)
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())
