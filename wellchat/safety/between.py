"""Block the other person of a thread, or end the connection with them; and undo it.

Both close every thread of the two (messaging.closing). To the other person they look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.changes.actions import record_change
from wellchat.connections.models import Connection
from wellchat.db import db, insert, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.i18n import gettext
from wellchat.messaging import closing
from wellchat.messaging.models import MAX_SEQ, Membership, Thread
from wellchat.messaging.mutation import unread_above
from wellchat.notifications.actions import read_thread
from wellchat.safety.hooks import connection_ended_in_transaction, connection_reopened_in_transaction
from wellchat.safety.models import Block


def blocks_among(connection_ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Return (connection id, user id) for each block among these: this user has blocked the other one."""
    pair = or_(
        and_(Block.user_id == Connection.client_id, Block.other_id == Connection.professional_id),
        and_(Block.user_id == Connection.professional_id, Block.other_id == Connection.client_id),
    )
    found = select(Connection.id, Block.user_id).join(Block, pair)
    rows = db.session.execute(found.where(Connection.id.in_(connection_ids)))
    return [(connection_id, user_id) for connection_id, user_id in rows]


def _locked(viewer: User, thread_id: str) -> tuple[Connection, str]:
    """Lock the connection of a thread of the viewer's. Return (it, id of the other). Raises NotFound."""
    mine = or_(Connection.client_id == viewer.id, Connection.professional_id == viewer.id)
    found = db.session.execute(
        select(Connection)
        .join(Thread, Thread.connection_id == Connection.id)
        .where(Thread.id == thread_id, mine)
        # Not the thread: closing.settle locks threads after connections, and two orders could deadlock.
        .with_for_update(of=Connection)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found, found.professional_id if viewer.id == found.client_id else found.client_id


def block(*, viewer: User, thread_id: str, now: datetime) -> None:
    """Block the other person of a thread. Their threads go to the viewer's archive. Twice is as once.

    Raises NotFound.
    """
    with transaction() as session:
        connection, other_id = _locked(viewer, thread_id)
        made = session.execute(
            insert(Block)
            .values(user_id=viewer.id, other_id=other_id, created_at=now)
            .on_conflict_do_nothing()
            .returning(Block.user_id)
        ).scalar_one_or_none()
        # Another tab was first, and has closed and recorded it.
        if made is None:
            return
        # Asked before `settle` changes it: what was closed already does not end once more.
        was_open = connection.closed_at is None
        closing.settle([connection.id], now)
        _put_away(viewer, connection, now)
        record("block.made", now=now, actor_id=viewer.id, person_id=other_id)
        if was_open:
            connection_ended_in_transaction(connection.id, "person", now)


def _put_away(viewer: User, connection: Connection, now: datetime) -> None:
    """Archive the threads of a connection for the viewer, and settle their notifications."""
    session = db.session()
    ids = session.execute(select(Thread.id).where(Thread.connection_id == connection.id)).scalars().all()
    session.execute(
        update(Membership)
        .where(Membership.thread_id.in_(ids), Membership.user_id == viewer.id)
        .values(archived=True)
        .execution_options(synchronize_session=False)
    )
    for thread_id in sorted(ids):
        read_thread(
            user_id=viewer.id,
            thread_id=thread_id,
            up_to_seq=MAX_SEQ,
            now=now,
            left=unread_above(viewer.id, MAX_SEQ),
        )
        record_change(user_id=viewer.id, kind="thread", thread_id=thread_id)


def unblock(*, viewer: User, thread_id: str, now: datetime) -> None:
    """Take back the viewer's block of the other person of a thread. Without one, nothing happens.

    Raises NotFound.
    """
    with transaction() as session:
        connection, other_id = _locked(viewer, thread_id)
        gone = session.execute(delete(Block).where(Block.user_id == viewer.id, Block.other_id == other_id))
        if gone.rowcount == 0:  # type: ignore[attr-defined]
            return
        record("block.undone", now=now, actor_id=viewer.id, person_id=other_id)
        _settle_opened(connection, now)


def _settle_opened(connection: Connection, now: datetime) -> None:
    closing.settle([connection.id], now)
    # Another block, or a disabled account, may keep it closed.
    if connection.closed_at is None:
        connection_reopened_in_transaction(connection.id, now)


def end_connection(*, viewer: User, thread_id: str, now: datetime) -> None:
    """End the connection of a thread: both may read it, and nobody writes. Twice is the same as once.

    Raises NotFound, and Conflict if nobody can write there already.
    """
    with transaction():
        connection, other_id = _locked(viewer, thread_id)
        if connection.ended_by == viewer.id:
            return
        if connection.closed_at is not None:
            raise Conflict(gettext("You cannot write here any more."))
        _end(connection, viewer.id, now)
        record("connection.ended", now=now, actor_id=viewer.id, person_id=other_id)
        connection_ended_in_transaction(connection.id, "person", now)


def end_as_moderator(*, moderator: User, thread_id: str, now: datetime) -> None:
    """End the connection of somebody's thread. Only another administrator's act opens it again."""
    with transaction() as session:
        thread = session.get(Thread, thread_id)
        if thread is None:
            raise NotFound
        connection = session.get_one(
            Connection, thread.connection_id, with_for_update=True, populate_existing=True
        )
        was_open = connection.closed_at is None
        _end(connection, moderator.id, now)
        record("connection.ended", now=now, actor_id=moderator.id, about=("thread", thread_id))
        if was_open:
            connection_ended_in_transaction(connection.id, "administrator", now)


def reopen_as_moderator(*, moderator: User, thread_id: str, now: datetime) -> None:
    """Open a connection that an administrator ended. Raises NotFound if none did."""
    with transaction() as session:
        thread = session.get(Thread, thread_id)
        if thread is None:
            raise NotFound
        connection = session.get_one(
            Connection, thread.connection_id, with_for_update=True, populate_existing=True
        )
        # What one of the two ended is theirs to open again.
        if connection.ended_by in (None, connection.client_id, connection.professional_id):
            raise NotFound
        connection.ended_at = connection.ended_by = None
        session.flush()
        record("connection.reopened", now=now, actor_id=moderator.id, about=("thread", thread_id))
        _settle_opened(connection, now)


def set_ended_by_host(*, connection_id: str, ended: bool, now: datetime) -> bool:
    """End a connection for the host platform, or take that back. Return whether anything changed.

    What one of the two or an administrator has ended, or blocked, stays so. Raises NotFound.
    """
    with transaction() as session:
        connection = session.get(
            Connection, connection_id, with_for_update={"key_share": True}, populate_existing=True
        )
        if connection is None:
            raise NotFound
        if ended == (connection.host_ended_at is not None):
            return False
        was_open = connection.closed_at is None
        connection.host_ended_at = now if ended else None
        session.flush()
        kind = "connection.ended" if ended else "connection.reopened"
        record(kind, now=now, about=("connection", connection_id))
        if not ended:
            _settle_opened(connection, now)
            return True
        closing.settle([connection_id], now)
        if was_open:
            connection_ended_in_transaction(connection_id, "host", now)
    return True


def _end(connection: Connection, by: str, now: datetime) -> None:
    connection.ended_at, connection.ended_by = now, by
    db.session.flush()
    closing.settle([connection.id], now)


def reopen_connection(*, viewer: User, thread_id: str, now: datetime) -> None:
    """Open a connection that the viewer ended. One that is open stays so.

    Raises NotFound, and Conflict if somebody else closed it, in whatever way.
    """
    with transaction():
        connection, other_id = _locked(viewer, thread_id)
        if connection.closed_at is None:
            return
        # One answer for an end by the other person, a block and a closed account.
        if connection.ended_by != viewer.id:
            raise Conflict(gettext("You cannot write here any more."))
        connection.ended_at = connection.ended_by = None
        # Written down before `settle`, which works out from the database whether it is open.
        db.session.flush()
        record("connection.reopened", now=now, actor_id=viewer.id, person_id=other_id)
        _settle_opened(connection, now)
