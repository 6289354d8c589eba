"""Administrators may open any conversation; with a reason, and on record."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.messages import delete_message, edit_message, send_message
from wellchat.messaging.queries import thread_for
from wellchat.messaging.reactions import react
from wellchat.oversight.actions import grant_access
from wellchat.oversight.models import AccessGrant
from wellchat.oversight.queries import GRANT_LIFETIME, grant_of, grants_for

REASON = "Complaint 4711 about a booking"


@pytest.fixture
def admin(browse, cast):
    return browse(cast.ada)


def test_an_administrator_opens_a_conversation_on_record(admin, cast, talk):
    talk.exchange("cp")
    index = admin.get("/oversight?q=cara@example")
    assert "Cara Client and Paul Professional" in index.text
    assert "message 1" not in index.text  # the words only on the record
    answer = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert answer.status_code == 303
    page = admin.get(answer.headers["Location"])
    assert "message 1" in page.text
    assert REASON in page.text
    (entry,) = db.session.execute(select(AccessGrant)).scalars()
    assert (entry.admin_id, entry.thread_id, entry.reason) == (cast.ada.id, talk.id, REASON)


def test_a_grant_shows_earlier_texts_and_reactions(admin, talk, now):
    talk.exchange("cp")
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="what she made of it", now=now)
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    send_message(sender=talk.paul, thread_id=talk.id, body="yes", client_key="yes", reply_to=1, now=now)
    for viewer in (talk.cara, talk.paul):
        react(viewer=viewer, thread_id=talk.id, seq=3, emoji="👍", on=True, now=now)
    entry = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).headers["Location"]
    text = admin.get(entry).text
    assert '<q dir="auto">message 1</q>' in text
    assert '<q dir="auto">message 2</q>' in text
    assert "what she made of it" in text
    assert {f'"👍 {a} and {b}"' in text for a, b in permutations(("Cara Client", "Paul Professional"))} == {
        True,
        False,
    }
    assert f'href="/threads/{talk.id}' not in text, "nothing that leads to a 404"


@pytest.mark.parametrize("reason", ["", "   ", "too short", "x" * 501, "with a NUL \x00 in it"])
def test_access_without_a_good_reason_is_refused_and_not_recorded(admin, talk, everything, reason):
    talk.exchange("c")
    before = everything()
    answer = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": reason})
    assert answer.status_code == 422
    assert "kept on record" in answer.text
    assert "message 1" not in answer.text
    assert everything() == before


@pytest.mark.parametrize("who", ["cara", "paul", "olga", "rita"])
def test_oversight_does_not_exist_for_anybody_else(browse, cast, talk, now, who):
    entry = grant_access(admin=cast.ada, thread_id=talk.id, reason=REASON, now=now)
    person = browse(getattr(cast, who))
    assert person.get("/oversight").status_code == 404
    assert person.get(f"/oversight/looks/{entry.id}").status_code == 404
    assert person.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON}).status_code == 404
    with pytest.raises(NotFound):
        grants_for(getattr(cast, who), talk.id)


def test_a_grant_is_for_one_administrator_and_expires(app, cast, talk, now, change):
    entry = grant_access(admin=cast.ada, thread_id=talk.id, reason=REASON, now=now)
    assert grant_of(cast.ada, entry.id, now + GRANT_LIFETIME)[1].id == talk.id
    with pytest.raises(NotFound):
        grant_of(cast.ada, entry.id, now + GRANT_LIFETIME + timedelta(seconds=1))
    change(cast.rita, role="admin", admin_roles="owner")
    with pytest.raises(NotFound):
        grant_of(cast.rita, entry.id, now)


def test_access_leaves_no_trace_in_the_conversation(admin, cast, talk, now):
    """Nothing is read, delivered or moved by it."""
    talk.exchange("cp")
    before = thread_for(cast.cara, talk.id)
    marks = (before.unread, before.theirs.last_read_seq, before.thread.updated_at)
    answer = admin.post(f"/oversight/threads/{talk.id}/looks", data={"reason": REASON})
    assert "message 1" in admin.get(answer.headers["Location"]).text
    after = thread_for(cast.cara, talk.id)
    assert (after.unread, after.theirs.last_read_seq, after.thread.updated_at) == marks


def test_access_to_a_missing_thread_is_refused(app, cast, now):
    with pytest.raises(NotFound):
        grant_access(admin=cast.ada, thread_id="none", reason=REASON, now=now)
    with pytest.raises(Invalid):
        grant_access(admin=cast.ada, thread_id="none", reason="", now=now)
