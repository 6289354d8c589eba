"""A thread in which nobody has written: the other side has it in no list, and nothing lights up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from wellchat.changes.queries import cursor_now
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.lead_notices.render import content
from wellchat.mail.models import Mail
from wellchat.messaging.contacts import contacts
from wellchat.messaging.memberships import only_thread
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership
from wellchat.messaging.queries import has_threads, inbox, kinds_of
from wellchat.messaging.threads import open_thread, put_thread
from wellchat.subjects.actions import claim, put_subject

SUBJECT = {"kind": "coupon", "external_id": "c"}


def coupon(cast: Any, now: Any, **more: Any) -> Any:
    given = {"kind": "coupon", "external_id": "c", "title": "Half off", "professional_id": cast.paul.id}
    return put_subject(**given | more, now=now)


def lead(cast: Any, now: Any, **more: Any) -> Any:
    given = {"kind": "lead", "external_id": "l", "title": "Kitchen", "professional_id": cast.paul.id}
    return put_subject(**given | {"client_id": cast.olga.id, "status": "open"} | more, now=now)


def listed(viewer: Any, **filters: Any) -> list[str]:
    return [view.thread.id for view in inbox(viewer, **filters)[0]]


@pytest.mark.each_database
def test_a_thread_without_a_word_is_in_no_list_of_the_other_side(app, cast, now, api, browse):
    coupon(cast, now)
    before = cursor_now(cast.paul.id)
    answer = api(cast.olga).post("/api/threads", json={"subject": SUBJECT})
    assert answer.status_code == 201
    pair, _ = open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)
    coupon_s = answer.json["thread"]["id"]
    assert set(listed(cast.olga)) == {coupon_s, pair}
    assert cursor_now(cast.paul.id) == before, "no change is recorded for him"
    api(cast.olga).put(f"/api/threads/{pair}/typing")
    update = api(cast.paul).get("/api/updates", query_string={"since": str(before)})
    assert update.status_code == 204 or (update.json["threads"], update.json["typing"]) == ([], [])
    assert listed(cast.paul) == listed(cast.paul, archived=True) == []
    assert api(cast.paul).get("/api/threads").json["threads"] == []
    assert (has_threads(cast.paul), kinds_of(cast.paul), only_thread(cast.paul)) == (False, [], None)
    assert "No messages yet" not in browse(cast.paul).get("/").text
    assert f"/threads/{pair}" not in browse(cast.paul).get("/new").text
    # The first word brings it, with its change.
    send_message(sender=cast.olga, thread_id=pair, body="Hello", client_key="k", now=now)
    assert listed(cast.paul) == [pair]
    [told] = api(cast.paul).get("/api/updates", query_string={"since": str(before)}).json["threads"]
    assert (told["id"], told["unread"]) == (pair, 1)


@pytest.mark.each_database
def test_who_opens_it_too_has_it_and_what_the_host_opens_both_have(app, cast, now):
    first, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
    assert listed(cast.paul) == []
    before = cursor_now(cast.paul.id)
    assert open_thread(viewer=cast.paul, with_id=cast.cara.id, now=now) == (first, False)
    assert listed(cast.paul) == listed(cast.cara) == [first]
    assert cursor_now(cast.paul.id).seq == before.seq + 1, "his other devices hear of it"
    open_thread(viewer=cast.olga, with_id=cast.rita.id, now=now)
    assert listed(cast.rita) == []
    theirs, made = put_thread(client_id=cast.olga.id, professional_id=cast.rita.id, subject=None, now=now)
    assert not made
    assert listed(cast.olga) == listed(cast.rita) == [theirs]


def test_a_person_whose_thread_waits_for_a_word_can_still_be_written_to(app, cast, now, browse):
    thread_id, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
    paul = browse(cast.paul)
    connection = db.session.get_one(Membership, (thread_id, cast.paul.id))
    assert connection.awaits_word
    assert f"/threads/{thread_id}" not in paul.get(f"/people/{cast.cara.id}").text
    assert [person["thread_id"] for person in contacts(cast.paul, limit=9)[0]] == [None]


def test_an_ended_coupon_begins_no_conversation_and_keeps_the_old_ones(app, cast, now, api, browse):
    coupon(cast, now)
    old = api(cast.cara).post("/api/threads", json={"subject": SUBJECT}).json["thread"]["id"]
    ended = coupon(cast, now, status="Ended")
    refused = api(cast.olga).post("/api/threads", json={"subject": SUBJECT})
    assert refused.status_code == 422
    assert refused.json["errors"] == {
        "subject": "“Half off” has ended. No new conversation about it can begin."
    }
    with pytest.raises(Invalid):
        open_thread(viewer=cast.paul, subject=("coupon", "c"), with_id=cast.olga.id, now=now)
    assert "Contact" not in browse(cast.olga).get(f"/subjects/{ended.id}").text
    again = api(cast.cara).post("/api/threads", json={"subject": SUBJECT})
    assert (again.status_code, again.json["thread"]["id"]) == (200, old)
    said = api(cast.cara).post(f"/api/threads/{old}/messages", json={"body": "Still?", "client_key": "k"})
    assert said.status_code == 201


# Leads


@pytest.mark.each_database
def test_a_lead_is_claimed_by_json_and_its_owner_is_told_once(app, cast, now, api, at_once):
    lead(cast, now)
    body = {"subject": {"kind": "lead", "external_id": "l"}}
    answers = at_once(4, lambda _: api(cast.paul).post("/api/claims", json=body))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    [thread_id] = {answer.json["thread"]["id"] for answer in answers}
    assert {answer.json["subject"]["status"] for answer in answers} == {"claimed"}
    [told] = api(cast.olga).get("/api/notifications").json["notifications"]
    assert (told["kind"], told["count"], told["url"]) == ("lead", 1, f"/threads/{thread_id}")
    assert told["title"] == "Claimed: Kitchen"
    assert told["preview"] == "Paul Professional has claimed it. You can write to each other now."
    assert listed(cast.olga) == listed(cast.paul) == [thread_id]


def test_a_claim_that_cannot_be_is_refused_plainly(app, cast, now, api):
    lead(cast, now)
    body = {"subject": {"kind": "lead", "external_id": "l"}}
    for stranger in (cast.rita, cast.cara):
        assert api(stranger).post("/api/claims", json=body).status_code == 404
    lead(cast, now, status="withdrawn")
    refused = api(cast.paul).post("/api/claims", json=body)
    assert refused.status_code == 409
    assert "no longer available" in refused.json["detail"]
    assert api(cast.paul).post("/api/claims", json={"subject": {"kind": "lead"}}).status_code == 422
    assert api(cast.olga).get("/api/notifications").json["notifications"] == []


def test_who_wants_mail_about_leads_gets_one(app, cast, now, api, browse):
    api(cast.olga).patch("/api/preferences", json={"channels": {"lead": {"email": True}}})
    found = lead(cast, now)
    claim(viewer=cast.paul, subject_id=found.id, now=now)
    mail = db.session.execute(select(Mail).where(Mail.name == "lead_claimed")).scalar_one()
    assert content(mail, now)["headline"] == "Claimed: Kitchen"
    assert "Claimed: Kitchen" in browse(cast.olga).get("/notifications").text
    assert mail.user_id == cast.olga.id


def test_a_host_that_puts_history_tells_nobody(app, cast, now, api):
    lead(cast, now - timedelta(days=90), status=None, notify=False)
    assert api(cast.olga).get("/api/notifications").json["notifications"] == []
