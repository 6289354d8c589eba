"""`wellchat mail log` and `wellchat mail resend`."""

from __future__ import annotations

import json

from sqlalchemy import update

from tests.mail.world import NOON, World
from wellchat.db import db, transaction
from wellchat.errors import Conflict
from wellchat.mail import actions
from wellchat.mail.models import Mail


def run(world: World, *words: str) -> tuple[int, str, BaseException | None]:
    result = world.app.test_cli_runner().invoke(args=["mail", *words])
    db.session.rollback()
    return result.exit_code, result.output, result.exception


def test_the_log_lists_sends_and_skips_with_reasons(world: World) -> None:
    mail = actions.queue_mail(
        user_id=world.client.id, address=world.client.email, name="welcome", context={"name": "Ana"}, now=NOON
    )
    actions.record_skip(
        user_id=world.coach.id,
        address=world.coach.email,
        name="digest",
        reason="Everything was read.",
        now=NOON,
    )
    actions.deliver(mail_id=mail.id, now=NOON)
    _, text, _ = run(world, "log")
    assert mail.id in text
    assert "Everything was read." in text
    _, text, _ = run(world, "log", world.client.email.upper())
    assert "Everything was read." not in text
    _, text, _ = run(world, "log", "--state", "skipped")
    assert mail.id not in text
    assert "Everything was read." in text
    assert run(world, "log", "--reason", "EVERYTHING")[1] == text
    assert run(world, "log", "--state", "lost")[0] == 2
    _, data, _ = run(world, "log", world.client.email, "--json")
    [row] = json.loads(data)
    assert (row["id"], row["state"], row["name"], row["sent_at"]) == (
        mail.id,
        "sent",
        "welcome",
        "2026-11-18T12:00:00.000Z",
    )


def test_only_unknown_and_failed_mails_can_be_sent_again(world: World) -> None:
    mail = actions.queue_mail(
        user_id=world.client.id, address=world.client.email, name="welcome", context={"name": "Ana"}, now=NOON
    )
    _, _, error = run(world, "resend", mail.id)
    assert isinstance(error, Conflict)
    with transaction() as session:
        session.execute(update(Mail).values(state="unknown"))
    status, text, _ = run(world, "resend", mail.id)
    assert (status, text) == (0, f"{mail.id} to {world.client.email}: sent\n")
    assert len(world.server.messages) == 1
    with transaction() as session:
        session.execute(update(Mail).values(state="unknown"))
    said = json.loads(run(world, "resend", mail.id, "--json")[1])
    assert said == {"id": mail.id, "address": world.client.email, "state": "sent"}
