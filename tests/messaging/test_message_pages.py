"""The page of one message, and everything that can be done there without script."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest

from wellchat.db import db
from wellchat.messaging.messages import MAX_PINS, pin
from wellchat.messaging.models import Message
from wellchat.messaging.queries import thread_for


@pytest.fixture
def cara(browse, cast):
    return browse(cast.cara)


@pytest.fixture
def paul(browse, cast):
    return browse(cast.paul)


def message(talk, seq=1):
    db.session.rollback()
    return db.session.get(Message, (talk.id, seq), populate_existing=True)


def test_the_page_offers_editing_to_the_sender_only(cara, paul, talk, now):
    talk.says(talk.cara, "Hello", now=now - timedelta(minutes=2))
    address = f"/threads/{talk.id}/messages/1"
    mine, theirs = cara.get(address).text, paul.get(address).text
    for words in ("React", "Reply", ">Pin<", "Show in the conversation"):
        assert words.strip("<>") in mine
        assert words.strip("<>") in theirs
    assert "Edit message" in mine
    assert "Delete…" in mine
    assert "Mark unread from here" not in mine
    assert "Edit message" not in theirs
    assert "Delete…" not in theirs
    assert "Mark unread from here" in theirs
    assert address in cara.get(f"/threads/{talk.id}").text


def test_the_page_refuses_an_edit_after_five_minutes_and_keeps_the_text(cara, talk, now):
    talk.says(talk.cara, "Hello", now=now - timedelta(minutes=6))
    assert "Edit message" not in cara.get(f"/threads/{talk.id}/messages/1").text
    answer = cara.post(f"/threads/{talk.id}/messages/1", data={"body": "Late words"})
    assert answer.status_code == 422
    assert "for 5 minutes" in answer.text
    assert "Late words" in answer.text
    assert message(talk).body == "Hello"


def test_the_time_limit_of_edits_comes_from_one_constant(cara, talk, now, monkeypatch):
    for name in ("messages", "models", "pages.thread"):
        module = import_module(f"wellchat.messaging.{name}")
        monkeypatch.setattr(module, "EDIT_WITHIN", timedelta(minutes=3))
    talk.says(talk.cara, "Hello", now=now - timedelta(minutes=4))
    assert "for 3 minutes" in cara.post(f"/threads/{talk.id}/messages/1", data={"body": "Late"}).text
    assert 'data-edit-within="180000"' in cara.get(f"/threads/{talk.id}").text


@pytest.mark.parametrize(
    ("path", "form", "changed"),
    [
        ("", {"body": "Better"}, lambda m: m.body == "Better"),
        ("/delete", {}, lambda m: m.body is None),
        ("/pin", {"pinned": "1"}, lambda m: m.pinned_at is not None),
        ("/reactions", {"add": "👩‍💻"}, lambda m: m.reactions[0]["emoji"] == "👩‍💻"),
    ],
)
def test_each_form_changes_the_message_and_redirects_to_it(cara, talk, path, form, changed):
    talk.exchange("c")
    address = f"/threads/{talk.id}/messages/1{path}"
    assert cara.post(address, data=form, forged=True).status_code == 400
    assert not message(talk).revision
    answer = cara.post(address, data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/threads/{talk.id}#1")
    assert changed(message(talk))
    assert cara.get(f"/threads/{talk.id}/messages/1").status_code == 200


def test_reactions_and_pins_can_be_removed(cara, talk):
    talk.exchange("c")
    for path, forms in (
        ("reactions", ({"add": "👍"}, {"remove": "👍"})),
        ("pin", ({"pinned": "1"}, {"pinned": "0"})),
    ):
        for form in forms:
            cara.post(f"/threads/{talk.id}/messages/1/{path}", data=form)
    assert (message(talk).reactions, message(talk).pinned_at, message(talk).revision) == (None, None, 4)


@pytest.mark.parametrize("form", [{}, {"add": ""}, {"add": "words"}, {"add": "\x00"}])
def test_a_reaction_that_is_no_emoji_is_refused_with_the_reason(cara, talk, form):
    talk.exchange("c")
    answer = cara.post(f"/threads/{talk.id}/messages/1/reactions", data=form)
    assert (answer.status_code, message(talk).reactions) == (303 if not form else 422, None)


def test_a_pin_above_the_limit_shows_the_reason(cara, talk, now):
    talk.exchange("c" * (MAX_PINS + 1))
    for seq in range(1, MAX_PINS + 1):
        pin(viewer=talk.cara, thread_id=talk.id, seq=seq, on=True, now=now)
    answer = cara.post(f"/threads/{talk.id}/messages/{MAX_PINS + 1}/pin", data={"pinned": "1"})
    assert answer.status_code == 303
    page = cara.get("/").text
    assert "Unpin one first" in page
    assert "notice--danger" in page


def test_a_pin_form_without_a_valid_value_changes_nothing(cara, talk, now):
    talk.exchange("c")
    pin(viewer=talk.cara, thread_id=talk.id, seq=1, on=True, now=now)
    for form in ({}, {"pinned": "perhaps"}):
        assert cara.post(f"/threads/{talk.id}/messages/1/pin", data=form).status_code == 303
        assert "notice--danger" in cara.get("/").text
    assert message(talk).pinned_at is not None


def test_start_forms_with_invalid_values_are_refused(cara, talk, everything):
    before = everything()
    for form in (
        {"with": "x" * 41},
        {"kind": "k" * 21, "external_id": "x"},
        {"kind": "coupon", "external_id": "a\x00b"},
    ):
        assert cara.post("/threads", data=form).status_code == 422
    assert everything() == before


def test_the_composer_sends_a_reply_without_script(cara, paul, talk):
    talk.exchange("c")
    page = paul.get(f"/threads/{talk.id}?reply_to=1").text
    assert 'name="reply_to" value="1"' in page
    assert 'value="1" disabled' not in page
    form = {"body": "", "client_key": "k", "reply_to": "1"}
    refused = paul.post(f"/threads/{talk.id}/messages", data=form)
    assert 'name="reply_to" value="1"' in refused.text, "what was to be answered is not forgotten"
    paul.post(f"/threads/{talk.id}/messages", data={**form, "body": "An answer"})
    assert message(talk, 2).reply_to == 1
    text = cara.get(f"/threads/{talk.id}").text
    assert f'href="/threads/{talk.id}/messages/1" data-seq-quoted="1"' in text
    for value in ("2", "99", "x", "-1", "0"):
        assert paul.post(
            f"/threads/{talk.id}/messages", data={"body": "x", "client_key": "n" + value, "reply_to": value}
        ).status_code == (303 if value == "2" else 422), value


@pytest.mark.parametrize(("query", "status"), [("5", 404), ("x", 422), ("0", 422), ("99999999999", 422)])
def test_a_reply_to_a_missing_message_is_refused(cara, talk, query, status):
    talk.exchange("c")
    assert cara.get(f"/threads/{talk.id}?reply_to={query}").status_code == status


def test_the_side_panel_lists_pinned_messages(cara, talk, now):
    talk.exchange("cp")
    pin(viewer=talk.paul, thread_id=talk.id, seq=2, on=True, now=now)
    text = cara.get(f"/threads/{talk.id}").text
    assert 'data-pin="2"' in text
    assert thread_for(talk.cara, talk.id).thread.last_seq == 2
