"""A subject that the host platform changes is updated on the pages that show it."""

from __future__ import annotations

import threading

import pytest

from wellchat.changes.queries import cursor_now
from wellchat.db import db
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Message
from wellchat.messaging.threads import open_thread
from wellchat.subjects import actions
from wellchat.subjects.actions import claim, put_subject


@pytest.fixture
def put(cast, now):
    def put(kind, **more):
        given = {
            "external_id": "1",
            "title": "A title",
            "professional_id": cast.paul.id,
            "now": now,
            "notify": False,
        }
        return put_subject(kind=kind, **given | more)

    return put


def since(api, user, cursor):
    answer = api(user).get("/api/updates", query_string={"since": str(cursor)})
    return answer.get_json() if answer.status_code == 200 else None


@pytest.mark.each_database
def test_a_changed_subject_updates_its_threads(cast, api, now, put):
    put("coupon")
    thread_id, _ = open_thread(viewer=cast.cara, subject=("coupon", "1"), now=now)
    open_thread(viewer=cast.paul, subject=("coupon", "1"), with_id=cast.cara.id, now=now)
    for user in (cast.cara, cast.paul):
        cursor = cursor_now(user.id)
        put("coupon", title=f"Shown to {user.name}")
        update = since(api, user, cursor)
        assert [thread["subject"]["title"] for thread in update["threads"]] == [f"Shown to {user.name}"]
        assert update["threads"][0] == api(user).get(f"/api/threads/{thread_id}").get_json()["thread"]


@pytest.mark.each_database
def test_a_changed_subject_updates_the_messages_that_mention_it(cast, talk, api, now, put):
    put("booking", client_id=cast.cara.id)
    talk.says(talk.paul, "Before")
    send_message(
        sender=cast.paul,
        thread_id=talk.id,
        body="About it",
        client_key="k",
        subject=("booking", "1"),
        now=now,
    )
    known = api(cast.cara).get(f"/api/threads/{talk.id}/messages").get_json()["messages"]
    cursor = cursor_now(cast.cara.id)
    put("booking", client_id=cast.cara.id, status="cancelled")
    update = since(api, cast.cara, cursor)
    assert [(message["seq"], message["subject"]["status"]) for message in update["messages"]] == [
        (2, "cancelled")
    ]
    assert update["messages"][0]["revision"] > known[1]["revision"], "the newer of two states"
    assert (
        update["messages"]
        == api(cast.cara).get(f"/api/threads/{talk.id}/messages").get_json()["messages"][1:]
    )


def test_an_unchanged_subject_records_no_change(cast, api, now, put):
    put("coupon")
    open_thread(viewer=cast.cara, subject=("coupon", "1"), now=now)
    cursor = cursor_now(cast.cara.id)
    put("coupon")
    assert since(api, cast.cara, cursor) is None


def test_a_claimed_lead_that_changes_updates_its_thread(cast, api, now, put):
    lead = put("lead", client_id=cast.cara.id, status="open")
    claim(viewer=cast.paul, subject_id=lead.id, now=now)
    cursor = cursor_now(cast.cara.id)
    put("lead", status="won")
    assert since(api, cast.cara, cursor)["threads"][0]["subject"]["status"] == "won"


@pytest.mark.each_database
def test_putting_and_mentioning_a_subject_at_once_do_not_deadlock(cast, now, put, background, monkeypatch):
    """One transaction holds the subject and wants its thread.

    The other holds the thread and refers to the subject.
    """
    put("lead", client_id=cast.cara.id)
    thread_id, _ = open_thread(viewer=cast.cara, subject=("lead", "1"), now=now)
    real, held, sent = actions._open_thread_of_lead, threading.Event(), threading.Event()

    def open_thread_of_lead(*given):
        held.set()
        sent.wait(1)
        return real(*given)

    def speak():
        send_message(
            sender=cast.cara, thread_id=thread_id, body="Hi", client_key="k", subject=("lead", "1"), now=now
        )
        sent.set()

    with monkeypatch.context() as patch:
        patch.setattr(actions, "_open_thread_of_lead", open_thread_of_lead)
        putting = background(lambda: put("lead", title="Another"))
        assert held.wait(10)
        speaking = background(speak)
        putting.result(20), speaking.result(20)
    assert db.session.get_one(Message, (thread_id, 1)).body == "Hi"


def test_a_coupon_given_to_one_client_leaves_other_clients_their_thread(cast, browse, now, put):
    put("coupon")
    thread_id, _ = open_thread(viewer=cast.cara, subject=("coupon", "1"), now=now)
    put("coupon", client_id=cast.olga.id)
    assert browse(cast.cara).get(f"/threads/{thread_id}").status_code == 200
