"""Private notes: written, saved from two tabs, deleted and brought back; by page and by JSON."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from wellchat import sweeps
from wellchat.clientele import notes, queries
from wellchat.clientele.models import MAX_NOTE, MAX_NOTES, MAX_PREFERENCE, ClientNote
from wellchat.db import db
from wellchat.errors import Conflict, Invalid, NotFound

WORDS = "Hates the smell of coconut.\nFormula 7.34 / 8.3"


@pytest.fixture
def write(talk, now):
    """write("words"): a note of Paul's about Cara."""
    keys = iter(range(1000))

    def add(body, kind="note", key=None):
        about = {"client_id": talk.cara.id, "kind": kind, "client_key": key or f"k{next(keys)}"}
        return notes.add_note(viewer=talk.paul, body=body, now=now, **about)

    return add


def bodies(talk):
    db.session.rollback()
    return [note.body for note in queries.notes_about(talk.paul, talk.cara.id)]


def test_a_note_is_written_changed_deleted_and_brought_back_by_json(app, api, talk, now):
    program, path = api(talk.paul), f"/api/people/{talk.cara.id}/notes"
    made = program.post(path, json={"body": f" {WORDS}\r\n", "client_key": "k"}).json["note"]
    assert (made["body"], made["version"], made["kind"]) == (WORDS, 1, "note")
    # A retry is the same note.
    assert program.post(path, json={"body": WORDS, "client_key": "k"}).json["note"]["id"] == made["id"]
    line = {"body": "mornings\n only", "kind": "preference", "client_key": "p"}
    assert program.post(path, json=line).json["note"]["body"] == "mornings only"
    saved = program.patch(f"{path}/{made['id']}", json={"body": "Likes tea", "version": 1}).json
    assert (saved["note"]["version"], saved["kept_beside"]) == (2, False)
    assert [note["body"] for note in program.get(path).json["notes"]] == ["mornings only", "Likes tea"]
    assert program.delete(f"{path}/{made['id']}").status_code == 204
    assert len(program.get(path).json["notes"]) == 1
    assert program.post(f"{path}/{made['id']}/restore").json["note"]["body"] == "Likes tea"


@pytest.mark.each_database
def test_two_tabs_keep_both_texts(app, talk, now, write, background):
    note = write("first")
    save = partial(notes.save_note, viewer=talk.paul, client_id=talk.cara.id, note_id=note.id, now=now)
    # Both tabs save version 1 at once. Whoever is second keeps their words in a note of their own.
    tabs = [background(partial(save, body=f"of tab {tab}", version=1)) for tab in "AB"]
    results = [tab.result(timeout=20) for tab in tabs]
    assert sorted(result.is_copy for result in results) == [False, True]
    assert sorted(bodies(talk)) == ["of tab A", "of tab B"]
    # The answer was lost, and the tab tries again: nothing is kept twice.
    second = next(index for index, result in enumerate(results) if result.is_copy)
    assert save(body=f"of tab {'AB'[second]}", version=1).is_copy
    assert len(bodies(talk)) == 2


def test_limits_are_told_and_nothing_is_cut(app, talk, now, write):
    for kind, most in (("note", MAX_NOTE), ("preference", MAX_PREFERENCE)):
        assert write("x" * most, kind).body == "x" * most
        with pytest.raises(Invalid):
            write("x" * (most + 1), kind)
    for empty in ("", " \n "):
        with pytest.raises(Invalid):
            write(empty)
    for number in range(MAX_NOTES - 2):
        write(f"note {number}")
    with pytest.raises(Conflict):
        write("one too many")


def test_a_deleted_note_is_gone_for_good_after_an_hour(app, talk, now, write):
    note = write("x")
    notes.delete_note(viewer=talk.paul, client_id=talk.cara.id, note_id=note.id, now=now)
    sweeps.tidy(now + timedelta(minutes=59))
    notes.restore_note(viewer=talk.paul, client_id=talk.cara.id, note_id=note.id)
    assert bodies(talk) == ["x"]
    notes.delete_note(viewer=talk.paul, client_id=talk.cara.id, note_id=note.id, now=now)
    sweeps.tidy(now + timedelta(minutes=61))
    with pytest.raises(NotFound):
        notes.restore_note(viewer=talk.paul, client_id=talk.cara.id, note_id=note.id)
    db.session.rollback()
    assert db.session.execute(select(func.count()).select_from(ClientNote)).scalar_one() == 0


def test_the_page_does_it_all_without_script_and_keeps_what_was_typed(app, browse, talk, now, write):
    page, path = browse(talk.paul), f"/people/{talk.cara.id}/notes"
    answer = page.post(
        path, data={"body": "<b>hi</b> https://salon.example", "kind": "note", "client_key": "k"}
    )
    assert (answer.status_code, answer.location) == (303, path)
    shown = page.get(path).text
    assert "&lt;b&gt;hi" in shown
    assert 'href="https://salon.example"' in shown
    refused = page.post(path, data={"body": "y" * 300, "kind": "preference", "client_key": "p"})
    assert refused.status_code == 422
    assert "y" * 300 in refused.text
    assert "At most 200 characters." in refused.text
    note = queries.notes_about(talk.paul, talk.cara.id)[0]
    one = f"{path}/{note.id}"
    assert page.post(one, data={"body": "tab A", "version": "1"}).location == path
    beside = page.post(one, data={"body": "tab B", "version": "1"})
    assert "kept=" in beside.location
    assert "Both are kept" in page.get(beside.location).text
    undo = page.post(f"{one}/delete")
    shown = page.get(undo.location).text
    assert "tab A" not in shown
    assert f"{one}/restore" in shown
    page.post(f"{one}/restore")
    assert "tab A" in page.get(path).text


def test_own_notes_are_found_by_search_and_those_of_others_are_not(app, api, cast, talk, now, write):
    note = write("Allergic to Crème brûlée")

    def found(who):
        told = api(who).get("/api/search?q=creme&names=1").json
        return [hit for source in told["others"] for hit in source["hits"]]

    assert found(talk.paul)[0]["path"] == f"/people/{talk.cara.id}/notes#note-{note.id}"
    assert [found(who) for who in (talk.cara, cast.rita, cast.ada)] == [[], [], []]
    notes.delete_note(viewer=talk.paul, client_id=talk.cara.id, note_id=note.id, now=now)
    assert found(talk.paul) == []


def test_statements_stay_as_many_with_more_notes(app, browse, talk, write, queries):
    page, path = browse(talk.paul), f"/people/{talk.cara.id}/notes"
    page.get(path)
    write("one")
    with queries() as few:
        page.get(path)
    for number in range(30):
        write(f"note {number}")
    with queries() as many:
        page.get(path)
    assert many.count == few.count
