"""The tables of masking come and go with data in them, on either database."""

from __future__ import annotations

import flask_migrate
import pytest
from sqlalchemy import text

from wellchat.db import db
from wellchat.safety.moderation import settle, take
from wellchat.safety.reports import make_report, report_by_rule

BEFORE = "0026"


@pytest.mark.each_database
def test_reports_survive_the_way_down_and_up(app, talk, cast, now) -> None:
    talk.says(cast.cara, "Call me, 020 7946 0958.")
    by_rule = report_by_rule(about_id=cast.cara.id, thread_id=talk.id, seq=1, kind="contact", now=now)
    made = make_report(
        viewer=cast.paul, thread_id=talk.id, seq=1, kind="spam", words="Oh", show=True, now=now
    )
    take(moderator=cast.ada, report_id=by_rule.id, now=now)
    settle(moderator=cast.ada, report_id=by_rule.id, outcome="warn", reason="Case 471", days=None, now=now)
    reports = text("SELECT id, by_id, kind, words FROM reports")
    kept = [(made.id, cast.paul.id, "spam", "Oh")]
    db.session.remove()
    flask_migrate.downgrade(revision=BEFORE)
    assert [tuple(row) for row in db.session.execute(reports)] == kept
    assert db.session.execute(text("SELECT report_id FROM measures")).scalars().all() == [None]
    db.session.remove()
    flask_migrate.upgrade()
    assert [tuple(row) for row in db.session.execute(reports)] == kept
    assert db.session.execute(text("SELECT count(*) FROM message_masks")).scalar() == 0
