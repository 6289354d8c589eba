"""The inbox knows who somebody is: a mark, and a filter by the viewer's own tags."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wellchat.accounts.actions import create_user
from wellchat.clientele import tags
from wellchat.clientele.models import MAX_TAGS, MAX_TAGS_OF_CLIENT
from wellchat.connections.actions import connect
from wellchat.db import new_id
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject


@pytest.fixture
def client_of_paul(cast, now):
    """client_of_paul("Nina", bookings): another client of Paul's with a thread; her id."""

    def make(name, bookings=0):
        user = create_user(email=f"{new_id()}@example.com", name=name, role="client", now=now)
        connect(client_id=user.id, professional_id=cast.paul.id, now=now)
        thread_id, _ = open_thread(viewer=user, with_id=cast.paul.id, now=now)
        send_message(sender=user, thread_id=thread_id, body="Hello", client_key="k", now=now)
        for number in range(bookings):
            put_subject(
                kind="booking",
                external_id=f"{user.id}{number}",
                title="Cut",
                professional_id=cast.paul.id,
                client_id=user.id,
                starts_at=now - timedelta(days=9),
                notify=False,
                now=now,
            )
        return user.id

    return make


def titles(answer):
    return sorted(thread["title"] for thread in answer.json["threads"])


@pytest.mark.each_database
def test_the_inbox_is_narrowed_by_a_tag_of_ones_own(app, api, browse, cast, talk, client_of_paul):
    talk.exchange("c")
    nina = client_of_paul("Nina")
    tag = tags.tag_client(viewer=talk.paul, client_id=nina, name="Sensitive scalp")
    # Another spelling is the same tag.
    tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name=" sensitive  SCALP")
    paul = api(talk.paul)
    assert titles(paul.get(f"/api/threads?tag={tag.id}")) == ["Cara Client", "Nina"]
    tags.untag_client(viewer=talk.paul, client_id=talk.cara.id, tag_id=tag.id)
    assert titles(paul.get(f"/api/threads?tag={tag.id}")) == ["Nina"]
    page = browse(talk.paul)
    shown = page.get(f"/?tag={tag.id}").text
    assert "Sensitive scalp: take this off" in shown
    assert 'href="/tags"' in page.get("/").text
    # Nina is Rita's client too, who has no tag on her.
    connect(client_id=nina, professional_id=cast.rita.id, now=talk.now)
    thread_id, _ = open_thread(viewer=cast.rita, with_id=nina, now=talk.now)
    send_message(sender=cast.rita, thread_id=thread_id, body="Hi", client_key="r", now=talk.now)
    assert titles(api(cast.rita).get("/api/threads")) == ["Nina"]
    assert titles(api(cast.rita).get(f"/api/threads?tag={tag.id}")) == []
    # A tag of somebody else, and one that is not there, are the same.
    for strange in (tag.id, new_id()):
        assert titles(api(talk.cara).get(f"/api/threads?tag={strange}")) == []
        assert "Sensitive" not in browse(talk.cara).get(f"/?tag={strange}").text
    assert 'href="/tags"' not in browse(talk.cara).get("/").text


def test_rows_have_a_mark_and_cost_no_statement_more(app, browse, talk, client_of_paul, queries):
    talk.exchange("c")
    page = browse(talk.paul)
    page.get("/")
    with queries() as few:
        page.get("/")
    for number in range(12):
        client_of_paul(f"Client {number}", bookings=number % 3)
    with queries() as many:
        shown = page.get("/").text
    assert many.count == few.count
    assert shown.count(">Regular</span>") == 4
    # Cara, those without a booking, and the template.
    assert shown.count(">New</span>") == 5
    # A client sees no mark.
    assert ">New</span>" not in browse(talk.cara).get("/").text


@pytest.mark.each_database
def test_rows_have_ones_own_tags_by_one_statement(app, browse, talk, cast, client_of_paul, queries):
    """Whoever has no tags pays nothing; nobody else sees them, the client least."""
    talk.exchange("c")
    page = browse(talk.paul)
    page.get("/")
    with queries() as none:
        page.get("/")
    tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name="organic")
    with queries() as few:
        assert page.get("/").text.count('<span class="tag">organic</span>') == 1
    for number in range(6):
        person = client_of_paul(f"Client {number}")
        tags.tag_client(viewer=talk.paul, client_id=person, name="pays <cash>")
        tags.tag_client(viewer=talk.paul, client_id=person, name="organic")
    with queries() as many:
        shown = page.get("/").text
    assert shown.count('<span class="tag">organic</span> <span class="tag">pays &lt;cash&gt;</span>') == 6
    assert few.count == many.count == none.count + 1
    connect(client_id=talk.cara.id, professional_id=cast.rita.id, now=talk.now)
    open_thread(viewer=talk.cara, with_id=cast.rita.id, now=talk.now)
    for other in (talk.cara, cast.rita):
        assert "organic" not in browse(other).get("/").text


@pytest.mark.each_database
def test_tags_are_renamed_merged_and_deleted(app, api, browse, talk, client_of_paul):
    nina, page = client_of_paul("Nina"), browse(talk.paul)
    one = tags.tag_client(viewer=talk.paul, client_id=nina, name="allergy")
    tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name="allergy")
    two = tags.tag_client(viewer=talk.paul, client_id=nina, name="allergies")
    refused = page.post(f"/tags/{two.id}", data={"name": "Allergy"})
    assert refused.status_code == 409
    assert "Merge the two" in refused.text
    assert page.post(f"/tags/{one.id}/merge", data={"into": two.id}).status_code == 303
    told = api(talk.paul).get("/api/tags").json["tags"]
    assert [(tag["name"], tag["clients"]) for tag in told] == [("allergies", 2)]
    page.post(f"/tags/{two.id}", data={"name": "Careful"})
    assert "Careful" in page.get("/tags").text
    page.post(f"/tags/{two.id}/delete")
    assert "No tags yet" in page.get("/tags").text
    assert browse(talk.cara).get("/tags").status_code == 404


def test_tags_have_limits(app, talk, cast, client_of_paul):
    with pytest.raises(Invalid):
        tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name="x" * 41)
    with pytest.raises(NotFound):
        tags.tag_client(viewer=talk.paul, client_id=cast.olga.id, name="x")
    for number in range(MAX_TAGS_OF_CLIENT):
        tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name=f"t{number}")
    with pytest.raises(Conflict):
        tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name="t99")
    people = [client_of_paul(f"P{number}") for number in range(2)]
    for number in range(MAX_TAGS_OF_CLIENT, MAX_TAGS):
        tags.tag_client(viewer=talk.paul, client_id=people[number % 2], name=f"t{number}")
    with pytest.raises(Conflict):
        tags.tag_client(viewer=talk.paul, client_id=people[0], name="one too many")
