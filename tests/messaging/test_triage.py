"""What waits and what needs no answer, counts of what lists hide, many threads at once, and undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.messaging.test_inbox import names
from wellchat.accounts.actions import create_user
from wellchat.changes.queries import cursor_now
from wellchat.connections.actions import connect
from wellchat.messaging.memberships import change_membership
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.queries import inbox, thread_for
from wellchat.messaging.reactions import react
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread
from wellchat.messaging.triage import State, change_many
from wellchat.messaging.unread import counts
from wellchat.subjects.actions import put_subject

HOUR = timedelta(hours=1)


def crowd(professional: Any, count: int, now: Any) -> list[str]:
    """Open threads of so many clients, who have each written once; the first one waits longest."""
    ids = []
    for i in range(count):
        client = create_user(email=f"w{i}@example.com", name=f"Client {i:02}", role="client", now=now)
        connect(client_id=client.id, professional_id=professional.id, now=now)
        thread_id, _ = open_thread(viewer=client, with_id=professional.id, now=now)
        at = now - timedelta(minutes=100 - i)
        send_message(sender=client, thread_id=thread_id, body="Hi", client_key="k", now=at)
        ids.append(thread_id)
    return ids


@pytest.mark.each_database
def test_what_no_list_shows_is_counted_where_it_is(talk: Any, other_talk: Any, now: Any, api: Any) -> None:
    talk.exchange("cc")
    other_talk.exchange("c")
    assert counts(talk.paul.id) == (
        {"messages": 3, "notifications": 0},
        {"archived": 0, "snoozed": 0, "waiting": 2},
    )
    change_membership(viewer=talk.paul, thread_id=talk.id, changes={"archived": True})
    change_membership(viewer=talk.paul, thread_id=other_talk.id, changes={"snoozed_until": now + HOUR})
    badges, hidden = counts(talk.paul.id)
    assert badges["messages"] == 3
    assert hidden == {"archived": 2, "snoozed": 1, "waiting": 1}
    # What was marked as unread counts, too; what is snoozed in the archive is in the archive.
    mark_read(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    program = api(talk.paul)
    program.put(f"/api/threads/{talk.id}/unread", json={"seq": 2})
    change_membership(viewer=talk.paul, thread_id=other_talk.id, changes={"archived": True})
    cursor = program.get("/api/me").json
    assert cursor["inbox"] == {"archived": 2, "snoozed": 0, "waiting": 1}
    talk.exchange("c")
    news = program.get(f"/api/updates?since={cursor['cursor']}").json
    assert news["inbox"] == {"archived": 1, "snoozed": 0, "waiting": 1}


def test_the_filters_show_the_counts(talk: Any, browse: Any) -> None:
    talk.exchange("c")
    change_membership(viewer=talk.paul, thread_id=talk.id, changes={"archived": True})
    page = browse(talk.paul).get("/").text
    assert 'data-count="archived">1</span>' in page
    assert 'data-count="waiting">1</span>' in page
    assert 'data-count="snoozed" hidden>0</span>' in page


@pytest.mark.each_database
def test_who_waits_longest_comes_first_archived_or_not(cast: Any, now: Any) -> None:
    ids = crowd(cast.rita, 5, now)
    change_membership(viewer=cast.rita, thread_id=ids[1], changes={"archived": True, "pinned": True})
    change_membership(viewer=cast.rita, thread_id=ids[2], changes={"snoozed_until": now + HOUR})
    seen, place = [], None
    while True:
        views, place = inbox(cast.rita, before=place, limit=1, sort="longest")
        seen += names(views, cast.rita)
        if place is None:
            break
    assert seen == ["Client 00", "Client 01", "Client 03", "Client 04"]
    assert counts(cast.rita.id)[1]["waiting"] == 4
    assert len(inbox(cast.rita, waiting=True)[0]) == 3  # the plain list has no archived ones


def test_the_page_of_who_waits_is_oldest_first(cast: Any, now: Any, browse: Any) -> None:
    crowd(cast.rita, 3, now)
    page = browse(cast.rita).get("/?waiting=1").text
    assert page.index("Client 00") < page.index("Client 01") < page.index("Client 02")
    page = browse(cast.rita).get("/?waiting=1&sort=latest").text
    assert page.index("Client 02") < page.index("Client 00")


@pytest.mark.each_database
def test_a_thread_that_needs_no_answer_waits_no_more(talk: Any, now: Any) -> None:
    talk.says(talk.paul, "Thanks!", now=now)
    talk.says(talk.paul, "Bye", now=now)
    needs = {"viewer": talk.cara, "thread_id": talk.id}
    change_membership(**needs, changes={"needs_answer": False})
    assert thread_for(talk.cara, talk.id).mine.waiting_since is None
    # A deletion counts again, and what was settled stays so.
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    assert thread_for(talk.cara, talk.id).mine.waiting_since is None
    change_membership(**needs, changes={"needs_answer": True})
    assert thread_for(talk.cara, talk.id).mine.waiting_since == now
    change_membership(**needs, changes={"needs_answer": False})
    talk.says(talk.paul, "One more thing", now=now + HOUR)
    assert thread_for(talk.cara, talk.id).mine.waiting_since == now + HOUR
    # A reaction is no answer.
    react(viewer=talk.cara, thread_id=talk.id, seq=3, emoji="👍", on=True, now=now)
    assert thread_for(talk.cara, talk.id).mine.waiting_since == now + HOUR
    talk.exchange("c")
    assert thread_for(talk.cara, talk.id).mine.waiting_since is None


@pytest.mark.each_database
def test_a_snooze_until_an_answer_ends_with_it(talk: Any, now: Any, api: Any) -> None:
    path = f"/api/threads/{talk.id}/membership"
    talk.exchange("p")
    told = api(talk.cara).patch(path, json={"snooze": "answer-3"}).json["membership"]
    assert told["snoozed_until"]
    assert inbox(talk.cara)[0] == []
    talk.exchange("p")
    assert len(inbox(talk.cara)[0]) == 1
    api(talk.cara).patch(path, json={"snooze": "monday"})
    talk.exchange("p")
    assert inbox(talk.cara)[0] == []  # this one lasts
    late = api(talk.cara).patch(path, json={"snooze_on": "2020-01-01"})
    assert (late.status_code, late.json["errors"]) == (422, {"snooze_on": "Choose a day to come."})
    assert api(talk.cara).patch(path, json={"snooze_on": "2099-01-01"}).status_code == 200


def test_the_menu_s_form_snoozes_until_a_day(talk: Any, browse: Any) -> None:
    cara, path = browse(talk.cara), f"/threads/{talk.id}/membership"
    assert cara.post(path, data={"snooze_on": "2099-03-01"}).status_code == 303
    assert thread_for(talk.cara, talk.id).mine.snoozed_until.isoformat()[:10] == "2099-03-01"
    # The empty field is sent along with every other button.
    assert cara.post(path, data={"snooze_on": "", "snooze": "off"}).status_code == 303
    assert thread_for(talk.cara, talk.id).mine.snoozed_until is None
    assert cara.post(path, data={"snooze_on": "2020-03-01"}).status_code == 422


@pytest.mark.each_database
def test_many_are_changed_in_a_fixed_number_of_statements(
    cast: Any, now: Any, queries: Any, api: Any
) -> None:
    ids = crowd(cast.rita, 40, now)
    cursors = {}
    for thread_id in ids[:3]:
        client = thread_for(cast.rita, thread_id).other
        cursors[client.id] = (client, str(cursor_now(client.id)))
    mine = str(cursor_now(cast.rita.id))
    needed = []
    for some in (ids[10:20], ids[20:]):
        with queries() as counted:
            change_many(viewer=cast.rita, thread_ids=some, changes={"archived": True}, read=True, now=now)
        needed.append(counted.count)
    assert needed[0] == needed[1]
    change_many(viewer=cast.rita, thread_ids=ids[:10], changes={}, read=True, now=now)
    assert counts(cast.rita.id)[0]["messages"] == 0
    # My other devices and the other people are told as of reading.
    (first, cursor), *_ = cursors.values()
    told = api(first).get(f"/api/updates?since={cursor}").json["threads"]
    assert [thread["other_read_seq"] for thread in told] == [1]
    own = api(cast.rita).get(f"/api/updates?since={mine}&limit=500").json["threads"]
    assert {thread["id"] for thread in own} == set(ids)
    assert sum(thread["archived"] for thread in own) == 30


@pytest.mark.each_database
def test_an_undo_puts_back_what_was_changed_and_nothing_else(cast: Any, now: Any, api: Any) -> None:
    now = now.replace(microsecond=0)
    ids = crowd(cast.rita, 3, now)
    program = api(cast.rita)
    mark_read(viewer=cast.rita, thread_id=ids[0], seq=1, now=now)
    change_membership(viewer=cast.rita, thread_id=ids[1], changes={"snoozed_until": now + HOUR})
    done = program.patch("/api/threads", json={"ids": ids, "snooze": "tomorrow", "read": True})
    assert done.status_code == 200, done.json
    assert done.json["unread"]["messages"] == 0
    assert sorted(done.json["fields"]) == ["snoozed_until", "unread_from", "until_answer"]
    change_membership(viewer=cast.rita, thread_id=ids[2], changes={"pinned": True})  # meanwhile, elsewhere
    undo = {"restore": done.json["before"], "fields": done.json["fields"]}
    back = program.patch("/api/threads", json=undo).json
    assert (back["before"], back["unread"]["messages"]) == ([], 2)
    states = {view.thread.id: view for view in [thread_for(cast.rita, each) for each in ids]}
    assert [states[each].mine.snoozed_until for each in ids] == [None, now + HOUR, None]
    assert [states[each].unread for each in ids] == [0, 1, 1]
    assert states[ids[2]].mine.pinned is True
    settled = program.patch("/api/threads", json={"ids": ids, "needs_answer": False}).json
    assert settled["inbox"]["waiting"] == 0
    undo = {"restore": settled["before"], "fields": settled["fields"]}
    assert program.patch("/api/threads", json=undo).json["inbox"]["waiting"] == 2  # one is snoozed


@pytest.mark.each_database
def test_reading_many_settles_their_notifications(talk: Any, now: Any) -> None:
    from wellchat.messaging import dispatch

    talk.exchange("c")
    dispatch.sweep(now + HOUR)
    assert counts(talk.paul.id)[0] == {"messages": 1, "notifications": 1}
    change_many(viewer=talk.paul, thread_ids=[talk.id], changes={}, read=True, now=now)
    assert counts(talk.paul.id)[0] == {"messages": 0, "notifications": 0}


def test_a_thread_of_others_changes_nothing(talk: Any, cast: Any, api: Any, everything: Any) -> None:
    talk.exchange("c")
    before = everything()
    state = dict.fromkeys(State._fields) | {"thread_id": talk.id, "archived": True, "pinned": True}
    state |= {"until_answer": False, "settled_seq": 0, "last_read_seq": 0, "last_seq": 1}
    for body in (
        {"ids": [talk.id, "wnobody"], "archived": True},
        {"restore": [state], "fields": ["archived"]},
    ):
        who = cast.rita if "restore" in body else talk.paul
        assert api(who).patch("/api/threads", json=body).status_code == 404
    for wrong in ({"archived": True}, {"ids": [talk.id]}, {"ids": [talk.id], "read": False},
                 {"ids": [talk.id], "restore": [state], "fields": ["archived"]},
                 {"restore": [state]}, {"ids": ["x"] * 301, "archived": True},
                 {"ids": [talk.id], "read_seq": 3}):  # fmt: skip
        assert api(talk.paul).patch("/api/threads", json=wrong).status_code == 422, wrong
    assert everything() == before


@pytest.mark.each_database
def test_a_pair_s_booking_is_found_by_its_title(talk: Any, other_talk: Any, now: Any) -> None:
    people = {"professional_id": talk.paul.id, "client_id": talk.cara.id, "now": now}
    put_subject(kind="booking", external_id="b", title="Balayage refresh", **people)
    found = inbox(talk.paul, q="balayage")[0]
    assert [view.thread.id for view in found] == [talk.id]


@pytest.mark.each_database
def test_threads_are_gathered_by_what_they_are_about(cast: Any, now: Any, browse: Any) -> None:
    from wellchat.messaging.groups import groups_of

    for name, title in (("a", "Half off"), ("b", "Summer")):
        put_subject(kind="coupon", external_id=name, title=title, professional_id=cast.paul.id, now=now)
    for person, name in ((cast.cara, "a"), (cast.olga, "a"), (cast.cara, "b")):
        thread_id, _ = open_thread(viewer=person, subject=("coupon", name), now=now)
        send_message(sender=person, thread_id=thread_id, body="Hi", client_key="k", now=now + HOUR)
    groups = groups_of(cast.paul, "coupon")
    assert {(each["title"], each["threads"], each["unread"]) for each in groups} == {
        ("Half off", 2, 2),
        ("Summer", 1, 1),
    }
    summer = next(each["id"] for each in groups if each["title"] == "Summer")
    assert len(inbox(cast.paul, subject=summer)[0]) == 1
    page = browse(cast.paul).get(f"/?kind=coupon&subject={summer}").text
    assert 'aria-label="Summer: take this off"' in page
    assert "About what" not in browse(cast.paul).get("/?kind=booking").text


@pytest.mark.each_database
def test_a_score_is_the_sum_of_reasons_that_one_can_read(
    talk: Any, other_talk: Any, now: Any, api: Any, queries: Any, browse: Any
) -> None:
    now = now.replace(microsecond=0)
    talk.says(talk.paul, "Welcome.", now=now - 4 * timedelta(days=1))
    talk.says(talk.cara, "May I come later？", now=now - 3 * timedelta(days=1))
    (other,) = {other_talk.cara, other_talk.paul} - {talk.paul}
    other_talk.says(other, "Hello.", now=now - HOUR)
    at_noon = now.replace(hour=12)
    people = {"professional_id": talk.paul.id, "client_id": talk.cara.id, "now": now}
    put_subject(kind="booking", external_id="b", title="Cut", starts_at=at_noon, **people)
    program = api(talk.paul)
    found = program.get("/api/threads?sort=priority").json["threads"]
    assert [(each["id"], each["priority"]["score"]) for each in found] == [(talk.id, 9), (other_talk.id, 3)]
    words = [[why["words"] for why in each["priority"]["why"]] for each in found]
    assert words == [["Booking today", "Asks something", "Waiting 3 days"], ["First contact"]]
    assert all(
        each["priority"]["score"] == sum(why["points"] for why in each["priority"]["why"]) for each in found
    )
    assert "priority" not in program.get("/api/threads").json["threads"][0]
    page = browse(talk.paul).get("/?waiting=1&sort=priority").text
    assert "Priority 9: Booking today (4), Asks something (2), Waiting 3 days (3)" in page
