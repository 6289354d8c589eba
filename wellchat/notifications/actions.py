"""Telling people: records in the bell, and the preferences that steer them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.db import UTCDateTime, db, insert, new_id, transaction
from wellchat.errors import Invalid
from wellchat.i18n import gettext
from wellchat.notifications.hooks import (
    notification_recorded_in_transaction,
    preferences_changed_in_transaction,
)
from wellchat.notifications.kinds import kinds, known_kind
from wellchat.notifications.models import Notification, Preferences
from wellchat.notifications.queries import DELETED, preferences

PREVIEW_LENGTH = 200
MAX_ATTEMPTS = 5
SHOWN_COLUMNS = (
    "kind",
    "last_seq",
    "title",
    "preview",
    "actor_id",
    "payload",
    "updated_at",
)  # decide its look


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
) -> str | None:
    """Tell a person of something: a new record, or one more in the unread record of its group.

    The group is what the kind declares, unless the recorder knows better. Bell and push are ways to show the record;
    who wants it on a device only has one that the bell leaves out. Answers the record's id. None where nothing was
    added: the person wants neither, or this `seq` of the group was told before, so that a task that runs twice counts
    once.
    """
    with transaction() as session:
        declared, prefs = kinds()[kind], preferences(user_id)
        in_bell = prefs.wants(kind, "bell")
        group_key = group_key or declared.group_of(thread_id=thread_id)
        if not (in_bell or prefs.wants(kind, "push")) or _already_notified(user_id, group_key, seq):
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
            title=title[:240],
            preview=_shorten(preview),
            payload=payload or {},
            in_bell=in_bell,
            created_at=now,
            updated_at=now,
        )
        notification_id: str | None = session.execute(_upsert(fresh)).scalar_one_or_none()
        if notification_id is not None:
            record_change(user_id=user_id, kind="notification", notification_id=notification_id)
            notification_recorded_in_transaction(user_id, notification_id, now)
    return notification_id


def _upsert(fresh: Any) -> Any:
    """The partial unique index, not a look beforehand, decides between a new record and one that counts up."""
    return fresh.on_conflict_do_update(
        index_elements=["user_id", "group_key"],
        index_where=Notification.read_at.is_(None),
        set_={
            "count": Notification.count + 1,
            "in_bell": Notification.in_bell | fresh.excluded.in_bell,  # what is shown stays until it is read
            **{name: fresh.excluded[name] for name in SHOWN_COLUMNS},
        },
        where=(Notification.last_seq < fresh.excluded.last_seq) | fresh.excluded.last_seq.is_(None),
    ).returning(Notification.id)


def _already_notified(user_id: str, group_key: str, seq: int | None) -> bool:
    """Also when the record that told it has been read since."""
    if seq is None:
        return False
    of_group = exists().where(
        Notification.user_id == user_id, Notification.group_key == group_key, Notification.last_seq >= seq
    )
    return bool(db.session.execute(select(of_group)).scalar())


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= PREVIEW_LENGTH else line[: PREVIEW_LENGTH - 1] + "…"


def mark_read(
    *,
    viewer: User,
    now: datetime,
    ids: Sequence[str] | None = None,
    everything: bool = False,
    read: bool = True,
) -> None:
    """Mark these records of the viewer, or all of them, read or unread; ids of other people's are as good as none.

    A record stays read where its group has a newer unread one: there is one unread record per group.
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
    """News that come at this very moment are the unread record of their group; then it is looked again what may be."""
    for tries_left in reversed(range(MAX_ATTEMPTS)):
        try:
            with transaction():
                _change(which & _can_be_unread(), read_at=None)
            break
        except IntegrityError:
            if not tries_left:
                raise


def _can_be_unread() -> ColumnElement[bool]:
    """Read, with no other unread one in the group, and the latest of the group."""
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
    """A thread was read up to there: its records are read with it, wholly or in part.

    `left`: how many of the messages that a record reaches to are still to be read, for a statement about records.
    """
    with transaction():
        unread = (
            (Notification.user_id == user_id)
            & (Notification.thread_id == thread_id)
            & Notification.read_at.is_(None)
            & (Notification.first_seq <= up_to_seq)
        )
        done = (Notification.last_seq <= up_to_seq) | (left == 0)
        _change(
            unread,
            read_at=case((done, literal(now, UTCDateTime)), else_=None),
            count=case(
                (done, Notification.count), (left < Notification.count, left), else_=Notification.count
            ),
            first_seq=case((done, Notification.first_seq), else_=up_to_seq + 1),
        )


def retract(
    *, user_id: str, thread_id: str, seq: int, preview: str | None, now: datetime, left: ColumnElement[int]
) -> None:
    """A message that somebody was told of now says `preview`, or was deleted (None): no record shows the old words.

    An unread record stands for no more than what is `left` to read of it after a deletion (as in `read_thread`), and is
    done with at none.
    """
    with transaction():
        of_thread = (Notification.user_id == user_id) & (Notification.thread_id == thread_id)
        shown = of_thread & (Notification.last_seq == seq)
        _change(shown, preview=_shorten(preview) if preview is not None else DELETED)
        if preview is None:
            counted = (
                of_thread
                & Notification.read_at.is_(None)
                & (Notification.first_seq <= seq)
                & (Notification.last_seq >= seq)
            )
            _change(
                counted,
                read_at=case((left == 0, literal(now, UTCDateTime)), else_=None),
                count=case((left == 0, 1), (left < Notification.count, left), else_=Notification.count),
            )


def refresh_actor(actor_id: str, thread_ids: Sequence[str], *, limit: int) -> None:
    """Somebody looks different: so do the latest records of theirs in these threads."""
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
    """Update the records in one order of locking, and tell the screens that show them."""
    session = db.session()
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


def save_preferences(*, user: User, now: datetime, **changes: Any) -> None:
    """Change any of cadence, digest_hour, digest_weekday, quiet_from, quiet_to, time_zone, channels.

    `channels` is {kind: {channel: bool}}, of what is to change. Quiet hours have two ends: None for either ends them.
    Raises Invalid for a kind that does not exist, and for half of the quiet hours.
    """
    with transaction() as session:
        row = session.get(Preferences, user.id, populate_existing=True, with_for_update=True)
        if row is None:
            session.execute(insert(Preferences).values(user_id=user.id).on_conflict_do_nothing())
            row = session.get_one(Preferences, user.id, populate_existing=True, with_for_update=True)
        if (zone := changes.pop("time_zone", None)) is not None:
            person = session.get_one(User, user.id, populate_existing=True)
            person.time_zone, person.zone_known = zone, True
        if (channels := changes.pop("channels", None)) is not None:
            row.channels = _merge(row.channels, channels)
        for name, value in _quiet_hours(row, changes).items():
            setattr(row, name, value)
        session.flush()
        preferences_changed_in_transaction(user.id, now)


def _quiet_hours(row: Preferences, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes with both ends of the quiet hours set, or none."""
    named = {name: changes[name] for name in ("quiet_from", "quiet_to") if name in changes}
    if not named:
        return changes
    if not any(named.values()):
        return {**changes, "quiet_from": None, "quiet_to": None}
    ends = {"quiet_from": row.quiet_from, "quiet_to": row.quiet_to, **named}
    for name, value in ends.items():
        if value is None:
            raise Invalid({name: gettext("Quiet hours need both times, or none.")})
    return changes


def _merge(
    known: dict[str, dict[str, bool]], changes: dict[str, dict[str, bool]]
) -> dict[str, dict[str, bool]]:
    try:
        named = {known_kind(each): channels for each, channels in changes.items()}
    except ValueError as unknown:
        raise Invalid({"channels": str(unknown)}) from None
    return {kind: known.get(kind, {}) | named.get(kind, {}) for kind in {*known, *named}}


def unsubscribe(*, user_id: str, now: datetime, kind: str | None = None) -> None:
    """No more emails of that kind, or none at all, whatever the cadence was. Doing it twice is the same as once."""
    user = db.session.get(User, user_id)
    if user is None:
        return
    if kind:
        save_preferences(user=user, now=now, channels={kind: {"email": False}})
    else:
        save_preferences(user=user, now=now, cadence="off")


def set_browser_time_zone(*, user_id: str, time_zone: str, now: datetime) -> bool:
    """What the browser says, for somebody who never said anything. Answers whether it counted."""
    with transaction() as session:
        updated = session.execute(
            update(User)
            .where(User.id == user_id, User.zone_known.is_(False))
            .values(time_zone=time_zone, zone_known=True)
            .execution_options(synchronize_session=False)
        )
        if updated.rowcount == 0:  # type: ignore[attr-defined]
            return False
        preferences_changed_in_transaction(user_id, now)
    return True
