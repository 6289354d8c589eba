"""The filters of the inbox (unread, waiting, kind, snoozed), pinned threads, and snoozes that end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import insert, text

from tests.messaging.test_inbox import clients_of, names
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.changes.queries import cursor_now
from wellchat.connections.models import Connection
from wellchat.db import db, is_postgresql, new_id, table, transaction
from wellchat.feature import registry
from wellchat.messaging import memberships
from wellchat.messaging.memberships import FOREVER, change_membership, end_of, end_snooze
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.queries import inbox, kinds_of, thread_for
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject

HOUR = timedelta(hours=1)


def put(talk, **changes):
    change_membership(viewer=talk.cara, thread_id=talk.id, changes=changes)


def mine(talk, who=None):
    return thread_for(who or talk.cara, talk.id).mine


@pytest.mark.each_database
def test_pinned_threads_come_first_on_every_page_and_no_thread_is_lost(app, cast, now):
    clients_of(cast.rita, 7, now)
    everybody = inbox(cast.rita, limit=100)[0]
    for view in (everybody[-1], everybody[3]):
        change_membership(viewer=cast.rita, thread_id=view.thread.id, changes={"pinned": True})
    seen, place = [], None
    while True:
        views, place = inbox(cast.rita, before=place, limit=1)
        seen += names(views, cast.rita)
        if place is None:
            break
    assert seen == [f"Client {i:02}" for i in (3, 0, 6, 5, 4, 2, 1)]
    assert names(inbox(cast.rita, pinned=True)[0], cast.rita) == ["Client 03", "Client 00"]
    assert len(inbox(cast.rita, pinned=False)[0]) == 5


@pytest.mark.each_database
def test_the_unread_filter_lists_what_the_badge_counts(talk, other_talk, now):
    talk.exchange("p")
    assert [v.thread.id for v in inbox(talk.cara, unread=True)[0]] == [talk.id]
    assert inbox(talk.paul, unread=True)[0] == []  # his own word
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=1, now=now)
    assert inbox(talk.cara, unread=True)[0] == []
    talk.exchange("p")
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=2, now=now)
    assert inbox(talk.cara, unread=True)[0] == []


@pytest.mark.each_database
def test_waiting_since_is_the_first_message_without_a_reply(talk, now):
    talk.says(talk.paul, "Shall we?", now=now)
    talk.says(talk.paul, "Hello?", now=now + HOUR)
    assert mine(talk).waiting_since == now  # since the first word that was left unanswered
    assert [v.thread.id for v in inbox(talk.cara, waiting=True)[0]] == [talk.id]
    assert inbox(talk.paul, waiting=True)[0] == []
    talk.says(talk.cara, "Yes.", now=now + 2 * HOUR)
    assert inbox(talk.cara, waiting=True)[0] == []
    assert mine(talk, talk.paul).waiting_since == now + 2 * HOUR


@pytest.mark.each_database
def test_a_deleted_message_does_not_wait_for_a_reply(talk, now):
    talk.says(talk.paul, "Shall we?", now=now)
    talk.says(talk.paul, "Hello?", now=now + HOUR)
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=1, now=now)
    assert mine(talk).waiting_since == now + HOUR
    talk.says(talk.cara, "Yes.", now=now + 2 * HOUR)
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=3, now=now)  # the answer was none
    assert mine(talk).waiting_since == now + HOUR
    assert mine(talk, talk.paul).waiting_since is None
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    assert mine(talk).waiting_since is None


@pytest.mark.each_database
def test_threads_are_filtered_by_the_kind_of_their_subject(cast, talk, now):
    put_subject(kind="coupon", external_id="c", title="Half off", professional_id=cast.paul.id, now=now)
    put_subject(
        kind="booking",
        external_id="b",
        title="Cut",
        professional_id=cast.paul.id,
        client_id=cast.cara.id,
        now=now,
    )
    coupon, _ = open_thread(viewer=cast.cara, subject=("coupon", "c"), now=now)
    assert (kinds_of(cast.cara), kinds_of(cast.paul)) == (["coupon"], [])
    about = {"subject": ("booking", "b"), "now": now}
    send_message(sender=cast.cara, thread_id=talk.id, body="Can we move it?", client_key="b1", **about)
    assert kinds_of(cast.cara) == ["booking", "coupon"]
    assert [v.thread.id for v in inbox(cast.paul, kind="booking")[0]] == [talk.id]
    # What a coupon's own thread is about does not change, whatever is spoken of in it.
    send_message(sender=cast.cara, thread_id=coupon, body="By the way", client_key="b2", **about)
    assert [v.thread.id for v in inbox(cast.paul, kind="coupon")[0]] == [coupon]
    assert len(inbox(cast.paul, kind="booking")[0]) == 1


@pytest.mark.each_database
def test_a_snoozed_thread_is_hidden_until_the_sweep_ends_the_snooze(talk, other_talk, now, api):
    other_talk.says(talk.paul, "later")
    change_membership(viewer=talk.paul, thread_id=talk.id, changes={"snoozed_until": now + HOUR})
    assert [v.thread.id for v in inbox(talk.paul)[0]] == [other_talk.id]
    assert [v.thread.id for v in inbox(talk.paul, snoozed=True)[0]] == [talk.id]
    memberships.sweep_snoozes(now + timedelta(minutes=59))
    assert len(inbox(talk.paul)[0]) == 1
    cursor = str(cursor_now(talk.paul.id))
    assert memberships.sweep_snoozes(now + HOUR)["snoozes_ended"] == 1
    assert [v.thread.id for v in inbox(talk.paul)[0]] == [talk.id, other_talk.id]  # on top, as if it were new
    assert inbox(talk.paul, snoozed=True)[0] == []
    assert [sweep for each in registry().features for sweep in each.sweeps].count(
        memberships.sweep_snoozes
    ) == 1
    (told,) = api(talk.paul).get(f"/api/updates?since={cursor}").json["threads"]
    assert (told["id"], told["snoozed_until"]) == (talk.id, None)
    assert memberships.sweep_snoozes(now + 2 * HOUR)["snoozes_ended"] == 0


def test_an_incoming_message_does_not_end_a_snooze_but_sending_does(talk, now):
    put(talk, snoozed_until=now + HOUR)
    talk.exchange("p")
    assert mine(talk).snoozed_until == now + HOUR
    assert inbox(talk.cara)[0] == []
    talk.exchange("c")
    assert mine(talk).snoozed_until is None


@pytest.mark.each_database
def test_concurrent_sweeps_end_a_snooze_once_and_a_prolonged_one_stays(talk, now, at_once):
    put(talk, snoozed_until=now)
    ids = {"thread_id": talk.id, "user_id": talk.cara.id, "now": now}
    assert sorted(at_once(4, lambda _: end_snooze(**ids))) == [False, False, False, True]
    put(talk, snoozed_until=now + HOUR)
    assert end_snooze(**ids) is False


def test_durations_end_by_the_clock_of_the_person_s_time_zone(now):
    at = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # in Paris 23:30; the clocks go forward that night
    assert end_of("hour", now=at, zone="Europe/Paris") == at + HOUR
    assert end_of("tomorrow", now=at, zone="Europe/Paris") == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert end_of("tomorrow", now=at, zone="Asia/Tokyo") == datetime(
        2026, 3, 29, 23, tzinfo=UTC
    )  # there it is Sunday
    assert end_of("week", now=at, zone="UTC") == datetime(2026, 4, 4, 8, tzinfo=UTC)
    assert end_of("always", now=at, zone="UTC") == FOREVER


def test_the_membership_call_accepts_durations_and_times(talk, api):
    program = api(talk.cara)
    path = f"/api/threads/{talk.id}/membership"
    told = program.patch(path, json={"pinned": True, "mute": "always", "snooze": "hour"}).json["membership"]
    assert (told["pinned"], told["muted_until"][:4]) == (True, "9999")
    assert program.get("/api/threads").json["threads"] == []
    (snoozed,) = program.get("/api/threads?snoozed=1").json["threads"]
    assert snoozed["pinned"]
    assert snoozed["muted"]
    assert snoozed["snoozed_until"]
    told = program.patch(path, json={"mute": None, "snoozed_until": None}).json["membership"]
    assert (told["pinned"], told["muted_until"], told["snoozed_until"]) == (True, None, None)
    assert len(program.get("/api/threads?pinned=1").json["threads"]) == 1
    assert program.get("/api/threads?pinned=0").json["threads"] == []


def chips(page):
    """Return {label: (href, whether it is on)} of the filters on a page."""
    (row,) = re.findall(r'<nav class="chips chips--row" aria-label="Filter".*?</nav>', page, re.S)
    found = re.findall(r'<a class="chip([^"]*)" href="([^"]*)"[^>]*>([^<]*)', row)
    return {words.strip(): (unescape(href), "--on" in more) for more, href, words in found}


def test_filters_combine_and_one_address_clears_them(talk, other_talk, browse):
    talk.exchange("p")
    cara = browse(talk.cara)
    offered = chips(cara.get("/").text)
    assert offered["All"] == ("/", False)
    assert offered["Unread"] == ("/?unread=1", False)
    offered = chips(cara.get("/?unread=1&q=pa").text)
    assert "All" not in offered
    href, on = offered["Waiting on me"]
    assert on is False
    # With words its address is sealed, and leads to all three together.
    assert re.fullmatch(r"/\?sealed=[\w-]+", href)
    page = cara.get(href).text
    assert 'name="q" value="pa"' in page
    assert [name for name, (_, on) in chips(page).items() if on] == ["Unread", "Waiting on me"]
    page = cara.get("/?unread=1&waiting=1&archived=1&kind=lead").text
    offered = chips(page)
    assert list(offered)[:4] == ["Clear", "Unread", "Waiting on me", "Archived"]
    assert "Snoozed" not in offered  # in the archive all are alike
    assert offered["Clear"] == ("/", False)
    assert offered["Archived"] == ("/?unread=1&waiting=1&kind=lead", True)
    assert offered["Unread"] == ("/?waiting=1&archived=1&kind=lead", True)
    assert offered["Lead"] == ("/?unread=1&waiting=1&archived=1", True)
    assert "No conversations match these filters" in page
    assert "message 1" in cara.get("/?unread=1&waiting=1").text
    assert "message 1" not in cara.get("/?unread=1&waiting=1&snoozed=1").text


@pytest.mark.parametrize("form", [{"mute": "forever"}, {"snooze": "always"}, {"pinned": "perhaps"}])
def test_a_mangled_form_changes_nothing(talk, browse, everything, form):
    before = everything()
    assert browse(talk.cara).post(f"/threads/{talk.id}/membership", data=form).status_code == 422
    assert everything() == before


def test_each_filter_has_an_address_and_explains_itself_when_empty(talk, browse):
    cara = browse(talk.cara)
    talk.exchange("p")
    page = cara.get("/?waiting=1").text
    assert "message 1" in page
    assert "Waiting 1 min" in page
    assert re.search(r'class="chip chip--on" href="/" aria-label="Waiting on me: take this off"', page)
    assert 'href="/?waiting=1&amp;archived=1"' in page  # and what was chosen goes on into the archive
    for query, words in {
        "?unread=1&archived=1": "Nothing unread",
        "?waiting=1&archived=1": "Nobody is waiting for your answer",
        "?snoozed=1": "Nothing is snoozed",
        "?kind=booking": "There are no conversations of this kind",
        "?q=zzz": "No conversations match “zzz”",
    }.items():
        assert words in cara.get(f"/{query}").text, query
    assert cara.get("/?kind=weather").status_code == 422


def test_last_seen_is_rounded_down_to_five_minutes(talk, api, change, now):
    from wellchat.accounts.presence import touch_presence

    def other():
        return api(talk.cara).get(f"/api/threads/{talk.id}").json["thread"]["other"]

    assert other()["seen_at"] is None
    touch_presence(user_id=talk.paul.id, now=now - timedelta(hours=3), thread_id=None)
    seen = datetime.fromisoformat(other()["seen_at"])
    assert (seen.minute % 5, seen.second) == (0, 0)
    assert timedelta() <= now - timedelta(hours=3) - seen < timedelta(minutes=5)
    touch_presence(user_id=talk.paul.id, now=now, thread_id=None)
    assert other()["presence"] == "here"


def test_last_seen_is_hidden_after_seven_days(talk, api, now):
    from wellchat.accounts.presence import touch_presence

    touch_presence(user_id=talk.paul.id, now=now - timedelta(days=8), thread_id=None)
    assert api(talk.cara).get(f"/api/threads/{talk.id}").json["thread"]["other"]["seen_at"] is None


THREADS = 20_000
PARTS = {
    "ix_memberships_inbox": {},
    "ix_memberships_unread": {"unread": True},
    "ix_memberships_waiting": {"waiting": True},
    "ix_memberships_waits": {"sort": "longest"},
    "ix_memberships_kind": {"kind": "lead"},
    "ix_memberships_snoozed": {"snoozed": True},
}


def crowd(rita, now):
    """Give one person 20,000 threads. One in a hundred is unread, waiting, about a lead, or snoozed."""
    client = create_user(email="crowd@example.com", name="Crowd", role="client", now=now)
    link = new_id()
    threads, members, messages = [], [], []
    for i in range(THREADS):
        at, thread_id = now - timedelta(minutes=i), new_id()
        rare = i % 100
        ends = {"thread_id": thread_id, "updated_at": at, "last_seq": 1}
        people = {"client_id": client.id, "professional_id": rita.id, "connection_id": link}
        threads.append(
            {
                "id": thread_id,
                "key": f"k:{i}",
                "key_scope": "client",
                "last_seq": 1,
                "created_at": at,
                "updated_at": at,
            }
            | people
        )
        members.append(
            ends
            | {"user_id": rita.id, "last_read_seq": int(rare != 1), "pinned": i % 5000 == 7}
            | {"waiting_since": at if rare == 2 else None, "kind": "lead" if rare == 3 else None}
            | {"snoozed_until": now if rare == 4 else None}
        )
        members.append(
            ends
            | {"user_id": client.id, "last_read_seq": 1, "pinned": False}
            | {"waiting_since": None, "kind": None, "snoozed_until": None}
        )
        messages.append(
            {
                "thread_id": thread_id,
                "seq": 1,
                "sender_id": client.id,
                "body": "x",
                "client_key": "k",
                "created_at": at,
            }
        )
    same = {"delivered_seq": 0, "mailed_seq": 0, "archived": False}
    with transaction() as session:
        people = {"client_id": client.id, "professional_id": rita.id}
        session.execute(insert(table(Connection)), [{"id": link, "created_at": now} | people])
        insert_many(session, Thread, threads)
        insert_many(session, Membership, [row | same for row in members])
        insert_many(session, Message, messages)
        session.execute(text("ANALYZE"))


def insert_many(session, model, rows):
    """Insert rows that have the same keys; on PostgreSQL by COPY, in a tenth of the time."""
    if not is_postgresql():
        session.execute(insert(table(model)), rows)
        return
    columns = ", ".join(rows[0])
    with (
        session.connection().connection.driver_connection.cursor() as cursor,
        cursor.copy(f"COPY {table(model).name} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([row[column] for column in rows[0]])


def plan_of(query):
    """Return the query plans of the statements that `query` runs, as the database prints them."""
    found = []

    def explain(_c, cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    from sqlalchemy import event

    event.listen(db.engine, "before_cursor_execute", explain)
    query()
    event.remove(db.engine, "before_cursor_execute", explain)
    ((statement, parameters),) = found
    how = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    rows = db.session.connection().exec_driver_sql(how + statement, parameters)
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.slow
@pytest.mark.each_database
def test_every_filter_uses_an_index_with_twenty_thousand_threads(app, cast, now, queries):
    crowd(cast.rita, now)
    rita = db.session.get(User, cast.rita.id)
    for index, part in PARTS.items():
        plan = plan_of(lambda part=part: inbox(rita, **part))
        assert index in plan, (part, plan)
        assert "TEMP B-TREE" not in plan, plan  # sorted by the index, not by hand
        assert "Seq Scan on memberships" not in plan, plan
        with queries() as counted:
            views, place = inbox(rita, limit=30, **part)
            inbox(rita, limit=30, before=place, **part)
        assert counted.count == 2
        assert len(views) == 30
        assert not re.search(r"^\s*(->\s*)?Sort ", plan, re.M), plan
