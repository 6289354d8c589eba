"""What an administrator may see: who talks with whom, and the words only on the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload

from wellchat.accounts.models import User
from wellchat.attachments.models import SHOWN, Attachment
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.models import Message, MessageRevision, Thread
from wellchat.oversight.models import Look

LOOK_LASTS = timedelta(minutes=30)


def conversations(admin: User, q: str, *, limit: int = 50) -> Sequence[Thread]:
    """Threads of people whose name or address holds `q`, latest first; their words are not part of it."""
    if not admin.is_admin:
        raise NotFound
    client, professional = aliased(User), aliased(User)
    query = (
        select(Thread)
        .join(client, client.id == Thread.client_id)
        .join(professional, professional.id == Thread.professional_id)
        .order_by(Thread.updated_at.desc(), Thread.id)
        .limit(limit)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
    )
    if q.strip():
        columns = (client.name, client.email, professional.name, professional.email)
        query = query.where(or_(*(column.icontains(q.strip(), autoescape=True) for column in columns)))
    return db.session.execute(query).scalars().all()


def look_of(admin: User, look_id: str, now: datetime) -> tuple[Look, Thread]:
    """A look of this very administrator that still holds. Raises NotFound."""
    found = db.session.get(Look, look_id)
    if not admin.is_admin or found is None or found.admin_id != admin.id or now - found.created_at > LOOK_LASTS:
        raise NotFound
    thread = db.session.execute(
        select(Thread)
        .where(Thread.id == found.thread_id)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
    ).scalar_one()
    return found, thread


def file_of(admin: User, look_id: str, attachment_id: str, now: datetime) -> Attachment:
    """A file of the thread that a look which still holds is at. Raises NotFound."""
    look, _ = look_of(admin, look_id, now)
    found = db.session.get(Attachment, attachment_id)
    if found is None or found.thread_id != look.thread_id or found.state not in SHOWN:
        raise NotFound
    return found


def transcript(look: Look, *, before: int | None = None, limit: int = 200) -> list[Message]:
    """The latest messages of the thread looked into, ascending."""
    query = select(Message).where(Message.thread_id == look.thread_id).order_by(Message.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(Message.seq < before)
    return list(db.session.execute(query).scalars())[::-1]


def earlier_texts(look: Look, messages: Iterable[Message]) -> dict[int, list[MessageRevision]]:
    """seq -> what a message said before it was edited or deleted, in that order."""
    found: dict[int, list[MessageRevision]] = {}
    query = select(MessageRevision).where(
        MessageRevision.thread_id == look.thread_id, MessageRevision.seq.in_([m.seq for m in messages])
    )
    for each in db.session.execute(query.order_by(MessageRevision.replaced_at)).scalars():
        found.setdefault(each.seq, []).append(each)
    return found


def looks_at(admin: User, thread_id: str) -> Sequence[Look]:
    """Every look anybody ever took at this thread, latest first."""
    if not admin.is_admin:
        raise NotFound
    query = select(Look).where(Look.thread_id == thread_id).order_by(Look.created_at.desc())
    return db.session.execute(query.options(joinedload(Look.admin))).scalars().all()
