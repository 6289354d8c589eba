"""Loading, loading again, resetting: what is in the database afterwards."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.attachments.files import picture, take
from tests.cast import Talk
from tests.demo.conftest import NOW
from wellchat import sweeps
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.attachments.storage import get_store
from wellchat.changes.models import Change, ChangeLog
from wellchat.claims import SENT
from wellchat.db import Base, db, transaction
from wellchat.demo.actions import PASSWORD, load, reset, take_away
from wellchat.demo.queries import is_loaded
from wellchat.demo.stories import STORIES
from wellchat.digests.models import DigestSchedule
from wellchat.errors import Conflict
from wellchat.mail import transport
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Membership, Message, PendingDelivery, Thread
from wellchat.messaging.threads import open_thread
from wellchat.messaging.unread import unread_counts
from wellchat.notifications.models import Notification
from wellchat.notifications.queries import unread_count
from wellchat.oversight.actions import grant_access
from wellchat.subjects.actions import put_subject
from wellchat.subjects.models import Subject

pytestmark = pytest.mark.slow

PEOPLE = [person for story in STORIES for person in story.people]
TALKS = [(story, talk) for story in STORIES for talk in story.talks]


def counts():
    return {
        table.name: db.session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in Base.metadata.sorted_tables
    }


def rows_of(model):
    return db.session.execute(select(model)).scalars().all()


def person(key):
    email = next(person.email for person in PEOPLE if person.key == key)
    return user_by_email(email)


@pytest.mark.each_database
def test_a_second_load_changes_nothing(app, now):
    load(now=now)
    before = counts()
    assert load(now=now + timedelta(hours=1)) is False
    assert counts() == before
    assert before["users"] == before["demo_people"] == len(PEOPLE)
    assert before["threads"] == len(TALKS)


def test_every_thread_is_numbered_without_gaps_and_in_time_order(loaded):
    messages = db.session.execute(select(Message).order_by(Message.thread_id, Message.seq)).scalars()
    lengths = {}
    for thread_id, group in groupby(messages, key=lambda message: message.thread_id):
        said = list(group)
        assert [message.seq for message in said] == list(range(1, len(said) + 1))
        times = [message.created_at for message in said]
        assert times == sorted(times)
        assert times[-1] < NOW
        lengths[thread_id] = len(said)
    assert sorted(lengths.values()) == sorted(len(talk.lines) for _, talk in TALKS)
    for thread in rows_of(Thread):
        assert thread.last_seq == lengths[thread.id]
    for membership in rows_of(Membership):
        assert membership.last_seq == lengths[membership.thread_id]


def test_change_logs_are_gapless_and_hold_every_message(loaded):
    logs = defaultdict(list)
    for change in db.session.execute(select(Change).order_by(Change.user_id, Change.seq)).scalars():
        logs[change.user_id].append(change)
    for log in rows_of(ChangeLog):
        assert [change.seq for change in logs[log.user_id]] == list(range(1, log.last_seq + 1))
    told = sum(change.kind == "message" for changes in logs.values() for change in changes)
    assert told == 2 * len(rows_of(Message))


def test_unread_messages_and_notifications_match_the_stories(loaded):
    waiting: defaultdict[Any, int] = defaultdict(int)
    threads: defaultdict[Any, int] = defaultdict(int)
    for _, talk in TALKS:
        for reader, count in talk.unread.items():
            waiting[reader] += count
            threads[reader] += 1
    for one in PEOPLE:
        user = person(one.key)
        assert unread_counts(user.id)["messages"] == waiting[one.key], one.key
        assert unread_count(user.id) == threads[one.key], one.key
    for note in rows_of(Notification):
        assert note.read_at is None or note.read_at >= note.created_at
    assert any(note.read_at for note in rows_of(Notification))


def test_loading_leaves_no_work_for_the_worker(loaded):
    assert rows_of(PendingDelivery) == []
    assert rows_of(DigestSchedule) == []


def test_threads_follow_the_scope_of_their_subject(loaded):
    priya = person("priya")
    coupons = [thread for thread in rows_of(Thread) if thread.client_id == priya.id]
    assert {thread.key_scope for thread in coupons} == {"client"}
    assert len({thread.subject_id for thread in coupons}) == 2
    hannah = person("hannah")
    (for_life,) = [thread for thread in rows_of(Thread) if thread.client_id == hannah.id]
    assert (for_life.key_scope, for_life.last_seq >= 150) == ("connection", True)
    query = select(Message.subject_id).where(Message.thread_id == for_life.id).distinct()
    assert len([about for about in db.session.execute(query).scalars() if about]) > 5


def test_a_claimed_lead_has_its_thread_and_an_open_one_has_none(loaded):
    leads = {lead.external_id: lead for lead in rows_of(Subject) if lead.kind == "lead"}
    threads = {thread.subject_id: thread for thread in rows_of(Thread)}
    assert threads[leads["lead-7310"].id].key_scope == "subject"
    assert leads["lead-7392"].is_unclaimed
    assert leads["lead-7392"].id not in threads


def test_people_away_have_one_digest_and_newcomers_a_welcome(loaded):
    mails = rows_of(Mail)
    assert {mail.state for mail in mails} == {SENT}
    digests = [mail.address for mail in mails if mail.name == "digest"]
    assert sorted(digests) == sorted(one.email for one in PEOPLE if one.away)
    assert any(mail.name == "welcome" for mail in mails)
    assert len(list(transport.folder().glob("*.eml"))) >= len(mails)
    assert all(mail.created_at <= NOW for mail in mails)


def test_no_mail_is_sent_if_a_mail_server_is_set(app, smtp, now):
    app.config["SMTP_URL"] = smtp.url
    load(now=now)
    assert rows_of(Mail) == []
    assert rows_of(DigestSchedule) == []


@pytest.mark.each_database
def test_a_reset_reloads_the_demo_and_keeps_real_people(app, talk, now, api, put_demo):
    talk.exchange("cpcpp")
    loaded_at = put_demo()
    before = counts()
    rosa, hannah = person("rosa"), person("hannah")
    thread_id, _ = open_thread(viewer=talk.cara, with_id=rosa.id, now=now)
    for sender, body in ((rosa, "You are not of this story, are you?"), (talk.cara, "No.")):
        send_message(sender=sender, thread_id=thread_id, body=body, client_key=body, now=now)
    files = {file.name for file in transport.folder().glob("*.eml")}
    real = api(talk.cara).get(f"/api/threads/{talk.id}/messages").json["messages"]

    reset(now=loaded_at)

    assert person("hannah").id != hannah.id
    assert api(talk.cara).get(f"/api/threads/{talk.id}/messages").json["messages"] == real
    listed = api(talk.cara).get("/api/threads").json["threads"]
    assert [thread["id"] for thread in listed] == [talk.id]
    assert api(talk.cara).get(f"/api/threads/{thread_id}").status_code == 404
    assert {name: count for name, count in counts().items() if before[name] != count}.keys() <= {
        "tokens",
        "changes",
        "audit",  # that tokens were made stays on record
        "audit_people",
        "audit_counts",
    }
    fresh = {file.name for file in transport.folder().glob("*.eml")}
    assert len(fresh & files) < len(files)
    names = {mail.id for mail in rows_of(Mail)}
    assert {name.removesuffix(".eml").rpartition("-")[2] for name in fresh} >= names


@pytest.mark.each_database
def test_removing_the_demo_leaves_nothing(app, talk, now, everything, api, put_demo):
    """As if it had never been: whatever its people did meanwhile, and nothing of anybody else's."""
    talk.exchange("cpcpp")
    sweeps.run(now=now)
    before, files = everything(), stored()
    put_demo()
    rosa, hannah = person("rosa"), person("hannah")
    address = rosa.email
    sent = take(hannah, now, picture())
    thread = next(each for each in api(hannah).get("/api/threads").json["threads"] if each["last_seq"] > 100)
    said = {"body": "And this?", "client_key": "k", "attachments": [sent.id]}
    assert api(hannah).post(f"/api/threads/{thread['id']}/messages", json=said).status_code == 201
    assert api(rosa).put(f"/api/threads/{thread['id']}/messages/1/reactions/👍").status_code == 200
    with transaction() as session:
        session.add(RefusedAddress(email=address, reason="550 No such user", refused_at=now))
    sweeps.run(now=now)

    assert take_away() == len(PEOPLE)

    assert everything() == before
    assert stored() == files
    assert not [file for file in transport.folder().glob("*.eml") if address in file.read_text()]
    assert not is_loaded()
    assert take_away() == 0


def stored():
    return {key for key, _ in get_store().keys()}  # noqa: SIM118 - a store is no dict


def write_to_rosa(cast, now):
    thread_id, _ = open_thread(viewer=cast.cara, with_id=person("rosa").id, now=now)
    send_message(sender=cast.cara, thread_id=thread_id, body="Hello?", client_key="k", now=now)


def put_for_a_demo_s_client(cast, now):
    put_subject(
        kind="coupon",
        external_id="c",
        title="C",
        professional_id=cast.paul.id,
        client_id=person("hannah").id,
        now=now,
    )


def be_read_by_judith(cast, now):
    grant_access(admin=person("judith"), thread_id=Talk(cast, now).id, reason="Curious, I must say", now=now)


def read_them(cast, now):
    thread = rows_of(Thread)[0].id
    grant_access(admin=cast.ada, thread_id=thread, reason="To see how it works", now=now)


@pytest.mark.parametrize(
    ("does", "whose"),
    [
        (write_to_rosa, "cara@example.com"),
        (put_for_a_demo_s_client, "paul@example.com"),
        (be_read_by_judith, "cara@example.com, paul@example.com"),
        (read_them, "ada@example.com"),
    ],
)
def test_removing_is_refused_if_a_real_person_would_lose_something(
    app, cast, now, everything, does, whose, put_demo
):
    put_demo()
    does(cast, now)
    names = sorted(user.name for user in vars(cast).values())
    run = app.test_cli_runner().invoke
    before = everything()
    refused = run(args=["demo", "--remove"])
    assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1)
    assert f"conversation: {whose}. Nothing was done" in refused.output
    assert everything() == before
    assert json.loads(run(args=["demo", "--remove", "--force", "--json"]).output) == {"removed": len(PEOPLE)}
    assert sorted(user.name for user in rows_of(User)) == names


def test_the_options_of_the_command_exclude_each_other(app):
    for words in (["--remove", "--reset"], ["--force"], ["--force", "--reset"]):
        assert app.test_cli_runner().invoke(args=["demo", *words]).exit_code == 2
    assert counts()["users"] == 0


def test_a_taken_address_stops_the_load_and_leaves_nothing(app, now):
    create_user(email="grace.thompson@example.com", name="Grace, really", role="client", now=now)
    with pytest.raises(Conflict, match=r"grace\.thompson@example\.com"):
        load(now=now)
    assert [user.name for user in rows_of(User)] == ["Grace, really"]


def test_the_command_loads_resets_and_prints_the_people(app):
    run = app.test_cli_runner().invoke
    first = run(args=["demo"])
    assert first.exit_code == 0
    assert "maya.lindqvist@example.com (Coach)" in first.output
    assert PASSWORD in first.output
    people = json.loads(run(args=["demo", "--json"]).output)
    assert len(people) == len(PEOPLE)
    fresh = json.loads(run(args=["demo", "--reset", "--json"]).output)
    assert {one["email"] for one in fresh} == {one["email"] for one in people}
    assert {one["id"] for one in fresh}.isdisjoint(one["id"] for one in people)


def test_the_command_says_in_one_line_why_it_cannot(app, now):
    create_user(email="rosa.delgado@example.com", name="Rosa, really", role="client", now=now)
    refused = app.test_cli_runner().invoke(args=["demo"])
    assert refused.exit_code == 1
    assert "rosa.delgado@example.com" in refused.output
