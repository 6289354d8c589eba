"""Report a message or a person to the moderators."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.event_types import tell_host
from wellchat.i18n import gettext
from wellchat.messaging.queries import message_for, thread_for
from wellchat.safety.models import ACT_WITHIN, SHOWN_MESSAGES, Report

MAX_WORDS = 2_000  # characters


def make_report(
    *, viewer: User, thread_id: str, seq: int | None, kind: str, words: str, show: bool, now: datetime
) -> Report:
    """Report a message of the other person (`seq`), or the person. Return the report.

    Only with `show`, which the reporter ticks, moderators see the last SHOWN_MESSAGES messages, up to the
    reported one. Raises NotFound for what is not the viewer's, and Invalid for a message of their own.
    """
    with transaction() as session:
        view = thread_for(viewer, thread_id)
        sender_id = message_for(viewer, thread_id, seq).sender_id if seq is not None else None
        if sender_id == viewer.id:
            raise Invalid({"seq": gettext("This is a message of yours.")})
        if sender_id == SYSTEM_ID:
            raise Invalid({"seq": gettext("This site wrote this message, and not the other person.")})
        last = seq if seq is not None else view.thread.last_seq
        # Fixed now: what is written after the report was not meant to be shown.
        shown = (max(1, last - SHOWN_MESSAGES + 1), last) if show and last else (None, None)
        report = Report(
            thread_id=thread_id,
            seq=seq,
            by_id=viewer.id,
            about_id=view.other.id,
            kind=kind,
            words=words.strip(),
            shown_from=shown[0],
            shown_to=shown[1],
            due_at=now + ACT_WITHIN,
            created_at=now,
        )
        session.add(report)
        session.flush()
        record(
            "report.made",
            now=now,
            actor_id=viewer.id,
            person_id=view.other.id,
            about=("report", report.id),
            detail={"kind": kind, "shown": show},
        )
        tell_host("report.opened", event_data(report), now)
    return report


def report_by_rule(*, about_id: str, thread_id: str, seq: int, kind: str, now: datetime) -> Report:
    """Put a message into the queue of moderators without a reporter: a rule found it. Return the report.

    Moderators see this one message. It is no measure, and the person is not told.
    """
    with transaction() as session:
        report = Report(
            thread_id=thread_id,
            seq=seq,
            about_id=about_id,
            kind=kind,
            words="",
            shown_from=seq,
            shown_to=seq,
            due_at=now + ACT_WITHIN,
            created_at=now,
        )
        session.add(report)
        session.flush()
        record(
            "report.made",
            now=now,
            person_id=about_id,
            about=("report", report.id),
            actor_kind=SYSTEM,
            detail={"kind": kind, "shown": True},
        )
        tell_host("report.opened", event_data(report), now)
    return report


def reported_by_rule(about_id: str, kind: str, since: datetime) -> bool:
    """Return whether `report_by_rule` has put somebody into the queue for this since then."""
    same = (Report.about_id == about_id, Report.kind == kind, Report.by_id.is_(None))
    return db.session.execute(select(exists().where(*same, Report.created_at > since))).scalar_one()


def event_data(report: Report) -> dict[str, str | None]:
    """Return what the host platform is told of a report: neither its words nor those of the conversation."""
    two = {"reporter": report.by_id, "about": report.about_id}
    return {"report": report.id, "thread": report.thread_id, "kind": report.kind, **two}


def my_reports(viewer: User, thread_id: str) -> list[Report]:
    """Return the viewer's reports from a thread, the latest first; 20 at most. Raises NotFound."""
    thread_for(viewer, thread_id)
    mine = select(Report).where(Report.by_id == viewer.id, Report.thread_id == thread_id)
    return list(db.session.execute(mine.order_by(Report.created_at.desc(), Report.id).limit(20)).scalars())
