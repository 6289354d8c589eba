"""Work on reports: list them, take one, see what its reporter shows, and settle it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.accounts.queries import language_of
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.event_types import tell_host
from wellchat.i18n import N_, force_language, gettext
from wellchat.messaging.messages import remove_message
from wellchat.messaging.models import Message, MessageRevision
from wellchat.notifications.actions import notify
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.reasons import checked_reason
from wellchat.safety import between, people
from wellchat.safety.models import (
    DISABLE,
    END,
    NOTHING,
    OPEN,
    OUTCOMES,
    PAUSE,
    REMOVE,
    SETTLED,
    TAKEN,
    WARN,
    Block,
    Report,
)
from wellchat.safety.reports import event_data

PAGE = 30
FIGURES_OVER = timedelta(days=90)
MEDIAN_OF = 1_000  # reports


def _for_moderators(moderator: User) -> Select[Report]:
    """Return the query for reports. Raises NotFound without the duty: others do not learn that it exists."""
    if not moderator.may("moderate"):
        raise NotFound
    people_of_it = (joinedload(Report.by), joinedload(Report.about), joinedload(Report.taker))
    return select(Report).options(*people_of_it).execution_options(populate_existing=True)


def queue(
    moderator: User, *, settled: bool = False, before: str | None = None, limit: int = PAGE
) -> tuple[list[Report], str | None]:
    """Return (a page of reports, token of the next or None).

    Unsettled: open ones first, then by when they are due. Settled: the latest first. Raises NotFound without
    the duty, and Invalid for a bad token.
    """
    query = _for_moderators(moderator)
    # One list of pages: those that are open, and then those that somebody has taken.
    is_taken = case((Report.state == TAKEN, 1), else_=0)
    if settled:
        query = query.where(Report.state == SETTLED).order_by(Report.settled_at.desc(), Report.id.desc())
    else:
        query = query.where(Report.state != SETTLED).order_by(is_taken, Report.due_at, Report.id)
    if before:
        at, report_id = decode_page_token(before.removeprefix("t."))
        if settled:
            same = and_(Report.settled_at == at, Report.id < report_id)
            query = query.where(or_(Report.settled_at < at, same))
        else:
            later = or_(Report.due_at > at, and_(Report.due_at == at, Report.id > report_id))
            after = and_(is_taken == int(before.startswith("t.")), later)
            query = query.where(after if before.startswith("t.") else or_(after, is_taken == 1))
    found = list(db.session.execute(query.limit(limit + 1)).scalars())
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    # The prefix says in which half of the list the page ended: both begin with the earliest time.
    token = encode_page_token((last.settled_at or last.due_at) if settled else last.due_at, last.id)
    return found[:limit], f"t.{token}" if last.state == TAKEN and not settled else token


def report_for(moderator: User, report_id: str) -> Report:
    """Return a report. Raises NotFound, also without the duty."""
    query = _for_moderators(moderator).where(Report.id == report_id)
    found = db.session.execute(query).unique().scalar_one_or_none()
    # Nobody judges what they are part of.
    if found is None or moderator.id in (found.by_id, found.about_id):
        raise NotFound
    return found


def take(*, moderator: User, report_id: str, now: datetime) -> None:
    """Say that this moderator works on a report. Raises NotFound, and Conflict if somebody else does."""
    # The rights first, without a lock: a call that is refused holds nobody up.
    report_for(moderator, report_id)
    with transaction():
        report = _locked(report_id)
        if report.state == SETTLED or report.taken_by not in (None, moderator.id):
            raise Conflict(gettext("Somebody else works on it already."))
        report.state, report.taken_by = TAKEN, moderator.id
        report.taken_at = report.taken_at or now


def view(*, moderator: User, report_id: str, now: datetime) -> tuple[list[Message], dict[int, str]]:
    """Return (the messages that the reporter shows, {seq: text before it was deleted}), and record the look.

    Both are empty if the reporter shows none. Raises NotFound, and Conflict for a report that this moderator
    has not taken.
    """
    report = report_for(moderator, report_id)
    if report.taken_by != moderator.id:
        raise Conflict(gettext("Take the report first."))
    if not report.shows:
        return [], {}
    with transaction():
        # With the look: words are shown only if the record stands.
        record(
            "report.viewed",
            now=now,
            actor_id=moderator.id,
            person_id=report.about_id,
            about=("report", report.id),
        )
    shown = and_(
        Message.thread_id == report.thread_id, Message.seq.between(report.shown_from, report.shown_to)
    )
    messages = list(db.session.execute(select(Message).where(shown).order_by(Message.seq)).scalars())
    deleted = [message.seq for message in messages if message.deleted_at is not None]
    texts = select(MessageRevision.seq, MessageRevision.body).where(
        MessageRevision.thread_id == report.thread_id, MessageRevision.seq.in_(deleted)
    )
    last: dict[int, str] = {}
    for seq, body in db.session.execute(texts.order_by(MessageRevision.replaced_at)):
        # They come in the order of time, so the text before the deletion is the last one.
        last[seq] = body
    return messages, last


def settle(
    *, moderator: User, report_id: str, outcome: str, reason: str, days: int | None, now: datetime
) -> None:
    """Settle a report with one of OUTCOMES, and tell both: the person what was done, the reporter that
    somebody looked.

    Raises NotFound, Invalid, and Conflict for a report that this moderator has not taken.
    """
    report_for(moderator, report_id)
    if outcome not in OUTCOMES:
        raise Invalid({"outcome": gettext("Choose what to do.")})
    with transaction() as session:
        report = _locked(report_id)
        if report.state != TAKEN or report.taken_by != moderator.id:
            raise Conflict(gettext("Take the report first."))
        # In the same transaction: no report is settled without its measure, and none is measured twice.
        _act(moderator, report, outcome, reason, days, now)
        report.state, report.outcome, report.settled_at = SETTLED, outcome, now
        people_of_it = [each for each in (report.by_id, report.about_id) if each is not None]
        if any(session.get_one(User, each).is_gone for each in people_of_it):
            # It was kept for this decision when they were erased.
            report.words = ""
        record(
            "report.settled",
            now=now,
            actor_id=moderator.id,
            person_id=report.about_id,
            about=("report", report.id),
            detail={"outcome": outcome},
        )
        tell_host("report.closed", event_data(report) | {"outcome": outcome}, now)
        if report.by_id is not None:
            _notify(
                report.by_id,
                N_("Your report"),
                N_("A moderator has looked at your report. Thank you."),
                f"/threads/{report.thread_id}/report",
                now,
            )


def _act(moderator: User, report: Report, outcome: str, reason: str, days: int | None, now: datetime) -> None:
    about, of_it = report.about_id, {"by": moderator, "reason": reason, "now": now}
    if outcome == NOTHING:
        return
    if outcome == DISABLE:
        people.disable(user_id=about, report_id=report.id, **of_it)  # type: ignore[arg-type]
        return
    if outcome == PAUSE:
        people.pause(user_id=about, days=days or 0, report_id=report.id, **of_it)  # type: ignore[arg-type]
        return
    reason = checked_reason(reason)
    if outcome == REMOVE:
        if report.seq is None:
            raise Invalid({"outcome": gettext("The report names no message.")})
        remove_message(thread_id=report.thread_id, seq=report.seq, now=now)
    if outcome == END:
        between.end_as_moderator(moderator=moderator, thread_id=report.thread_id, now=now)
    people.put_down(about, outcome, reason, by=moderator, report_id=report.id, now=now)
    people.tell(about, outcome, now)
    if outcome == WARN:
        rules = N_("A moderator asks you to keep to the rules. The email about it says more.")
        _notify(about, N_("A warning"), rules, "/settings/emails", now)


def _notify(user_id: str, title: str, preview: str, url: str, now: datetime) -> None:
    # Kept as text, so it must be in the reader's language now.
    with force_language(language_of(user_id)):
        title, preview = gettext(title), gettext(preview)
    notify(
        user_id=user_id,
        kind="safety",
        title=title,
        preview=preview,
        group_key=f"safety:{url}"[:60],
        payload={"url": url},
        now=now,
    )


def _locked(report_id: str) -> Report:
    session = db.session()
    return session.get_one(Report, report_id, with_for_update=True, populate_existing=True)


def figures(moderator: User, now: datetime) -> dict[str, Any]:
    """Return `open`, `late`, and of the last FIGURES_OVER `by_kind` and `first_action` (hours, or None).

    `first_action` is the median time until somebody took a report, of the latest MEDIAN_OF. It takes three
    statements. Raises NotFound without the duty.
    """
    _for_moderators(moderator)
    since, execute = now - FIGURES_OVER, db.session.execute
    is_late = and_(Report.state != SETTLED, Report.due_at < now)
    waiting = select(
        func.sum(case((Report.state == OPEN, 1), else_=0)), func.sum(case((is_late, 1), else_=0))
    ).where(Report.state != SETTLED)
    kinds = select(Report.kind, func.count()).where(Report.created_at > since).group_by(Report.kind)
    taken = select(Report.created_at, Report.taken_at).where(
        Report.created_at > since, Report.taken_at.is_not(None)
    )
    latest = execute(taken.order_by(Report.created_at.desc()).limit(MEDIAN_OF)).all()
    waits = sorted((row.taken_at - row.created_at).total_seconds() for row in latest if row.taken_at)
    number_open, late = execute(waiting).one()
    return {
        "open": int(number_open or 0),
        "late": int(late or 0),
        "by_kind": dict(execute(kinds).all()),
        "first_action": round(waits[len(waits) // 2] / 3600, 1) if waits else None,
    }


def counts(since: datetime, now: datetime) -> dict[str, int]:
    """Return how many `reports` and `blocks` were made since then, and how many reports are `late`.

    It takes two statements. Nobody is named.
    """
    is_late = and_(Report.state != SETTLED, Report.due_at < now)
    made = case((Report.created_at >= since, 1), else_=0)
    reports, late = db.session.execute(
        select(func.sum(made), func.sum(case((is_late, 1), else_=0))).select_from(Report)
    ).one()
    blocks = db.session.execute(select(func.count()).where(Block.created_at >= since)).scalar_one()
    return {"reports": int(reports or 0), "late": int(late or 0), "blocks": blocks}


def measures_of(report: Report) -> Sequence[str]:
    """Return the outcomes that fit a report: removing needs a message."""
    return [outcome for outcome in OUTCOMES if outcome != REMOVE or report.seq is not None]
