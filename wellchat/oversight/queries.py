"""Read conversations for administrators: the people always, the text only under a grant."""

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
from wellchat.oversight.models import AccessGrant

GRANT_LIFETIME = timedelta(minutes=30)


def conversations(admin: User, q: str, *, limit: int = 50) -> Sequence[Thread]:
    """Return threads of people whose name or address contains `q`, latest first, at most `limit`.

    The text of messages is not searched. Raises NotFound for anybody but an administrator.
    """
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


def grant_of(admin: User, grant_id: str, now: datetime) -> tuple[AccessGrant, Thread]:
    """Return (grant, thread) of a valid grant of this administrator. Raises NotFound."""
    found = db.session.get(AccessGrant, grant_id)
    # One error for all cases: nothing tells a wrong id from an expired or foreign grant.
    if (
        not admin.is_admin
        or found is None
        or found.admin_id != admin.id
        or now - found.created_at > GRANT_LIFETIME
    ):
        raise NotFound
    thread = db.session.execute(
        select(Thread)
        .where(Thread.id == found.thread_id)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
    ).scalar_one()
    return found, thread


def file_under_grant(admin: User, grant_id: str, attachment_id: str, now: datetime) -> Attachment:
    """Return a file of the thread that the grant opens. Raises NotFound."""
    grant, _ = grant_of(admin, grant_id, now)
    found = db.session.get(Attachment, attachment_id)
    if found is None or found.thread_id != grant.thread_id or found.state not in SHOWN:
        raise NotFound
    return found


def transcript(grant: AccessGrant, *, before: int | None = None, limit: int = 200) -> list[Message]:
    """Return the latest messages of the opened thread before seq `before`, ascending, at most `limit`."""
    query = (
        select(Message).where(Message.thread_id == grant.thread_id).order_by(Message.seq.desc()).limit(limit)
    )
    if before is not None:
        query = query.where(Message.seq < before)
    return list(db.session.execute(query).scalars())[::-1]


def earlier_texts(grant: AccessGrant, messages: Iterable[Message]) -> dict[int, list[MessageRevision]]:
    """Return {seq: revisions}: the texts of a message before each edit or deletion, oldest first."""
    found: dict[int, list[MessageRevision]] = {}
    query = select(MessageRevision).where(
        MessageRevision.thread_id == grant.thread_id, MessageRevision.seq.in_([m.seq for m in messages])
    )
    for each in db.session.execute(query.order_by(MessageRevision.replaced_at)).scalars():
        found.setdefault(each.seq, []).append(each)
    return found


def grants_for(admin: User, thread_id: str) -> Sequence[AccessGrant]:
    """Return every access to this thread, latest first. Raises NotFound for anybody but an administrator."""
    if not admin.is_admin:
        raise NotFound
    query = (
        select(AccessGrant).where(AccessGrant.thread_id == thread_id).order_by(AccessGrant.created_at.desc())
    )
    return db.session.execute(query.options(joinedload(AccessGrant.admin))).scalars().all()
