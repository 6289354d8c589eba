"""Read conversations for administrators: the least in lists, the text only under a grant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from wellchat.accounts.models import User
from wellchat.attachments.models import SHOWN, Attachment
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.models import Message, MessageRevision, Thread
from wellchat.oversight.models import ASKED_FOR, AccessGrant, OversightSearch
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.subjects.models import Subject

GRANT_LIFETIME = timedelta(minutes=30)
SEARCH_LIFETIME = timedelta(hours=2)
PAGE = 30  # conversations of one page of results


def search_of(admin: User, search_id: str, now: datetime) -> OversightSearch:
    """Return a search that this administrator made within SEARCH_LIFETIME. Raises NotFound."""
    found = db.session.get(OversightSearch, search_id)
    # One error for all cases: nothing tells a wrong id from an old or foreign search.
    if (
        not admin.may("conversations")
        or found is None
        or found.admin_id != admin.id
        or now - found.created_at > SEARCH_LIFETIME
    ):
        raise NotFound
    return found


def results(
    entry: OversightSearch, *, before: str | None = None, limit: int = PAGE
) -> tuple[Sequence[Thread], str | None]:
    """Return the threads that a search finds, latest first, and the page token of the next ones, if any.

    It compares the names and addresses of both people, and the title and the host's id of the subject. The
    text of messages is not searched. Raises Invalid for a bad page token.
    """
    client, professional = aliased(User), aliased(User)
    names = (client.name, client.email, professional.name, professional.email, Subject.title)
    query = (
        select(Thread)
        .join(client, client.id == Thread.client_id)
        .join(professional, professional.id == Thread.professional_id)
        # Outer: a thread need not have a subject.
        .outerjoin(Subject, Subject.id == Thread.subject_id)
        .where(
            or_(
                *(name.icontains(entry.term, autoescape=True) for name in names),
                Subject.external_id == entry.term,
            )
        )
        .order_by(Thread.updated_at.desc(), Thread.id.desc())
        .limit(limit + 1)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
    )
    if before:
        query = query.where(tuple_(Thread.updated_at, Thread.id) < tuple_(*decode_page_token(before)))
    found = db.session.execute(query).scalars().all()
    if len(found) <= limit:
        return found, None
    return found[:limit], encode_page_token(found[limit - 1].updated_at, found[limit - 1].id)


def grant_of(admin: User, grant_id: str, now: datetime) -> tuple[AccessGrant, Thread]:
    """Return (grant, thread) of an open grant of this administrator. Raises NotFound."""
    # Read afresh: somebody may have ended it a moment ago.
    found = db.session.get(AccessGrant, grant_id, populate_existing=True)
    # One error for all cases: nothing tells a wrong id from an expired or foreign grant.
    if (
        not admin.may("conversations")
        or found is None
        or found.admin_id != admin.id
        or found.approved_at is None
        or found.ended_at is not None
        or now - found.approved_at > GRANT_LIFETIME
    ):
        raise NotFound
    return found, _thread(found.thread_id)


def waiting_grant(admin: User, grant_id: str) -> AccessGrant | None:
    """Return the administrator's own grant if it still waits for a second person, else None."""
    found = db.session.get(AccessGrant, grant_id)
    if found is None or found.admin_id != admin.id or found.approved_at or found.ended_at:
        return None
    return found


def _thread(thread_id: str) -> Thread:
    return db.session.execute(
        select(Thread)
        .where(Thread.id == thread_id)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
    ).scalar_one()


def file_under_grant(
    admin: User, grant_id: str, attachment_id: str, now: datetime
) -> tuple[AccessGrant, Attachment]:
    """Return the grant, and a file of the thread that it opens. Raises NotFound."""
    grant, _ = grant_of(admin, grant_id, now)
    found = db.session.get(Attachment, attachment_id)
    # A grant opens one thread. The id of a file elsewhere must not lead around that.
    if found is None or found.thread_id != grant.thread_id or found.state not in SHOWN:
        raise NotFound
    return grant, found


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
    """Return the accesses to this thread, latest first, at most 50. Raises NotFound without the duty."""
    if not admin.may("conversations"):
        raise NotFound
    query = select(AccessGrant).where(AccessGrant.thread_id == thread_id)
    query = query.order_by(AccessGrant.created_at.desc(), AccessGrant.id).limit(50)
    return db.session.execute(query.options(joinedload(AccessGrant.admin))).scalars().all()


def open_grants(admin: User, now: datetime) -> Sequence[AccessGrant]:
    """Return the administrator's own grants that are open or wait for a second person, latest first."""
    still_asked = and_(AccessGrant.approved_at.is_(None), AccessGrant.created_at > now - ASKED_FOR)
    query = (
        select(AccessGrant)
        .where(AccessGrant.admin_id == admin.id, AccessGrant.ended_at.is_(None))
        .where(or_(still_asked, AccessGrant.approved_at > now - GRANT_LIFETIME))
        .order_by(AccessGrant.created_at.desc(), AccessGrant.id)
        .limit(20)
    )
    return db.session.execute(query).scalars().all()


def grants_to_approve(admin: User, now: datetime) -> Sequence[AccessGrant]:
    """Return the grants of others that wait for a second person, oldest first, at most 50."""
    query = (
        select(AccessGrant)
        .where(AccessGrant.approved_at.is_(None), AccessGrant.ended_at.is_(None))
        .where(AccessGrant.admin_id != admin.id, AccessGrant.created_at > now - ASKED_FOR)
        .order_by(AccessGrant.created_at, AccessGrant.id)
        .limit(50)
    )
    return db.session.execute(query.options(joinedload(AccessGrant.admin))).scalars().all()
