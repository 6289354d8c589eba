"""`wellchat digest send`."""

from __future__ import annotations

import json

from tests.mail.world import DELAY, NOON, World
from wellchat.db import db
from wellchat.notifications.preferences import save_preferences

DUE = (NOON + DELAY).isoformat()


def send(world: World, *words: str) -> str:
    result = world.app.test_cli_runner().invoke(args=["digest", "send", *words])
    db.session.rollback()
    assert result.exit_code == 0, result.output
    return result.output


def test_sends_what_is_due_once(world: World) -> None:
    world.say(world.client, "Hello")
    assert send(world, "--now", NOON.isoformat()) == "0 sent, 0 skipped, 0 waiting.\n"
    assert send(world, "--now", DUE) == "1 sent, 0 skipped, 0 waiting.\n"
    assert send(world, "--now", DUE) == "0 sent, 0 skipped, 0 waiting.\n"
    assert len(world.server.messages) == 1


def test_a_dry_run_says_who_and_why_and_changes_nothing(world: World) -> None:
    world.say(world.client, "Hello")
    said = send(world, "--dry-run", "--now", DUE)
    assert world.coach.id in said
    assert f"{world.thread.id}#1-1 (1)" in said
    assert said.endswith("Dry run: 1 sent, 0 skipped, 0 waiting.\n")
    assert world.mails() == []
    world.seen(world.coach, NOON + DELAY)
    assert "The reader is here." in send(world, "--dry-run", "--now", DUE)
    world.read(world.coach, 1)
    assert "Everything was read." in send(world, "--dry-run", "--now", DUE)
    assert world.mails() == []


def test_cadence_limits_the_run_to_people_of_that_cadence(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, cadence="daily", digest_hour=18)
    world.say(world.client, "Hello")
    world.say(world.coach, "Hello yourself")
    assert send(world, "--cadence", "weekly", "--now", "2026-11-18T18:00Z").startswith("0 sent")
    assert send(world, "--cadence", "daily", "--now", "2026-11-18T18:00Z").startswith("1 sent")
    assert world.server.recipients == [[world.coach.email]]
    assert send(world, "--now", "2026-11-18T18:00Z").startswith("1 sent"), "who said nothing has the default"


def test_bad_options_are_usage_errors(world: World) -> None:
    runner = world.app.test_cli_runner()
    assert runner.invoke(args=["digest", "send", "--now", "yesterday"]).exit_code == 2
    assert runner.invoke(args=["digest", "send", "--cadence", "yearly"]).exit_code == 2


def test_json_prints_a_line_for_each_person(world: World) -> None:
    world.say(world.client, "Hello")
    [forecast] = map(json.loads, send(world, "--dry-run", "--json", "--now", DUE).splitlines())
    assert forecast["threads"] == [{"thread_id": world.thread.id, "first_seq": 1, "last_seq": 1, "count": 1}]
    assert (forecast["address"], forecast["did"]) == (world.coach.email, "sent")
    [done] = map(json.loads, send(world, "--json", "--now", DUE).splitlines())
    [mail] = world.mails()
    assert done == {
        "user_id": world.coach.id,
        "name": "digest",
        "did": "sent",
        "why": "Unread, and the reader was away.",
        "mail_id": mail.id,
    }
    assert send(world, "--json", "--now", DUE) == ""


def test_a_dry_run_tells_who_is_not_due_yet(world: World) -> None:
    world.say(world.client, "Hello")
    said = send(world, "--dry-run", "--now", NOON.isoformat())
    assert f"{world.coach.email}  waits until 2026-11-18T12:30:00.000Z  Not due yet." in said


def test_weekly_summaries_are_sent_too_unless_a_cadence_is_given(world: World) -> None:
    world.say(world.client, "Hello")
    send(world, "--now", DUE)
    monday = "2026-11-23T08:00Z"
    assert send(world, "--cadence", "daily", "--now", monday).startswith("0 sent")
    assert "would get  the week  The weekly summary." in send(world, "--dry-run", "--now", monday)
    assert send(world, "--now", monday) == "1 sent, 0 skipped, 0 waiting.\n"
    assert send(world, "--now", monday) == "0 sent, 0 skipped, 0 waiting.\n"
