"""What docs/operate.md tells operators to do with SQL takes away what it says, on either database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.attachments.files import send, take
from tests.cast import Cast, Talk
from wellchat import sweeps
from wellchat.accounts.actions import create_token, update_profile
from wellchat.attachments.storage import get_store
from wellchat.changes.actions import renew_epoch
from wellchat.db import db, transaction
from wellchat.mail.actions import queue_mail
from wellchat.messaging.messages import delete_message, edit_message
from wellchat.subjects.actions import put_subject

DOCS = Path(__file__).parent.parent / "docs" / "operate.md"
SQL = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.mark.each_database
def test_a_person_is_erased_and_the_others_go_on(
    app: Flask,
    api: Any,
    talk: Talk,
    cast: Cast,
    now: datetime,
    everything: Callable[[], dict[str, list[Any]]],
) -> None:
    cara, paul = talk.cara, talk.paul
    stored = {key for key, _ in get_store().keys()}  # noqa: SIM118 - a store is no dict
    theirs = ("zebra", "Cara Client", "cara@example.com", "mare.jpg")
    talk.says(paul, "Hello from Paul")
    talk.says(cara, "A zebra here")
    edit_message(viewer=cara, thread_id=talk.id, seq=2, body="Another zebra", now=now)
    talk.says(cara, "And no zebra")
    delete_message(viewer=cara, thread_id=talk.id, seq=3, now=now)
    send(talk, cara, [take(cara, now, name="mare.jpg")], "zebra")
    take(cara, now, name="mare.jpg")  # not sent
    assert api(paul).put(f"/api/threads/{talk.id}/messages/2/reactions/👍").status_code == 200
    starts = now + timedelta(days=3)
    put_subject(kind="booking", external_id="b", title="Ride", professional_id=paul.id, client_id=cara.id,
                starts_at=starts, status="confirmed", now=now)  # fmt: skip
    update_profile(user_id=cara.id, name=cara.name, bio="I love a zebra", time_zone="Asia/Tokyo")
    token = create_token(user_id=cara.id, now=now, name="zebra")
    for each in (cara, paul):
        queue_mail(user_id=each.id, address=each.email, name="welcome", context={"name": each.name}, now=now)
    sweeps.run(now=now)
    before = str(everything())
    assert [word for word in theirs if word not in before] == []
    (paul_said,) = [row for row in everything()["messages"] if "Hello from Paul" in row]

    (sql,) = SQL
    gone = cara.id
    with transaction() as session:
        for statement in re.sub(r"\bID\b", gone, re.sub("(?m)^--.*\n", "", sql)).strip().split(";\n"):
            session.execute(text(statement))
    renew_epoch()
    sweeps.run(now=now + timedelta(minutes=1))

    after = everything()
    assert [word for word in theirs if word in str(after)] == []
    assert paul_said in after["messages"]
    assert {key for key, _ in get_store().keys()} == stored  # noqa: SIM118
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/me", headers=headers).status_code == 401
    messages = api(paul).get(f"/api/threads/{talk.id}/messages").json["messages"]
    assert [message["body"] for message in messages] == ["Hello from Paul", None, None, None]
    (thread,) = api(paul).get("/api/threads").json["threads"]
    assert thread["client"]["name"] == "Gone"
    db.session.rollback()
    talk.says(paul, "Are you still there?")
    sweeps.run(now=now + timedelta(days=2))
    assert "Are you still there?" in str(everything()["messages"])
