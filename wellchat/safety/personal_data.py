"""Export and erase what safety has of a person.

A report that nobody has settled stays until somebody does, with the words of its reporter. A report about
somebody is exported without its reporter and their words; what moderators decided is exported as measures.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, update

from wellchat.db import db
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows
from wellchat.safety.models import SETTLED, Block, Measure, Report

REASON = N_("the reason that an administrator gave is part of the record")
DECIDED = ("taken_by", "outcome", "about_id")  # not told to the reporter
REPORTER = ("by_id", "words", "shown_from", "shown_to", "taken_by", "seq", "thread_id")


def _export(person: Person) -> dict[str, Rows]:
    made = rows(Report, Report.by_id == person.id, omit=DECIDED)
    about = rows(Report, Report.about_id == person.id, omit=REPORTER)
    return {
        "blocks": rows(Block, Block.user_id == person.id),
        "reports": [*made, *about],
        "measures": rows(Measure, Measure.user_id == person.id, omit=("by_id",)),
    }


def _erase(person: Person, _now: datetime) -> None:
    execute = db.session.execute
    execute(delete(Block).where(or_(Block.user_id == person.id, Block.other_id == person.id)))
    execute(delete(Measure).where(Measure.user_id == person.id))
    execute(
        update(Report)
        # Both sides: what somebody wrote about them is about them. Open ones wait for their decision.
        .where(or_(Report.by_id == person.id, Report.about_id == person.id), Report.state == SETTLED)
        .values(words="")
        .execution_options(synchronize_session=False)
    )


personal_data = PersonalData(
    (
        "blocks.user_id",
        "blocks.other_id",
        "reports.by_id",
        "reports.about_id",
        "reports.taken_by",
        "measures.user_id",
        "measures.by_id",
    ),
    _export,
    _erase,
    kept={"measures.reason": REASON},
)
