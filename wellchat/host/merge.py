"""Make one person of two: the host has made somebody twice.

What others see of them goes over: conversations, messages, files, bookings, blocks, reports. What belongs to
the account itself (sessions, factors, devices, preferences, address) is erased with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, PrimaryKeyConstraint, UniqueConstraint, delete, select, tuple_, update

from wellchat.accounts.actions import lock_user
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import erase_person
from wellchat.accounts.standing import keep_an_owner
from wellchat.audit.actions import record
from wellchat.changes.actions import expire_log
from wellchat.connections.models import Connection
from wellchat.db import Base, db, insert, transaction
from wellchat.event_types import silence, tell_host
from wellchat.host.calls import TryAgain
from wellchat.host.problems import HostRefusal
from wellchat.i18n import gettext
from wellchat.identities.models import Identity
from wellchat.identities.queries import external_ids
from wellchat.messaging.closing import settle
from wellchat.messaging.hooks import held_among
from wellchat.messaging.joining import BothLive, join_threads
from wellchat.messaging.models import Message, Reaction, Thread, pair_key
from wellchat.messaging.reactions import gathered, reactions_to
from wellchat.notifications.models import Notification
from wellchat.safety.models import Block

# What goes over. The rest of a person's rows is erased.
MOVED = (
    "threads.client_id", "threads.professional_id", "memberships.user_id", "messages.sender_id",
    "reactions.user_id", "outbox.recipient_id", "subjects.client_id", "subjects.professional_id",
    "attachments.owner_id", "attachments.reader_id", "announcements.user_id", "notifications.user_id",
    "notifications.actor_id", "reports.by_id", "reports.about_id", "measures.user_id", "connections.ended_by",
    "scheduled_messages.author_id", "follow_ups.user_id", "check_in_rules.professional_id",
    "check_in_refusals.user_id", "birthdays.user_id",
    "portfolio_labels.professional_id", "portfolio_asks.client_id", "portfolio_asks.professional_id",
)  # fmt: skip


def merge_people(gone: User, into: User, *, now: datetime) -> int:
    """Make `gone` and `into` one person, `into`. Return how many conversations went over. Not to be undone.

    Call in a transaction. Raises TryAgain where one of them is erased by now; HostRefusal where they cannot
    be one, or `both_live` where both wrote to the same person at the same time; Conflict where a legal hold
    forbids it.
    """
    with transaction() as session:
        _lock_both(gone, into)
        _check(gone, into)
        kept = _connections(gone, into)
        threads = _lock_threads(kept)
        # Before their names are changed: another person's rows of the same group would be in the way.
        _forget_doubled(gone.id, into.id)
        for place in MOVED:
            _move(place, gone.id, into.id)
        session.expire_all()
        _join(kept, into.id)
        _retell_reactions(into.id, threads)
        _move_blocks(gone.id, into.id)
        _move_identities(gone.id, into.id, now)
        detail = {"threads": len(threads)}
        record("host_person.merged", now=now, person_id=into.id, about=("user", gone.id), detail=detail)
        session.flush()
        # In place of user.erased: the person is not gone, and whoever counts people would count one less.
        with silence():
            erase_person(user_id=gone.id, now=now)
        tell_host("user.merged", {"user": gone.id, "into": into.id}, now)
        settle(sorted({each.id for each in kept.values()}), now)
        for user_id in {into.id, *(_other(each, into.id) for each in kept.values())}:
            expire_log(user_id=user_id)
    return len(threads)


def _lock_both(gone: User, into: User) -> None:
    """Lock both accounts before all else, as whoever erases, disables or merges one of them does.

    Two merges would otherwise each give to the one whom the other erases. Raises TryAgain where one is gone.
    """
    # Erasing locks the owners before the account, and so must we: it is a part of this.
    keep_an_owner(gone.id)
    for user_id in sorted({gone.id, into.id}):
        if lock_user(user_id).is_gone:
            raise TryAgain


def _check(gone: User, into: User) -> None:
    if gone.id == into.id:
        raise HostRefusal(409, "conflict", gettext("This is one person already."))
    if gone.role != into.role:
        raise HostRefusal(409, "conflict", gettext("One is a client, and the other is a professional."))
    if not into.is_active:
        raise HostRefusal(409, "conflict", gettext("The account is disabled."))


def _connections(gone: User, into: User) -> dict[str, Connection]:
    """Lock the connections of both, and give those of `gone` to `into`. Return id -> what is left of each.

    Where both are connected with the same person, what is left is that of `into`.
    """
    mine = [
        (Connection.client_id, Connection.professional_id),
        (Connection.professional_id, Connection.client_id),
    ]
    side, other = mine[0] if into.is_client else mine[1]
    query = select(Connection).where(side.in_((gone.id, into.id))).order_by(Connection.id).with_for_update()
    found = db.session.execute(query.execution_options(populate_existing=True)).scalars().all()
    standing = {getattr(each, other.key): each for each in found if getattr(each, side.key) == into.id}
    kept: dict[str, Connection] = {}
    for each in found:
        if getattr(each, side.key) != gone.id:
            continue
        kept[each.id] = standing.get(getattr(each, other.key), each)
        if kept[each.id] is each:
            setattr(each, side.key, into.id)
    db.session.flush()
    return kept


def _lock_threads(kept: dict[str, Connection]) -> list[str]:
    """Lock all threads that are changed. Return the ids of those that go over."""
    ids = {*kept, *(each.id for each in kept.values())}
    query = select(Thread.id, Thread.connection_id).where(Thread.connection_id.in_(ids)).order_by(Thread.id)
    rows = db.session.execute(query.with_for_update()).all()
    if any(held for held in held_among([row.id for row in rows])):
        text = gettext("Earlier messages are being brought over. Try again when that is done.")
        raise HostRefusal(409, "conflict", text)
    return [row.id for row in rows if row.connection_id in kept]


def _forget_doubled(gone_id: str, into_id: str) -> None:
    """Delete the unread notifications of `gone` for which `into` has an unread one of the same group."""
    mine = select(Notification.group_key).where(
        Notification.user_id == into_id, Notification.read_at.is_(None)
    )
    theirs = (Notification.user_id == gone_id, Notification.read_at.is_(None))
    db.session.execute(
        delete(Notification)
        .where(*theirs, Notification.group_key.in_(mine))
        .execution_options(synchronize_session=False)
    )


def _move(place: str, gone_id: str, into_id: str) -> None:
    name, _, column = place.partition(".")
    moved = Base.metadata.tables[name]
    db.session.execute(update(moved).where(moved.c[column] == gone_id).values({column: into_id}))


def _join(kept: dict[str, Connection], into_id: str) -> None:
    """Give the threads of each connection that is gone to the one that stays, joined where both have one."""
    for old_id, connection in kept.items():
        query = select(Thread).where(Thread.connection_id.in_({old_id, connection.id})).order_by(Thread.id)
        by_key: dict[str, list[Thread]] = {}
        for thread in db.session.execute(query.execution_options(populate_existing=True)).scalars():
            by_key.setdefault(_key(thread, connection.id), []).append(thread)
        for key, threads in by_key.items():
            thread = threads[0] if len(threads) == 1 else _joined(*threads)
            thread.key, thread.connection_id = key, connection.id
            db.session.flush()
        if connection.id != old_id:
            _drop_connection(old_id, connection.id)


def _joined(one: Thread, other: Thread) -> Thread:
    try:
        return join_threads(one, other)
    except BothLive as error:
        raise HostRefusal(409, "both_live", error.detail) from None


def _key(thread: Thread, connection_id: str) -> str:
    """Return the key that the thread has now that it is of these two people."""
    if thread.subject_id is None:
        return pair_key(connection_id)
    if thread.key_scope == "client":
        return f"client:{thread.subject_id}:{thread.client_id}"
    return thread.key


def _drop_connection(old_id: str, new_id: str) -> None:
    for each in Base.metadata.sorted_tables:
        for key in each.foreign_keys:
            if key.column.table.name == "connections" and each.name != "threads":
                _forget_second(key.parent, old_id, new_id)
                db.session.execute(update(each).where(key.parent == old_id).values({key.parent.name: new_id}))
    db.session.execute(delete(Connection).where(Connection.id == old_id))


def _forget_second(column: Column[Any], old_id: str, new_id: str) -> None:
    """Delete what the old connection has where the new one has the same, and there can be one only."""
    of = column.table
    keys = [each for each in of.constraints if isinstance(each, PrimaryKeyConstraint | UniqueConstraint)]
    for key in keys:
        if column not in list(key.columns):
            continue
        there = of.alias()
        same = [there.c[each.name] == each for each in key.columns if each is not column]
        stands = select(there).where(there.c[column.name] == new_id, *same).exists()
        db.session.execute(delete(of).where(column == old_id, stands))


def _retell_reactions(into_id: str, thread_ids: list[str]) -> None:
    """Write the reactions anew into the messages that repeat them."""
    keys = select(Reaction.thread_id, Reaction.seq).where(Reaction.user_id == into_id).distinct()
    found = db.session.execute(keys).all()
    query = select(Message).where(tuple_(Message.thread_id, Message.seq).in_([tuple(each) for each in found]))
    for message in db.session.execute(query).scalars() if found else ():
        message.reactions = gathered(reactions_to(message))
        message.revision += 1
    db.session.flush()


def _move_blocks(gone_id: str, into_id: str) -> None:
    rows = db.session.execute(
        select(Block.user_id, Block.other_id, Block.created_at).where(
            (Block.user_id == gone_id) | (Block.other_id == gone_id)
        )
    ).all()
    for row in rows:
        pair: dict[str, Any] = {
            "user_id": into_id if row.user_id == gone_id else row.user_id,
            "other_id": into_id if row.other_id == gone_id else row.other_id,
            "created_at": row.created_at,
        }
        db.session.execute(insert(Block).values(pair).on_conflict_do_nothing())
    db.session.execute(delete(Block).where((Block.user_id == gone_id) | (Block.other_id == gone_id)))


def _move_identities(gone_id: str, into_id: str, now: datetime) -> None:
    """Let the old ids lead to the person that is left. Where that one had no id yet, they are theirs."""
    sources = db.session.execute(select(Identity.source).where(Identity.user_id == gone_id)).scalars().all()
    for source in set(sources):
        ids = (Identity.user_id == gone_id, Identity.source == source)
        values: dict[str, Any] = {"user_id": into_id}
        if into_id in external_ids([into_id], source=source):
            db.session.execute(update(Identity).where(*ids, Identity.moved_at.is_(None)).values(moved_at=now))
        db.session.execute(update(Identity).where(*ids).values(values))


def _other(connection: Connection, user_id: str) -> str:
    return connection.professional_id if connection.client_id == user_id else connection.client_id
