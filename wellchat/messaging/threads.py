"""Open threads, or find them.

A thread is inserted on its unique key, or found by it, so that simultaneous attempts end in one thread.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.connections.actions import connect
from wellchat.connections.models import Connection
from wellchat.connections.queries import connection_between
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import CannotWrite, Invalid, NotAllowed, NotFound
from wellchat.event_types import tell_host
from wellchat.i18n import N_, gettext
from wellchat.messaging.closing import refuse_paused
from wellchat.messaging.hooks import lead_thread_opened_in_transaction
from wellchat.messaging.models import Membership, Thread, pair_key, subject_key
from wellchat.subjects.models import Subject
from wellchat.subjects.queries import visible_subject

WAITS = N_("The people who run this site have to confirm you first.")


def open_thread(
    *, viewer: User, now: datetime, with_id: str | None = None, subject: tuple[str, str] | None = None
) -> tuple[str, bool]:
    """Open the viewer's thread with a person, or about a subject. Return (its id, whether it is new).

    `subject` is (kind, external id). A professional who opens a thread about a subject for every client names
    the client in `with_id`. Raises NotFound for people and subjects that the viewer may not see, Invalid if
    the thread is not determined, the lead is not claimed yet or the coupon has ended, and CannotWrite for a
    new thread of two who do not write to each other. A thread that is there is opened, to be read.
    """
    if viewer.waits:
        raise NotAllowed(WAITS)
    with transaction():
        if subject is not None:
            return _open_about(viewer, visible_subject(viewer, *subject), with_id, now)
        if with_id is None:
            raise Invalid({"with": gettext("Say whom to write to.")})
        return _open_pair(viewer, _connection_with(viewer, with_id, now), now)


def _connection_with(viewer: User, other_id: str, now: datetime) -> Connection:
    """Return the viewer's connection with somebody.

    A client who writes to an active professional open to new clients is connected with them. Raises NotFound
    if the two are not connected and the viewer may not connect them.
    """
    other = db.session.get(User, other_id)
    if other is None or other.id == viewer.id:
        raise NotFound
    if other.waits:
        raise NotFound
    if connection := connection_between(viewer.id, other.id, lock=True):
        return connection
    if viewer.is_client and other.is_professional and other.is_active and other.open_to_clients:
        return connect(client_id=viewer.id, professional_id=other.id, now=now)
    raise NotFound


def _open_about(viewer: User, subject: Subject, with_id: str | None, now: datetime) -> tuple[str, bool]:
    if subject.is_unclaimed:
        raise Invalid(
            {"subject": gettext("Nobody has claimed this lead yet. Its thread opens when somebody does.")}
        )
    client_id = subject.client_id or (viewer.id if viewer.is_client else with_id)
    if client_id is None:
        raise Invalid({"with": gettext("Say which client to write to about this.")})
    if viewer.is_client and client_id != viewer.id:
        raise NotFound
    if subject.is_over and _find(subject_key(subject, client_id)) is None:
        ended = gettext("“%(title)s” has ended. No new conversation about it can begin.", title=subject.title)
        raise Invalid({"subject": ended})
    if viewer.is_client or subject.client_id:
        # The host platform, or the card that the client used, brought the two together, so they are connected
        # now.
        connection = connect(client_id=client_id, professional_id=subject.professional_id, now=now)
    else:
        found = connection_between(client_id, subject.professional_id, lock=True)
        if found is None:
            raise NotFound
        connection = found
    # Bookings and sessions are talked about in the pair's own thread.
    if subject.declared.scope == "connection":
        return _open_pair(viewer, connection, now)
    return _open(viewer, connection, subject_key(subject, client_id), subject, now)


def _open_pair(viewer: User, connection: Connection, now: datetime) -> tuple[str, bool]:
    return _open(viewer, connection, pair_key(connection.id), None, now)


def _open(
    viewer: User, connection: Connection, key: str, subject: Subject | None, now: datetime
) -> tuple[str, bool]:
    if connection.closed_at is None and not viewer.is_paused(now):
        return _get_or_create(connection, key, subject, now, opener=viewer)
    there = _find(key)
    if there is None:
        refuse_paused(viewer, now)
        raise CannotWrite
    return there, False


def _find(key: str) -> str | None:
    found: str | None = db.session.execute(select(Thread.id).where(Thread.key == key)).scalar_one_or_none()
    return found


def _get_or_create(
    connection: Connection, key: str, subject: Subject | None, now: datetime, opener: User | None = None
) -> tuple[str, bool]:
    """Return (the thread's id, whether it is new).

    The other person of `opener` has it in no list, and hears nothing of it, before its first message. Without
    an opener, the platform brought the two together, and both have it.
    """
    # The unique key decides. If another transaction inserts the same key at the same moment, this statement
    # waits for its end and then does nothing, and the query below finds the row of the other one.
    made = db.session.execute(
        insert(Thread)
        .values(
            id=new_id(),
            key=key,
            key_scope=subject.declared.scope if subject else "connection",
            connection_id=connection.id,
            client_id=connection.client_id,
            professional_id=connection.professional_id,
            subject_id=subject.id if subject else None,
            last_seq=0,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Thread.key])
        .returning(Thread.id)
    ).scalar_one_or_none()
    if made is None:  # it exists already, perhaps because somebody opened it at the same moment
        there = db.session.execute(select(Thread.id).where(Thread.key == key)).scalar_one()
        _list_for(there, [opener.id] if opener else [connection.client_id, connection.professional_id])
        return there, False
    for user_id in (connection.client_id, connection.professional_id):
        mine = Membership(thread_id=made, user_id=user_id, updated_at=now)
        mine.kind = subject.kind if subject else None
        mine.awaits_word = opener is not None and opener.id != user_id
        db.session.add(mine)
        if not mine.awaits_word:
            record_change(user_id=user_id, kind="thread", thread_id=made)
    tell_host(
        "thread.opened",
        {
            "thread": made,
            "client": connection.client_id,
            "professional": connection.professional_id,
            "subject": subject.named if subject else None,
        },
        now,
        thread_id=made,
        thread_seq=0,
    )
    return made, True


def _list_for(thread_id: str, user_ids: list[str]) -> None:
    """List a thread that somebody else has opened for these people, who open it now themselves."""
    waiting = (Membership.thread_id == thread_id, Membership.user_id.in_(user_ids), Membership.awaits_word)
    listed = update(Membership).where(*waiting).values(awaits_word=False).returning(Membership.user_id)
    changed = db.session.execute(listed.execution_options(synchronize_session=False)).scalars().all()
    for user_id in changed:
        record_change(user_id=user_id, kind="thread", thread_id=thread_id)


def put_thread(
    *, client_id: str, professional_id: str, subject: Subject | None, now: datetime
) -> tuple[str, bool]:
    """Open the thread of two people, or about a subject of theirs, for the platform. Return (id, is new).

    It connects the two. Raises Invalid for people that cannot be, and CannotWrite for a new thread of two who
    do not write to each other.
    """
    with transaction():
        connection = connect(client_id=client_id, professional_id=professional_id, now=now)
        if subject is not None and subject.declared.scope == "connection":
            subject = None
        key = subject_key(subject, client_id) if subject else pair_key(connection.id)
        if connection.closed_at is None:
            return _get_or_create(connection, key, subject, now)
        there = _find(key)
        if there is None:
            raise CannotWrite
        return there, False


def open_thread_of_lead(lead: Subject, notify: bool, now: datetime) -> str | None:
    """Open the thread about a claimed lead, if it is not open yet. With `notify`, its client is told then.

    Return its id; None for a lead without a client, or of two who do not write to each other. Runs in the
    transaction that puts or claims the lead.
    """
    if lead.client_id is None:
        return None
    connection = connect(client_id=lead.client_id, professional_id=lead.professional_id, now=now)
    if connection.closed_at is not None:
        return None
    thread_id, made = _get_or_create(connection, subject_key(lead, lead.client_id), lead, now)
    if made and notify:
        lead_thread_opened_in_transaction(lead, thread_id, now)
    return thread_id
