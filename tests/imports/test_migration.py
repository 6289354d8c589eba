"""The tables of imports come and go with data in them; what was held is open then."""

from __future__ import annotations

import flask_migrate
import pytest
from sqlalchemy import text

from tests.cast import Cast
from tests.imports.conftest import Importer, OldChat
from wellchat.db import db, transaction
from wellchat.safety.between import set_ended_by_host

BEFORE = "0025"


@pytest.mark.each_database
def test_held_conversations_are_open_after_the_way_down(
    old: OldChat, importer: Importer, known: Cast
) -> None:
    old.chat("one")
    old.says("one", 1, "the colour")
    old.chat("ended", client="c-2")
    old.says("ended", 1, by="c-2")
    importer.runs(old.write())
    ended = text("SELECT connection_id FROM threads WHERE client_id = :client")
    connection_id = db.session.execute(ended, {"client": known.olga.id}).scalar_one()
    with transaction():
        set_ended_by_host(connection_id=connection_id, ended=True, now=importer.now)
    db.session.remove()
    flask_migrate.downgrade(revision=BEFORE)
    states = text("SELECT t.client_id, m.closed_as FROM threads t JOIN memberships m ON m.thread_id = t.id")
    assert {tuple(row) for row in db.session.execute(states)} == {
        (known.cara.id, None),
        (known.olga.id, "closed"),
    }
    db.session.remove()
    # What is written meanwhile waits for the index as new, as it did before.
    word = text(
        "INSERT INTO messages (thread_id, seq, sender_id, body, client_key, created_at, revision) "
        "SELECT id, 2, client_id, 'Hello', 'k', :now, 0 FROM threads WHERE client_id = :c"
    )
    db.session.execute(word, {"now": importer.now, "c": known.cara.id})
    db.session.commit()
    flask_migrate.upgrade()
    queue = text(
        "SELECT old, seq FROM search_queue WHERE thread_id IN (SELECT id FROM threads WHERE client_id = :c)"
    )
    assert {tuple(row) for row in db.session.execute(queue, {"c": known.cara.id})} == {(True, 1), (False, 2)}
    assert db.session.execute(text("SELECT count(*) FROM imports")).scalar() == 0
