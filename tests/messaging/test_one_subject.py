"""A thread with only the messages about one booking: on the page and by JSON."""

from __future__ import annotations

import pytest

from tests.cast import Talk
from wellchat.accounts.actions import create_user
from wellchat.db import new_id
from wellchat.messaging.messages import send_message
from wellchat.subjects.actions import put_subject


@pytest.fixture
def booking(talk, now):
    return put_subject(
        kind="booking",
        external_id="b",
        title="Balayage",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        notify=False,
        now=now,
    )


@pytest.fixture
def about(talk, booking, now):
    """about("words"): Cara says it about the booking."""

    def say(body):
        send_message(
            sender=talk.cara,
            thread_id=talk.id,
            body=body,
            client_key=new_id(),
            subject=("booking", "b"),
            now=now,
        )

    return say


@pytest.mark.each_database
def test_only_messages_about_it_are_listed_in_pages(app, api, talk, booking, about):
    for number in range(3):
        talk.exchange("cp")
        about(f"colour {number}")
    path = f"/api/threads/{talk.id}/messages?subject={booking.id}"
    told = api(talk.paul).get(f"{path}&limit=2").json
    assert ([m["seq"] for m in told["messages"]], told["has_more"]) == ([6, 9], True)
    told = api(talk.paul).get(f"{path}&limit=2&before=6").json
    assert ([m["seq"] for m in told["messages"]], told["has_more"]) == ([3], False)
    assert [m["seq"] for m in api(talk.paul).get(f"{path}&after=3").json["messages"]] == [6, 9]
    assert api(talk.paul).get(f"{path}&around=3").status_code == 422
    assert api(talk.cara).get(path.replace(booking.id, new_id())).json["messages"] == []


def test_the_page_has_a_way_back_keeps_the_booking_and_reads_no_other_message(
    app, api, browse, talk, booking, about
):
    talk.exchange("c")
    about("How red will it be?")
    page, path = browse(talk.paul), f"/threads/{talk.id}?only={booking.id}"
    shown = page.get(path).text
    assert "How red will it be?" in shown
    assert "message 1" not in shown.partition('role="log"')[2].partition("<form")[0]
    assert f'href="/threads/{talk.id}">Show all' in shown
    assert 'name="seen"' not in shown
    # The list beside is not narrowed.
    assert f'href="/threads/{talk.id}"' in shown.partition('class="pane-list"')[2].partition("</section>")[0]
    form = {"body": "Not very.", "client_key": "k", "subject": booking.id}
    answer = page.post(f"/threads/{talk.id}/messages?only={booking.id}", data=form)
    assert answer.location == f"/threads/{talk.id}?only={booking.id}#3"
    assert "Not very." in page.get(answer.location).text
    assert api(talk.paul).get(f"/api/threads/{talk.id}").json["thread"]["unread"] == 2
    # What is refused is shown again beside the same messages.
    refused = page.post(f"/threads/{talk.id}/messages?only={booking.id}", data=form | {"body": " "})
    assert refused.status_code == 422
    assert "Only messages about Balayage" in refused.text


def test_a_booking_of_other_people_is_not_found(app, browse, cast, talk, now):
    nina = create_user(email="nina@example.com", name="Nina", role="client", now=now)
    theirs = put_subject(
        kind="booking",
        external_id="n",
        title="Secret cut",
        professional_id=talk.paul.id,
        client_id=nina.id,
        notify=False,
        now=now,
    )
    for who in (talk.paul, talk.cara):
        assert browse(who).get(f"/threads/{talk.id}?only={theirs.id}").status_code == 404
    assert browse(cast.rita).get(f"/threads/{talk.id}?only={theirs.id}").status_code == 404


def test_as_many_statements_with_more_messages(app, browse, talk: Talk, booking, about, queries):
    page, path = browse(talk.paul), f"/threads/{talk.id}?only={booking.id}"
    about("first")
    page.get(path)
    with queries() as few:
        page.get(path)
    for number in range(20):
        about(f"more {number}")
    with queries() as many:
        page.get(path)
    assert many.count == few.count
