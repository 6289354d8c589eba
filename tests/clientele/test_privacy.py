"""Who sees a private note or tag: its author, and nobody else through any door.

The doors are made from the routes themselves. A new page or call is in the table without being named here.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.outsiders import samples_of, values_for
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.clientele import notes, tags
from wellchat.connections.actions import connect
from wellchat.db import Base, db
from wellchat.host.keys import make_key
from wellchat.host.scopes import SCOPES
from wellchat.oversight.actions import grant_access
from wellchat.subjects.actions import put_subject

NOTE, LINE, TAG = "Zq7note", "Zq7line", "Zq7tag"
THINGS = (NOTE, LINE, TAG)
LEADING_AWAY = ("/sign-out", "/become/", "/settings/tokens", "/api/tokens")


@pytest.fixture
def written(talk, now):
    """Paul has a note, a preference and a tag about Cara, and one more note that he deleted."""
    about = {"viewer": talk.paul, "client_id": talk.cara.id}
    notes.add_note(**about, kind="note", body=NOTE, client_key="a", now=now)
    notes.add_note(**about, kind="preference", body=LINE, client_key="b", now=now)
    gone = notes.add_note(**about, kind="note", body=f"{NOTE} deleted", client_key="c", now=now)
    notes.delete_note(**about, note_id=gone.id, now=now)
    tags.tag_client(**about, name=TAG)


def readings(app, samples):
    """Every address that can be read, with things of these two for its arguments."""
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule.startswith(("/assets/", "/static/", *LEADING_AWAY)):
            continue
        values = {name: samples.get(name, "1") for name in rule.arguments} | values_for(rule, samples)
        _, path = rule.build({name: values.get(name, 1) for name in rule.arguments})
        yield path
        if rule.rule == "/":
            yield f"/?tag={samples['tag_id']}"
        if rule.rule in ("/search", "/api/search"):
            yield from (f"{path}?q={word}&names=1" for word in THINGS)


def read_everything(app, samples, api, browse, who):
    program, page = api(who), browse(who)
    seen: dict[str, list[str]] = {}
    for path in readings(app, samples):
        answer = (program if path.startswith("/api") else page).get(path)
        words = answer.data.decode("latin-1")
        for thing in THINGS:
            # What one searches for stands in the field; what is found leads somewhere.
            if "/notes#note-" in words if f"q={thing}" in path else thing in words:
                seen.setdefault(thing, []).append(path)
    return seen


@pytest.mark.parametrize("who", ["cara", "rita", "ada", "paul"])
def test_no_page_and_no_call_shows_them_to_anybody_but_their_author(
    app, api, browse, cast, talk, now, written, who
):
    talk.exchange("cp")
    connect(client_id=cast.cara.id, professional_id=cast.rita.id, now=now)  # Cara is Rita's client too
    samples = samples_of(app, talk, now) | {"user_id": talk.cara.id}
    look = grant_access(admin=cast.ada, thread_id=talk.id, reason="Complaint 4711 about a booking", now=now)
    samples["grant_id"] = look.id
    seen = read_everything(app, samples, api, browse, getattr(cast, who))
    assert set(seen) == (set(THINGS) if who == "paul" else set())


def test_the_host_is_shown_none_of_them(app, talk, now, written):
    put_subject(
        kind="booking",
        external_id="B",
        title="Cut",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        now=now,
    )
    _, secret = make_key(name="All", scopes=SCOPES, now=now)
    client = app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/host/")]
    tried = 0
    for rule in rules:
        if "GET" in rule.methods:
            values = {"ext": "id:" + talk.paul.id, "thread": talk.id, "kind": "booking"}
            _, path = rule.build({name: values.get(name, "1") for name in rule.arguments})
            words = client.get(path, headers={"Authorization": f"Bearer {secret}"}).get_data(as_text=True)
            assert not any(thing in words for thing in THINGS), path
            tried += 1
    assert tried > 3


def test_the_copy_of_the_author_holds_them_and_that_of_the_client_does_not(app, talk, written):
    own, theirs = (json.dumps(export_person(who.id), default=list) for who in (talk.paul, talk.cara))
    assert [thing in own for thing in THINGS] == [True, True, True]
    assert "deleted" not in own.partition(NOTE)[2][:20]
    assert [thing in theirs for thing in THINGS] == [False, False, False]


@pytest.mark.each_database
@pytest.mark.parametrize("who", ["cara", "paul"])
def test_nothing_is_left_of_them_once_either_is_erased(app, cast, talk, now, written, who):
    erase_person(user_id=getattr(cast, who).id, now=now + timedelta(days=1))
    db.session.rollback()
    stored = {
        table.name: str(db.session.execute(text(f"SELECT * FROM {table.name}")).all())
        for table in Base.metadata.sorted_tables
    }
    assert [name for name, rows in stored.items() if NOTE in rows or LINE in rows] == []
    # A tag is a word of its owner's, who may use it for others.
    assert (TAG in stored["client_tags"]) == (who == "cara")
    assert stored["tagged_clients"] == "[]"
