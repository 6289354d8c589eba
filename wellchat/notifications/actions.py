"""Notify people, and keep notifications in step with what was read, edited or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.db import UTCDateTime, db, insert, new_id, transaction
from wellchat.graphemes import cut
from wellchat.notifications.hooks import notification_recorded_in_transaction
from wellchat.notifications.kinds import declared_kind
from wellchat.notifications.models import Notification
from wellchat.notifications.queries import DELETED, preferences

PREVIEW_LENGTH = 200
MAX_ATTEMPTS = 5
# What a notification shows: the latest news of its group.
SHOWN_COLUMNS = ("kind", "last_seq", "title", "preview", "actor_id", "payload", "updated_at")


def notify(
    *,
    user_id: str,
    kind: str,
    preview: str,
    now: datetime,
    actor_id: str | None = None,
    thread_id: str | None = None,
    seq: int | None = None,
    group_key: str | None = None,
    title: str | None = None,
    payload: dict[str, Any] | None = None,
    push: bool = True,
) -> str | None:
    """Record a notification, or count one up: there is one unread notification per person and group.

    The kind declares the group, unless `group_key` is given. Return the notification's id. None: the person
    wants it neither in the app nor by push, or `seq` was notified before, so that a task that runs twice
    counts once. A person who wants it by push only gets a notification that the app does not show. Without
    `push` none is sent, whatever they want.
    """
    with transaction() as session:
        declared, prefs = declared_kind(kind), preferences(user_id)
        in_bell = prefs.wants(kind, "bell")
        group_key = group_key or declared.group_of(thread_id=thread_id)
        if not (in_bell or (push and prefs.wants(kind, "push"))) or _already_notified(
            user_id, group_key, seq
        ):
            return None
        if title is None:
            actor = session.get(User, actor_id) if actor_id else None
            title = declared.title.format(actor=actor.name if actor else "", count=1)
        fresh = insert(Notification).values(
            id=new_id(),
            user_id=user_id,
            kind=kind,
            group_key=group_key,
            actor_id=actor_id,
            thread_id=thread_id,
            count=1,
            first_seq=seq,
            last_seq=seq,
            title=cut(title, 240),
            preview=_shorten(preview),
            payload=payload or {},
            in_bell=in_bell,
            created_at=now,
            updated_at=now,
        )
        # None where a worker that ran at the same time has counted this seq already.
        notification_id: str | None = session.execute(_upsert(fresh)).scalar_one_or_none()
        if notification_id is not None:
            record_change(user_id=user_id, kind="notification", notification_id=notification_id)
            if push:
                notification_recorded_in_transaction(user_id, notification_id, now)
    return notification_id


def _upsert(fresh: Any) -> Any:
    """Return the INSERT that counts up where the group has an unread notification.

    The partial unique index decides that, not a SELECT before: two workers would both find none.
    """
    return fresh.on_conflict_do_update(
        index_elements=["user_id", "group_key"],
        index_where=Notification.read_at.is_(None),
        set_={
            "count": Notification.count + 1,
            # A notification that the app shows stays there until it is read.
            "in_bell": Notification.in_bell | fresh.excluded.in_bell,
            **{name: fresh.excluded[name] for name in SHOWN_COLUMNS},
        },
        where=(Notification.last_seq < fresh.excluded.last_seq) | fresh.excluded.last_seq.is_(None),
    ).returning(Notification.id)


def _already_notified(user_id: str, group_key: str, seq: int | None) -> bool:
    """Return whether a notification of the group has covered this seq, read or not."""
    if seq is None:
        return False
    of_group = exists().where(
        Notification.user_id == user_id, Notification.group_key == group_key, Notification.last_seq >= seq
    )
    return bool(db.session.execute(select(of_group)).scalar())


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= PREVIEW_LENGTH else cut(line, PREVIEW_LENGTH - 1) + "…"


def mark_read(
    *,
    viewer: User,
    now: datetime,
    ids: Sequence[str] | None = None,
    everything: bool = False,
    read: bool = True,
) -> None:
    """Mark these notifications of the viewer, or all of them, read or unread. Other people's ids are ignored.

    A notification stays read if its group has a newer one: there is one unread notification per group.
    """
    mine = (Notification.user_id == viewer.id) & Notification.in_bell
    if not everything:
        mine &= Notification.id.in_(list(ids or ()))
    if read:
        with transaction():
            _change(mine & Notification.read_at.is_(None), read_at=now)
    else:
        _mark_unread(mine)


def _mark_unread(which: ColumnElement[bool]) -> None:
    """Mark as unread what may be. Try again if a new notification of the group comes in between."""
    for tries_left in reversed(range(MAX_ATTEMPTS)):
        try:
            with transaction():
                _change(which & _can_be_unread(), read_at=None)
            break
        # The unique index refused it: a new notification of the group is unread now. Look again what may be.
        except IntegrityError:
            if not tries_left:
                raise


def _can_be_unread() -> ColumnElement[bool]:
    """Return the condition: read, the latest of its group, and no other unread one in the group."""
    other = aliased(Notification)
    newer_or_unread = exists().where(
        other.user_id == Notification.user_id,
        other.group_key == Notification.group_key,
        other.id != Notification.id,
        other.read_at.is_(None)
        | (other.updated_at > Notification.updated_at)
        | ((other.updated_at == Notification.updated_at) & (other.id > Notification.id)),
    )
    return Notification.read_at.is_not(None) & ~newer_or_unread


def read_thread(
    *, user_id: str, thread_id: str, up_to_seq: int, now: datetime, left: ColumnElement[int]
) -> None:
    """Mark the notifications of a thread as read up to a seq, wholly or in part.

    `left` is an SQL expression for use in statements about notifications: how many of the messages that a
    notification covers are still unread.
    """
    with transaction():
        unread = (
            (Notification.user_id == user_id)
            & (Notification.thread_id == thread_id)
            & Notification.read_at.is_(None)
            & (Notification.first_seq <= up_to_seq)
        )
        # Done also if all that it covers above `up_to_seq` was deleted or written by the reader.
        done = (Notification.last_seq <= up_to_seq) | (left == 0)
        _change(
            unread,
            read_at=case((done, literal(now, UTCDateTime)), else_=None),
            count=case(
                (done, Notification.count), (left < Notification.count, left), else_=Notification.count
            ),
            first_seq=case((done, Notification.first_seq), else_=up_to_seq + 1),
        )


def read_threads(*, user_id: str, thread_ids: Sequence[str], now: datetime) -> None:
    """Mark all notifications of these threads as read."""
    with transaction():
        of_them = (Notification.user_id == user_id) & Notification.thread_id.in_(thread_ids)
        _change(of_them & Notification.read_at.is_(None), read_at=now)


def retract(
    *,
    user_id: str,
    thread_id: str,
    seq: int,
    preview: str | None,
    now: datetime,
    left: ColumnElement[int],
    before: tuple[int, str] | None = None,
) -> None:
    """Show the new text of an edited message in notifications, or that it was deleted (`preview` None).

    After a deletion an unread notification counts no more than what is `left` to read of it (as in
    `read_thread`). With nothing left it is marked as read. `before`: seq and text of the latest message that
    is left below the deleted one; an unread notification that covers it speaks of it.
    """
    with transaction():
        of_thread = (Notification.user_id == user_id) & (Notification.thread_id == thread_id)
        # Only the latest message of a notification is its preview.
        shown = of_thread & (Notification.last_seq == seq)
        _change(shown, preview=_shorten(preview) if preview is not None else DELETED)
        if preview is None:
            if before is not None:
                still = Notification.read_at.is_(None) & (Notification.first_seq <= before[0])
                _change(shown & still, last_seq=before[0], preview=_shorten(before[1]))
            counted = (
                of_thread
                & Notification.read_at.is_(None)
                & (Notification.first_seq <= seq)
                & (Notification.last_seq >= (before[0] if before else seq))
            )
            _change(
                counted,
                read_at=case((left == 0, literal(now, UTCDateTime)), else_=None),
                count=case((left == 0, 1), (left < Notification.count, left), else_=Notification.count),
            )


def renew_previews(previews: Mapping[tuple[str, str, int], str]) -> None:
    """Write the text of messages anew into the notifications that show it.

    `previews`: {(user id, thread id, seq): text}.
    """
    columns: Any = (Notification.user_id, Notification.thread_id, Notification.last_seq)
    found = select(*columns).where(tuple_(*columns).in_(list(previews))).distinct()
    with transaction() as session:
        for user_id, thread_id, seq in session.execute(found).all():
            shown = (Notification.user_id == user_id) & (Notification.thread_id == thread_id)
            preview = _shorten(previews[user_id, thread_id, seq])
            _change(shown & (Notification.last_seq == seq), preview=preview)


def hide_previews(*, thread_id: str, seqs: Sequence[int]) -> None:
    """Take the words of these messages out of every notification that shows them."""
    with transaction():
        shown = (Notification.thread_id == thread_id) & Notification.last_seq.in_(seqs)
        _change(shown, preview=DELETED)


def refresh_actor(actor_id: str, thread_ids: Sequence[str], *, limit: int) -> None:
    """Record changes for the latest notifications that show this person, in these threads."""
    with transaction() as session:
        found = session.execute(
            select(Notification.user_id, Notification.id)
            .where(Notification.actor_id == actor_id, Notification.thread_id.in_(thread_ids))
            .order_by(Notification.updated_at.desc())
            .limit(limit)
        )
        for user_id, notification_id in found.all():
            record_change(user_id=user_id, kind="notification", notification_id=notification_id)


def _change(which: ColumnElement[bool], **values: Any) -> None:
    """Update the notifications, locked in the order of their ids, and record a change for each."""
    session = db.session()
    # FOR UPDATE in one order, then the update: two updates alone may lock the same rows in different orders.
    ids = (
        session.execute(select(Notification.id).where(which).order_by(Notification.id).with_for_update())
        .scalars()
        .all()
    )
    if not ids:
        return
    changed = session.execute(
        update(Notification)
        .where(Notification.id.in_(ids), which)
        .values(**values)
        .returning(Notification.user_id, Notification.id)
        .execution_options(synchronize_session=False)
    )
    for user_id, notification_id in changed.all():
        record_change(user_id=user_id, kind="notification", notification_id=notification_id)
