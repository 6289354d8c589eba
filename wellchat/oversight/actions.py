"""Record an administrator's searches and accesses; `queries.grant_of` checks a grant at every reading."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.config import setting
from wellchat.db import transaction
from wellchat.errors import Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.models import Thread
from wellchat.oversight.models import ASKED_FOR, AccessGrant, OversightSearch
from wellchat.reasons import checked_reason
from wellchat.setting_types import look_notice_days

MIN_TERM, MAX_TERM = 2, 200  # characters


def search(*, admin: User, term: str, reason: str, now: datetime) -> OversightSearch:
    """Record that `admin` searches for conversations, what for and why. Return the search.

    Raises NotFound without the duty, Invalid without a good reason or for a term of less than two characters.
    """
    _check_duty(admin)
    reason, term = checked_reason(reason), term.strip()
    if not MIN_TERM <= len(term) <= MAX_TERM or "\x00" in term:
        raise Invalid({"term": gettext("Write a name, an address or a subject, in 2 to 200 characters.")})
    entry = OversightSearch(admin_id=admin.id, term=term, reason=reason, created_at=now)
    with transaction() as session:
        session.add(entry)
        session.flush()
        record("oversight.searched", now=now, actor_id=admin.id, about=("search", entry.id))
    return entry


def grant_access(*, admin: User, thread_id: str, reason: str, now: datetime) -> AccessGrant:
    """Record that `admin` opens a thread, and why. Return the grant.

    Where FOUR_EYES has "looks", it opens nothing until somebody else agrees. Raises NotFound without the duty
    or for an unknown thread, Invalid without a good reason.
    """
    _check_duty(admin)
    reason = checked_reason(reason)
    with transaction() as session:
        if session.get(Thread, thread_id) is None:
            raise NotFound
        entry = AccessGrant(admin_id=admin.id, thread_id=thread_id, reason=reason, created_at=now)
        session.add(entry)
        session.flush()
        needs_second = "looks" in setting("FOUR_EYES")
        act = "look.asked" if needs_second else "look.opened"
        record(act, now=now, actor_id=admin.id, about=("thread", thread_id), detail={"look": entry.id})
        if not needs_second:
            _open(entry, now)
    return entry


def approve(*, admin: User, grant_id: str, now: datetime) -> AccessGrant:
    """Agree to somebody else's access, which opens with it. Return the grant.

    Raises NotFound without the duty, for one's own grant, for one that is open or was ended, and after
    ASKED_FOR.
    """
    _check_duty(admin)
    with transaction() as session:
        # Locked: of two who agree at once one opens it, and its time is counted from then.
        entry = session.get(AccessGrant, grant_id, populate_existing=True, with_for_update=True)
        if entry is None or entry.admin_id == admin.id or entry.approved_at or entry.ended_at:
            raise NotFound
        if now - entry.created_at > ASKED_FOR:
            raise NotFound
        entry.approved_by_id = admin.id
        _open(entry, now)
        detail = {"look": entry.id}
        record("look.approved", now=now, actor_id=admin.id, person_id=entry.admin_id,
               about=("thread", entry.thread_id), detail=detail)  # fmt: skip
    return entry


def end_access(*, admin: User, grant_id: str, now: datetime) -> None:
    """End a grant before its time: by whom it was made, or who may agree to it. Raises NotFound."""
    _check_duty(admin)
    with transaction() as session:
        entry = session.get(AccessGrant, grant_id, populate_existing=True, with_for_update=True)
        if entry is None or entry.ended_at:
            raise NotFound
        entry.ended_at = now
        record("look.ended", now=now, actor_id=admin.id, about=("thread", entry.thread_id),
               detail={"look": entry.id})  # fmt: skip


def record_reading(kind: str, grant: AccessGrant, *, now: datetime, **detail: str | int | None) -> None:
    """Record one page or file that is read under a grant.

    Call it before the content leaves: where the record cannot be written, nothing is shown.
    """
    record(
        kind, now=now, actor_id=grant.admin_id, about=("thread", grant.thread_id),
        detail={"look": grant.id, **detail},
    )  # fmt: skip


def record_listing(entry: OversightSearch, *, found: int, now: datetime) -> None:
    """Record one page of results of a search, with how many conversations it showed."""
    record("oversight.listed", now=now, actor_id=entry.admin_id, about=("search", entry.id),
           detail={"found": found})  # fmt: skip


def _open(entry: AccessGrant, now: datetime) -> None:
    entry.approved_at = now
    days = look_notice_days(setting("LOOK_NOTICE"))
    entry.notice_due_at = now + timedelta(days=days) if days is not None else None


def claim_notice(grant_id: str, now: datetime) -> bool:
    """Take on the notice of one grant, in the caller's transaction. Return False if another worker has it."""
    with transaction() as session:
        # Compare and set: whoever comes second finds `notice_due_at` empty.
        taken = session.execute(
            update(AccessGrant)
            .where(AccessGrant.id == grant_id, AccessGrant.notice_due_at <= now)
            .values(notice_due_at=None, notice_sent_at=now)
        )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def _check_duty(admin: User) -> None:
    # NotFound, not NotAllowed: nobody else learns that oversight exists.
    if not admin.may("conversations"):
        raise NotFound
