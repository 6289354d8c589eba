"""Remove messages whose period of retention has ended. What is left is a tombstone with its number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Select, and_, delete, exists, false, func, or_, select, update

from wellchat.changes.actions import record_change
from wellchat.config import setting
from wellchat.db import db, execute, transaction
from wellchat.i18n import N_
from wellchat.messaging import files, statements
from wellchat.messaging.models import POLICY, Message, MessageRevision, Reaction, Thread
from wellchat.notifications import actions as notifications
from wellchat.retention import Held, Rule
from wellchat.subjects.kinds import KINDS, OWN
from wellchat.subjects.models import Subject

REVISION_DAYS = 730

# A message that its sender deleted has still its earlier versions.
_has_revisions = exists().where(
    MessageRevision.thread_id == Message.thread_id, MessageRevision.seq == Message.seq
)
_has_words = or_(Message.deleted_at.is_(None), _has_revisions)


def _of_kind(kind: str, before: datetime) -> ColumnElement[bool]:
    """Return the condition that a message is in a thread about such a subject that ended before `before`."""
    ended = (
        select(Thread.id)
        .join(Subject, Subject.id == Thread.subject_id)
        .where(Subject.kind == kind, Thread.updated_at < before)
    )
    return Message.thread_id.in_(ended)


def _older(before: datetime) -> ColumnElement[bool]:
    return Message.created_at < before


def _due(old: ColumnElement[bool], held: Held) -> ColumnElement[bool]:
    return and_(old, _has_words, Message.thread_id.not_in(held.thread_ids))


def _count(old: ColumnElement[bool], held: Held) -> int:
    return db.session.execute(select(func.count()).select_from(Message).where(_due(old, held))).scalar_one()


def _remove(old: ColumnElement[bool], held: Held, limit: int, now: datetime) -> int:
    """Remove messages of one thread, in one transaction. Return how many."""
    thread_id = db.session.execute(select(Message.thread_id).where(_due(old, held)).limit(1)).scalar()
    if thread_id is None:
        return 0
    with transaction() as session:
        thread = session.get_one(Thread, thread_id, with_for_update=True, populate_existing=True)
        # Asked again under the lock: a new message may have begun the period anew.
        query = select(Message).where(Message.thread_id == thread_id, _due(old, held)).order_by(Message.seq)
        found = session.execute(query.limit(limit).execution_options(populate_existing=True)).scalars().all()
        for message in found:
            _make_tombstone(message, now)
        session.flush()
        _forget_what_repeats_them(thread, [message.seq for message in found])
    return len(found)


def _make_tombstone(message: Message, now: datetime) -> None:
    files.withdraw_files(message, now=now)
    if message.deleted_at is None:
        message.deleted_at, message.removed_by = now, POLICY
        message.body = message.reactions = message.pinned_at = None
        message.revision += 1


def _forget_what_repeats_them(thread: Thread, seqs: Sequence[int]) -> None:
    """Delete earlier versions, reactions and previews; tell open pages, also of quoting replies."""
    for model in (MessageRevision, Reaction):
        db.session.execute(delete(model).where(model.thread_id == thread.id, model.seq.in_(seqs)))
    notifications.hide_previews(thread_id=thread.id, seqs=seqs)
    execute(statements.RECOUNT_WAITING, {"thread": thread.id})
    quoting = (
        update(Message)
        .where(Message.thread_id == thread.id, Message.reply_to.in_(seqs), Message.seq.not_in(seqs))
        .values(revision=Message.revision + 1)
        .returning(Message.seq)
        .execution_options(synchronize_session=False)
    )
    for seq in (*seqs, *db.session.execute(quoting).scalars()):
        for user_id in (thread.client_id, thread.professional_id):
            record_change(user_id=user_id, kind="message", thread_id=thread.id, message_seq=seq)


def _old_revisions(before: datetime, held: Held) -> Select[str]:
    return select(MessageRevision.id).where(
        MessageRevision.replaced_at < before, MessageRevision.thread_id.not_in(held.thread_ids)
    )


def _count_revisions(before: datetime, held: Held) -> int:
    counted = select(func.count()).select_from(_old_revisions(before, held).subquery())
    return db.session.execute(counted).scalar_one()


def _remove_revisions(before: datetime, held: Held, limit: int, _now: datetime) -> int:
    with transaction() as session:
        ids = list(session.execute(_old_revisions(before, held).limit(limit)).scalars())
        if ids:
            session.execute(delete(MessageRevision).where(MessageRevision.id.in_(ids)))
    return len(ids)


def _days_of_messages() -> int | None:
    return setting("RETENTION_MESSAGES") or None


def _days_of_kind(kind: str) -> int | None:
    days: int | None = setting("RETENTION").get(kind)
    return days


def _rule_of(kind: str, label: str) -> Rule:
    return Rule(
        f"messages_{kind}",
        label,
        partial(_days_of_kind, kind),
        lambda before, held: _count(_of_kind(kind, before), held),
        lambda before, held, limit, now: _remove(_of_kind(kind, before), held, limit, now),
        listed=False,
    )


OF_KIND = {
    "coupon": N_("Conversations about a coupon, after their last message"),
    "lead": N_("Conversations about a lead, after their last message"),
}
# A pair's one thread holds bookings and sessions among other things, so they have no period of their own.
KINDS_WITH_THREADS = tuple(name for name, kind in KINDS.items() if kind.scope != "connection")


def _own_kinds() -> dict[str, int]:
    """Return the days of each kind of the host's own that has a period."""
    return {kind.name: kind.retention_days for kind in OWN.look().values() if kind.retention_days}


def _of_own_kinds(before: datetime) -> ColumnElement[bool]:
    """Return the condition for all of them. `before` is that of the shortest period among them."""
    periods = _own_kinds()
    shortest = min(periods.values(), default=0)
    due = [_of_kind(name, before - timedelta(days=days - shortest)) for name, days in periods.items()]
    return or_(false(), *due)


RULES = (
    Rule(
        "messages",
        N_("Messages and their files"),
        _days_of_messages,
        lambda before, held: _count(_older(before), held),
        lambda before, held, limit, now: _remove(_older(before), held, limit, now),
    ),
    *(_rule_of(kind, OF_KIND.get(kind, kind)) for kind in KINDS_WITH_THREADS),
    Rule(
        "messages_own_kinds",
        N_("Conversations about other things of this site, after their last message"),
        lambda: min(_own_kinds().values(), default=None),
        lambda before, held: _count(_of_own_kinds(before), held),
        lambda before, held, limit, now: _remove(_of_own_kinds(before), held, limit, now),
        listed=False,
    ),
    Rule(
        "revisions",
        N_("Earlier versions of messages that were changed or deleted"),
        lambda: REVISION_DAYS,
        _count_revisions,
        _remove_revisions,
    ),
)
