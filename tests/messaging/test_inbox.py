"""The inbox: latest first, pages without a gap, search by name and subject, a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta

from wellchat.accounts.actions import create_user
from wellchat.connections.actions import connect
from wellchat.messaging.messages import send_message
from wellchat.messaging.queries import inbox
from wellchat.messaging.serializers import thread_json
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject


def clients_of(professional, count, now):
    """Return `count` clients who have each sent one message, one minute apart."""
    for i in range(count):
        client = create_user(email=f"client{i}@example.com", name=f"Client {i:02}", role="client", now=now)
        connect(client_id=client.id, professional_id=professional.id, now=now)
        thread_id, _ = open_thread(viewer=client, with_id=professional.id, now=now)
        at = now + timedelta(minutes=i)
        send_message(sender=client, thread_id=thread_id, body=f"I am {i}", client_key="k", now=at)


def names(views, viewer):
    return [thread_json(v, viewer, now=v.thread.updated_at)["title"] for v in views]


def test_the_latest_thread_is_first_and_pages_continue_without_a_gap(app, cast, now):
    clients_of(cast.rita, 7, now)
    seen, place = [], None
    while True:
        views, place = inbox(cast.rita, before=place, limit=3)
        seen += names(views, cast.rita)
        if place is None:
            break
    assert seen == [f"Client {i:02}" for i in range(6, -1, -1)]


def test_paging_loses_no_thread_of_the_same_instant(app, cast, now):
    """Trap 12: the order and the page token use the same key, so threads with equal times are not lost."""
    for i in range(5):
        client = create_user(email=f"tie{i}@example.com", name=f"Tie {i}", role="client", now=now)
        thread_id, _ = open_thread(viewer=client, with_id=cast.rita.id, now=now)
        send_message(sender=client, thread_id=thread_id, body="Hello", client_key="k", now=now)
    first, place = inbox(cast.rita, limit=2)
    second, place = inbox(cast.rita, limit=2, before=place)
    third, place = inbox(cast.rita, limit=2, before=place)
    assert len(set(names([*first, *second, *third], cast.rita))) == 5
    assert place is None


def test_threads_are_found_by_name_and_by_subject(app, cast, now):
    clients_of(cast.rita, 3, now)
    put_subject(
        kind="coupon", external_id="c", title="100% Silk_scarf", professional_id=cast.rita.id, now=now
    )
    thread_id, _ = open_thread(viewer=cast.olga, subject=("coupon", "c"), now=now)
    send_message(sender=cast.olga, thread_id=thread_id, body="Hello", client_key="k", now=now)
    assert names(inbox(cast.rita, q="client 01")[0], cast.rita) == ["Client 01"]
    assert names(inbox(cast.rita, q="silk_")[0], cast.rita) == [cast.olga.name]
    assert names(inbox(cast.rita, q="%")[0], cast.rita) == [cast.olga.name]  # a sign, not a wildcard
    assert inbox(cast.rita, q="nobody") == ([], None)


def test_a_thread_s_row_shows_its_subject(app, cast, now):
    put_subject(
        kind="coupon",
        external_id="c",
        title="50% Off Summer Collection",
        professional_id=cast.rita.id,
        now=now,
    )
    thread_id, _ = open_thread(viewer=cast.olga, subject=("coupon", "c"), now=now)
    send_message(sender=cast.olga, thread_id=thread_id, body="Hello", client_key="k", now=now)
    state = thread_json(inbox(cast.rita)[0][0], cast.rita, now=now)
    assert state["context"] == "Re: 50% Off Summer Collection"


def test_the_inbox_takes_a_fixed_number_of_queries(app, cast, now, queries):
    clients_of(cast.rita, 3, now)
    with queries() as few:
        names(inbox(cast.rita)[0], cast.rita)
    clients_of(cast.paul, 0, now)
    for i in range(3, 12):
        client = create_user(email=f"more{i}@example.com", name=f"More {i}", role="client", now=now)
        open_thread(viewer=client, with_id=cast.rita.id, now=now)
    with queries() as many:
        names(inbox(cast.rita)[0], cast.rita)
    assert few.count == many.count == 1


def test_names_are_found_in_upper_and_lower_case(cast, talk, api, change):
    """On PostgreSQL this depends on the locale of the database."""
    change(cast.paul, name="Jörg ÄRZTL Øst")
    for asked in ("jörg", "JÖRG", "ärztl", "Ärztl", "øst"):
        found = api(cast.cara).get("/api/threads", query_string={"q": asked}).get_json()["threads"]
        assert [thread["id"] for thread in found] == [talk.id], asked
