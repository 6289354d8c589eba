"""What is kept for a period goes when it ends, and what is held stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.attachments.files import send, take
from tests.cast import Cast, Talk, long_life
from wellchat import sweeps
from wellchat.attachments.storage import get_store
from wellchat.audit.models import AuditEvent
from wellchat.changes.queries import cursor_now
from wellchat.config import SettingsError, read_settings
from wellchat.db import db, table, transaction
from wellchat.mail.models import Mail
from wellchat.messaging.messages import delete_message, edit_message, send_message
from wellchat.messaging.models import Message, MessageRevision, Thread
from wellchat.messaging.threads import open_thread
from wellchat.notifications.models import Notification
from wellchat.privacy import retention
from wellchat.privacy.holds import make_hold, release_hold
from wellchat.search.models import SearchEntry
from wellchat.subjects.actions import put_subject

YEAR = timedelta(days=365)


@pytest.fixture
def keeps(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """keeps(RETENTION={...}): with these settings."""

    def keep(**settings: Any) -> None:
        for name, value in settings.items():
            monkeypatch.setitem(app.config, name, value)

    return keep


def lead_talk(talk: Talk, now: datetime) -> Talk:
    """A conversation about a lead, with a file and a message that was changed."""
    put_subject(kind="lead", external_id="l1", title="Bathroom", professional_id=talk.paul.id,
                          client_id=talk.cara.id, status="claimed", now=now)  # fmt: skip
    talk.id, _ = open_thread(viewer=talk.paul, with_id=talk.cara.id, subject=("lead", "l1"), now=now)
    talk.says(talk.cara, "A zebra here")
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="Another zebra", now=now)
    send(talk, talk.cara, [take(talk.cara, now, name="mare.jpg")], "A picture")
    send_message(sender=talk.paul, thread_id=talk.id, body="About that", client_key="r", reply_to=1, now=now)
    sweeps.run(now)
    return talk


def bodies(talk: Talk) -> list[str | None]:
    db.session.rollback()
    query = select(Message.body).where(Message.thread_id == talk.id).order_by(Message.seq)
    return list(db.session.execute(query).scalars())


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_nothing_goes_unless_a_period_is_set(app: Flask, talk: Talk, now: datetime) -> None:
    lead_talk(talk, now)
    removed = retention.run(now + timedelta(days=600))
    assert removed["revisions"] == 0
    assert not [name for name in removed if name.startswith("messages")]
    assert bodies(talk) == ["Another zebra", "A picture", "About that"]


@pytest.mark.each_database
def test_a_conversation_about_a_lead_becomes_tombstones(
    app: Flask, api: Any, keeps: Callable[..., None], talk: Talk, now: datetime
) -> None:
    lead_talk(talk, now)
    keeps(RETENTION={"lead": 365})
    cursor = cursor_now(talk.paul.id)
    paul = api(talk.paul)
    db.session.rollback()
    assert count(SearchEntry) == 3
    late = now + YEAR + timedelta(days=1)
    expected = {"messages_lead": 3}
    assert {k: v for k, v in retention.count_expired(late).items() if k.startswith("messages")} == expected
    assert bodies(talk)[0] == "Another zebra"
    assert retention.run(late)["messages_lead"] == 3
    assert bodies(talk) == [None, None, None]
    assert (count(MessageRevision), count(SearchEntry)) == (0, 0)
    sweeps.run(late + timedelta(minutes=1))
    assert list(get_store().keys()) == []
    db.session.rollback()
    assert "zebra" not in str(db.session.execute(select(Notification.preview)).all())
    answer = paul.get("/api/updates", query_string={"since": str(cursor)}).json
    assert [(m["seq"], m["deleted"], m["removed_by"]) for m in answer["messages"]] == [
        (seq, True, "policy") for seq in (1, 2, 3)
    ]
    # Numbers have no gap, and the conversation goes on.
    assert send_message(sender=talk.paul, thread_id=talk.id, body="Hi", client_key="n", now=late)[0].seq == 4
    assert retention.run(late)["messages_lead"] == 0
    acts = select(AuditEvent.detail).where(AuditEvent.kind == "retention.ran")
    assert db.session.execute(acts).scalars().all()[0]["messages_lead"] == 3


def test_the_page_says_that_they_were_removed_by_policy(
    app: Flask, client: Any, keeps: Callable[..., None], talk: Talk, now: datetime
) -> None:
    lead_talk(talk, now)
    keeps(RETENTION={"lead": 365})
    retention.run(now + YEAR + timedelta(days=1))
    page = client.signed_in_as(talk.paul).get(f"/threads/{talk.id}").text
    assert "Removed by policy" in page
    assert "zebra" not in page
    assert "Removed by policy" in client.get("/").text


def test_the_last_message_counts_and_other_kinds_stay(
    app: Flask, keeps: Callable[..., None], talk: Talk, now: datetime
) -> None:
    lead_talk(talk, now)
    late = now + timedelta(days=364)
    talk.says(talk.cara, "Still here", now=late)
    keeps(RETENTION={"lead": 365, "coupon": 1})
    removed = retention.run(now + YEAR + timedelta(days=30))
    assert (removed["messages_lead"], removed["messages_coupon"]) == (0, 0)
    assert bodies(talk)[-1] == "Still here"


@pytest.mark.each_database
def test_single_old_messages_go_only_where_that_is_set(
    app: Flask, keeps: Callable[..., None], talk: Talk, now: datetime
) -> None:
    long_life(talk, 1_200, start=now - timedelta(hours=1_200))
    keeps(RETENTION_MESSAGES=25)
    assert retention.count_expired(now)["messages"] == 600
    assert retention.run(now)["messages"] == 600
    left = bodies(talk)
    assert left[:600] == [None] * 600
    assert None not in left[600:]


@pytest.mark.each_database
@pytest.mark.parametrize("what", ["person", "thread"])
def test_a_hold_keeps_words_and_earlier_versions(
    app: Flask, keeps: Callable[..., None], talk: Talk, now: datetime, what: str
) -> None:
    lead_talk(talk, now)
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    keeps(RETENTION={"lead": 365})
    held = {"user_id": talk.cara.id} if what == "person" else {"thread_id": talk.id}
    hold = make_hold(**held, reason="Case 7", by="ops", now=now)
    late = now + 4 * YEAR
    before = bodies(talk)
    removed = retention.run(late)
    assert (removed["messages_lead"], removed["revisions"]) == (0, 0)
    assert bodies(talk) == before
    assert count(MessageRevision) == 2
    release_hold(hold_id=hold.id, now=late)
    assert retention.run(late)["messages_lead"] == 3  # one of them deleted before, with its versions
    assert count(MessageRevision) == 0


def test_a_hold_ends_by_itself(app: Flask, keeps: Callable[..., None], talk: Talk, now: datetime) -> None:
    lead_talk(talk, now)
    keeps(RETENTION={"lead": 365})
    make_hold(thread_id=talk.id, reason="Case 7", by="ops", now=now, until=now + 2 * YEAR)
    assert retention.run(now + 2 * YEAR - timedelta(days=1))["messages_lead"] == 0
    assert retention.run(now + 2 * YEAR)["messages_lead"] == 3


def test_who_deleted_a_message_is_not_confused_with_the_policy(
    app: Flask, keeps: Callable[..., None], talk: Talk, now: datetime
) -> None:
    lead_talk(talk, now)
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    keeps(RETENTION={"lead": 365})
    retention.run(now + YEAR + timedelta(days=1))
    db.session.rollback()
    marks = db.session.execute(select(Message.removed_by).order_by(Message.seq)).scalars().all()
    assert marks == [None, "policy", "policy"]


@pytest.mark.each_database
def test_old_versions_and_mails_go_by_themselves(app: Flask, talk: Talk, now: datetime) -> None:
    talk.says(talk.paul, "A zebra here")
    edit_message(viewer=talk.paul, thread_id=talk.id, seq=1, body="Another zebra", now=now)
    sweeps.run(now + timedelta(hours=1))
    folder = Path(app.config["INSTANCE"]) / "mail"
    assert list(folder.glob("*.eml"))
    sweeps.tidy(now + timedelta(days=181))
    assert (count(Mail), count(MessageRevision)) == (0, 1)
    assert list(folder.glob("*.eml")) == []
    sweeps.tidy(now + timedelta(days=731))
    assert count(MessageRevision) == 0
    assert bodies(talk) == ["Another zebra"]


def test_it_runs_once_a_day(app: Flask, keeps: Callable[..., None], cast: Cast, now: datetime) -> None:
    keeps(RETENTION_MESSAGES=1)
    talk = Talk(cast, now)
    retention.tidy(now)
    talk.says(talk.cara, "Old", now=now - timedelta(days=3))
    assert retention.tidy(now + timedelta(hours=23)) == {"expired": 0}
    assert retention.tidy(now + timedelta(hours=25)) == {"expired": 1}


def test_a_rule_that_fails_stops_no_other(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_talk(talk, now)
    real = list(retention.rules())

    def broken(*_: Any) -> int:
        raise OSError("no")

    from dataclasses import replace

    monkeypatch.setattr(
        retention, "rules", lambda: [replace(r, remove=broken) if r.name == "mails" else r for r in real]
    )
    removed = retention.run(now + 3 * YEAR)
    assert "mails" not in removed
    assert removed["revisions"] == 1


def test_the_command_counts_before_it_removes(
    app: Flask, keeps: Callable[..., None], talk: Talk, now: datetime
) -> None:
    talk.says(talk.cara, "Old")
    with transaction() as session:
        session.execute(update(table(Message)).values(created_at=now - 2 * YEAR))
        session.execute(update(table(Thread)).values(updated_at=now - 2 * YEAR))
    keeps(RETENTION_MESSAGES=365)
    run = app.test_cli_runner().invoke
    assert "messages: 1\n" in run(args=["privacy", "retention", "--dry-run"]).output
    assert bodies(talk) == ["Old"]
    assert "messages: 1\n" in run(args=["privacy", "retention"]).output
    assert bodies(talk) == [None]


@pytest.mark.parametrize(
    ("value", "word"), [("lead", "lead"), ("lead=0", "lead=0"), ("lead=-1", "lead=-1"), ("=3", "=3"),
                        ("lead=99999", "lead=99999"), ("lead=x", "lead=x")]
)  # fmt: skip
def test_a_bad_period_stops_the_start(value: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        read_settings({"WELLCHAT_RETENTION": value})


def test_a_kind_without_conversations_of_its_own_stops_the_start(make_app: Callable[..., Flask]) -> None:
    with pytest.raises(SettingsError, match="booking"):
        make_app(RETENTION="booking=30")
    assert make_app(RETENTION="lead=365, coupon=30").config["RETENTION"] == {"lead": 365, "coupon": 30}


def test_holds_are_made_listed_and_released_by_command(app: Flask, talk: Talk) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["privacy", "hold", "add", "--user", "cara@example.com", "--reason", "Case 7"])
    hold_id = made.output.strip()
    assert f"{hold_id}  user {talk.cara.id}" in run(args=["privacy", "hold", "list"]).output
    assert run(args=["user", "erase", "cara@example.com", "--yes"]).exit_code == 1
    assert run(args=["privacy", "hold", "release", hold_id]).output == "Released.\n"
    assert run(args=["privacy", "hold", "list"]).output == ""
    assert hold_id in run(args=["privacy", "hold", "list", "--all"]).output
    db.session.rollback()
    kinds = db.session.execute(select(AuditEvent.kind).where(AuditEvent.kind.like("hold.%"))).scalars()
    assert sorted(kinds) == ["hold.made", "hold.released"]


@pytest.mark.parametrize(
    "args",
    [
        ["--reason", "x"],
        ["--user", "nobody@example.com", "--reason", "x"],
        ["--thread", "0000000000000", "--reason", "x"],
        ["--thread", "THREAD", "--user", "cara@example.com", "--reason", "x"],
        ["--thread", "THREAD", "--reason", " "],
        ["--thread", "THREAD", "--reason", "x" * 501],
        ["--thread", "THREAD", "--reason", "x", "--until", "tomorrow"],
        ["--thread", "THREAD", "--reason", "x", "--until", "2020-01-01"],
    ],
)
def test_a_hold_that_makes_no_sense_is_refused_with_a_sentence(
    app: Flask, talk: Talk, args: list[str]
) -> None:
    filled = [talk.id if each == "THREAD" else each for each in args]
    refused = app.test_cli_runner().invoke(args=["privacy", "hold", "add", *filled])
    assert refused.exit_code == 1
    assert "Error: " in refused.output
    assert app.test_cli_runner().invoke(args=["privacy", "hold", "list"]).output == ""
