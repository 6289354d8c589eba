"""The tables of the portfolio come and go with data in them, on either database."""

from __future__ import annotations

import flask_migrate
import pytest
from sqlalchemy import text

from tests.attachments.files import send, take
from tests.attachments.recordings import ogg
from wellchat.db import db
from wellchat.portfolio import actions
from wellchat.portfolio.models import PUBLIC

BEFORE = "0036"


@pytest.mark.each_database
def test_messages_and_files_survive_the_way_down_and_up(app, talk, now) -> None:
    files = [take(talk.cara, now), take(talk.cara, now, ogg(), "voice.ogg")]
    send(talk, talk.cara, files)
    picture = files[0].id
    actions.set_label(viewer=talk.paul, attachment_id=picture, label="result", now=now)
    ask = actions.ask(viewer=talk.paul, thread_id=talk.id, attachments=[picture], purpose=PUBLIC, now=now)
    actions.answer(viewer=talk.cara, ask_id=ask.id, says_yes=True, now=now)
    actions.set_page(viewer=talk.paul, is_on=True, now=now)
    messages = text("SELECT seq, body FROM messages ORDER BY seq")
    names = text("SELECT name FROM attachments ORDER BY position")
    kept = [[tuple(row) for row in db.session.execute(each)] for each in (messages, names)]
    db.session.remove()
    flask_migrate.downgrade(revision=BEFORE)
    assert [[tuple(row) for row in db.session.execute(each)] for each in (messages, names)] == kept
    db.session.remove()
    flask_migrate.upgrade()
    assert [[tuple(row) for row in db.session.execute(each)] for each in (messages, names)] == kept
    assert db.session.execute(text("SELECT count(*) FROM portfolio_asks")).scalar() == 0
    assert db.session.execute(text("SELECT card FROM messages WHERE seq = 2")).scalar() is None
