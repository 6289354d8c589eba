"""Close conversations, and open them again. This is the one place that decides whether two may write.

A connection is closed while it was ended, while one of the two has blocked the other, and while one of them
has no active account. `settle` works that out anew, under the lock of the connection, and copies the result
to the threads and memberships. So the statements that are there anyway check it: a send that waited for the
lock of its thread finds `closed_at` set, and takes no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.changes.actions import expire_log, record_change
from wellchat.connections.models import Connection
from wellchat.db import db, transaction
from wellchat.errors import CannotWrite, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.hooks import blocks_among, held_among
from wellchat.messaging.models import BLOCKED, CLOSED, ENDED, HELD, Membership, PendingDelivery, Thread

BATCH = 200  # connections of one round


def settle(connection_ids: Sequence[str], now: datetime) -> None:
    """Close or open these connections, as blocks, endings and accounts now say. Call in a transaction.

    Nothing changes for those that are right already, but for who has closed them.
    """
    for start in range(0, len(connection_ids), BATCH):
        _settle(sorted(connection_ids)[start : start + BATCH], now)


def settle_person(user_id: str, now: datetime) -> None:
    """Settle all connections of a person, because they can be written to no more, or again."""
    mine = or_(Connection.client_id == user_id, Connection.professional_id == user_id)
    other_id = case((Connection.client_id == user_id, Connection.professional_id), else_=Connection.client_id)
    others: dict[str, str] = dict(db.session.execute(select(Connection.id, other_id).where(mine)).all())
    settle(list(others), now)
    if db.session.get_one(User, user_id).is_gone:
        # Their words and their name may stand anywhere on the others' pages.
        for each in others.values():
            expire_log(user_id=each)


def _settle(connection_ids: Sequence[str], now: datetime) -> None:
    with transaction() as session:
        # In ascending order, so that two who settle the same connections do not wait for each other.
        found = session.execute(
            select(Connection)
            .where(Connection.id.in_(connection_ids))
            .order_by(Connection.id)
            .options(joinedload(Connection.client), joinedload(Connection.professional))
            .with_for_update(of=Connection)
            .execution_options(populate_existing=True)
        )
        connections = {each.id: each for each in found.scalars()}
        # Read under the lock, which whoever blocks takes first: no block comes in between.
        blocks = {pair for pairs in blocks_among(list(connections)) for pair in pairs}
        blocked = {connection_id for connection_id, _ in blocks}
        closed = [each for each in connections.values() if _is_closed(each) or each.id in blocked]
        opened = [each for each in connections.values() if each not in closed and each.closed_at is not None]
        for each in closed:
            each.closed_at = each.closed_at or now
        for each in opened:
            each.closed_at = None
        # What follows are statements past the session.
        session.flush()
        _close([each.id for each in closed], now)
        for each in closed:
            if each.ended_at is not None and each.ended_by in (each.client_id, each.professional_id):
                _mark(each.id, str(each.ended_by), ENDED)
        for connection_id, user_id in sorted(blocks):
            _mark(connection_id, user_id, BLOCKED)
        _open([each.id for each in opened])


def _is_closed(connection: Connection) -> bool:
    ended = connection.ended_at is not None or connection.host_ended_at is not None
    return ended or not (connection.client.is_active and connection.professional.is_active)


def _threads(connection_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Lock the threads of these connections. Return (id, client id, professional id) of each."""
    return _lock_threads(Thread.connection_id.in_(connection_ids))


def _lock_threads(which: ColumnElement[bool]) -> list[tuple[str, str, str]]:
    # The same lock that a send takes first: it is either committed before this, or finds the thread closed.
    found = db.session.execute(
        select(Thread.id, Thread.client_id, Thread.professional_id)
        .where(which)
        .order_by(Thread.id)
        .with_for_update()
    )
    return [(row[0], row[1], row[2]) for row in found]


def _close(connection_ids: Sequence[str], now: datetime) -> None:
    threads, session = _threads(connection_ids), db.session()
    ids = [thread_id for thread_id, *_ in threads]
    if not ids:
        return
    session.execute(
        update(Thread)
        .where(Thread.id.in_(ids))
        # Closed by somebody else as well, it keeps the time of the first.
        .values(closed_at=func.coalesce(Thread.closed_at, now))
        .execution_options(synchronize_session=False)
    )
    # Only at the first closing: what is read from then on is not shown to the other person.
    fresh = Membership.closed_as.is_(None)
    session.execute(
        update(Membership)
        .where(Membership.thread_id.in_(ids), fresh)
        .values(
            shown_read_seq=Membership.last_read_seq,
            shown_delivered_seq=Membership.delivered_seq,
            # Nothing of it is mailed any more: a digest holds what is above.
            mailed_seq=Membership.last_seq,
            typing_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Membership)
        .where(Membership.thread_id.in_(ids))
        # The same for both at first; then _mark sets apart who can open it again.
        .values(closed_as=CLOSED)
        .execution_options(synchronize_session=False)
    )
    # Nobody is notified any more of what was written just before.
    session.execute(delete(PendingDelivery).where(PendingDelivery.thread_id.in_(ids)))
    _record(threads)


def _mark(connection_id: str, user_id: str, closed_as: str) -> None:
    """Remember who can open the threads of a connection again."""
    threads = select(Thread.id).where(Thread.connection_id == connection_id)
    db.session.execute(
        update(Membership)
        .where(Membership.thread_id.in_(threads), Membership.user_id == user_id)
        .values(closed_as=closed_as)
        .execution_options(synchronize_session=False)
    )


def _open(connection_ids: Sequence[str]) -> None:
    threads = _threads(connection_ids)
    if not threads:
        return
    held = {each for ids in held_among([thread_id for thread_id, *_ in threads]) for each in ids}
    _open_each([each for each in threads if each[0] not in held])
    if not held:
        return
    db.session.execute(
        update(Membership)
        .where(Membership.thread_id.in_(held))
        .values(closed_as=HELD)
        .execution_options(synchronize_session=False)
    )
    _record([each for each in threads if each[0] in held])


def _open_each(threads: Sequence[tuple[str, str, str]]) -> None:
    ids, session = [thread_id for thread_id, *_ in threads], db.session()
    session.execute(
        update(Thread)
        .where(Thread.id.in_(ids))
        .values(closed_at=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Membership)
        .where(Membership.thread_id.in_(ids))
        .values(closed_as=None, shown_read_seq=None, shown_delivered_seq=None)
        .execution_options(synchronize_session=False)
    )
    _record(threads)


def _record(threads: Sequence[tuple[str, str, str]]) -> None:
    for thread_id, *people in threads:
        for user_id in people:
            record_change(user_id=user_id, kind="thread", thread_id=thread_id)


def hold(thread_ids: Sequence[str], now: datetime) -> None:
    """Close threads for writing while earlier messages are brought into them. Call in a transaction.

    Those that are closed already stay as they are. The caller answers `held_among` with them from now on.
    """
    threads = _lock_threads(Thread.id.in_(thread_ids))
    of_them = Membership.thread_id.in_([thread_id for thread_id, *_ in threads])
    db.session.execute(
        update(Thread)
        .where(Thread.id.in_(thread_ids), Thread.closed_at.is_(None))
        .values(closed_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Membership)
        .where(of_them, Membership.closed_as.is_(None))
        .values(
            closed_as=HELD,
            shown_read_seq=Membership.last_read_seq,
            shown_delivered_seq=Membership.delivered_seq,
            typing_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    _record(threads)


def release(thread_ids: Sequence[str], now: datetime) -> None:
    """Open threads that were held, unless something else keeps them closed. Call in a transaction.

    The caller does not answer `held_among` with them any more.
    """
    connection_ids = select(Thread.connection_id).where(Thread.id.in_(thread_ids)).distinct()
    closed = set(
        db.session.execute(
            select(Connection.id)
            .where(Connection.id.in_(connection_ids), Connection.closed_at.is_not(None))
            .order_by(Connection.id)
            .with_for_update()
        ).scalars()
    )
    _open_each(_lock_threads((Thread.id.in_(thread_ids)) & (Thread.connection_id.not_in(closed))))
    # Whoever ended, blocked or closed it reads that again.
    settle(sorted(closed), now)


def closed_sentence(closed_as: str | None, other_name: str) -> str | None:
    """Return why nobody writes in a thread, for its reader; None if it is open.

    Only who blocked or ended it reads that. For the other person there is one sentence for every reason.
    """
    if closed_as is None:
        return None
    if closed_as == BLOCKED:
        return gettext("You blocked %(name)s. You cannot write to each other.", name=other_name)
    if closed_as == ENDED:
        return gettext("You ended this connection. Open it again to write.")
    if closed_as == HELD:
        return gettext("Your earlier messages are being brought over.")
    return gettext("You cannot write here any more.")


def paused_sentence() -> str:
    """Return what a person reads who may send nothing for some days."""
    return gettext("You cannot send messages for now. The email about it says until when, and why.")


def refuse_paused(viewer: User, now: datetime) -> None:
    """Raise CannotWrite if the viewer may send nothing at this moment. It reads nothing."""
    if viewer.is_paused(now):
        raise CannotWrite(paused_sentence())


def check_may_write(viewer: User, thread_id: str, now: datetime) -> None:
    """Raise CannotWrite if the viewer may not write into a thread of theirs, NotFound if it is not theirs.

    For doors that store something before the message. The send itself decides under its own lock.
    """
    found = db.session.execute(
        select(Membership.closed_as).where(Membership.thread_id == thread_id, Membership.user_id == viewer.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    refuse_paused(viewer, now)
    if found.closed_as is not None:
        raise CannotWrite(closed_sentence(HELD, "") or "" if found.closed_as == HELD else "")
