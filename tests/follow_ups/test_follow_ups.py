"""Reminders to oneself: told once at their time, by bell and by choice by mail, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Talk
from tests.mail.world import NOON, World
from wellchat import sweeps
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.follow_ups import actions
from wellchat.mail import actions as mail
from wellchat.mail.models import Mail
from wellchat.notifications.models import Notification
from wellchat.notifications.preferences import save_preferences

HOUR = timedelta(hours=1)


def notices_of(user: User) -> list[tuple[str, str, Any]]:
    query = select(Notification).where(Notification.user_id == user.id, Notification.kind == "follow_up")
    return [(n.title, n.preview, n.payload) for n in db.session.execute(query).scalars()]


@pytest.mark.each_database
def test_it_is_told_once_at_its_time_and_only_to_oneself(talk: Talk) -> None:
    one = actions.remind(
        viewer=talk.paul, thread_id=talk.id, note="Ask for a photo", remind_at=talk.now + HOUR, now=talk.now
    )
    assert actions.sweep(talk.now + HOUR - timedelta(seconds=1)) == {"reminded": 0}
    assert actions.sweep(talk.now + HOUR) == {"reminded": 1}
    assert actions.sweep(talk.now + HOUR) == {"reminded": 0}
    expected = ("Reminder: Cara Client", "Ask for a photo", {"url": f"/threads/{talk.id}"})
    assert notices_of(talk.paul) == [expected]
    assert notices_of(talk.cara) == []
    # Moved, it comes again; done, it never comes.
    actions.change_reminder(viewer=talk.paul, follow_up_id=one.id, remind_at=talk.now + 2 * HOUR)
    actions.change_reminder(viewer=talk.paul, follow_up_id=one.id, done=True)
    assert actions.sweep(talk.now + 2 * HOUR) == {"reminded": 0}
    actions.change_reminder(viewer=talk.paul, follow_up_id=one.id, done=False)
    assert actions.sweep(talk.now + 2 * HOUR) == {"reminded": 1}
    assert actions.tidy(talk.now + timedelta(days=90)) == {"reminders_forgotten": 0}
    actions.change_reminder(viewer=talk.paul, follow_up_id=one.id, done=True)
    assert actions.tidy(talk.now + timedelta(days=90)) == {"reminders_forgotten": 1}


def test_a_mail_comes_to_who_asked_for_it(world: World) -> None:
    """Not once the reminder is done."""
    coach, now = world.coach, NOON
    save_preferences(user=coach, channels={"follow_up": {"email": True}}, now=now)
    for note in ("Call her", "Call him"):
        made = actions.remind(
            viewer=coach, thread_id=world.thread.id, note=note, remind_at=now + HOUR, now=now
        )
    actions.sweep(now + HOUR)
    actions.change_reminder(viewer=coach, follow_up_id=made.id, done=True)
    mail.sweep(now + HOUR)
    found = db.session.execute(select(Mail).where(Mail.name == "follow_up").order_by(Mail.state)).scalars()
    assert sorted(each.state for each in found) == ["sent", "skipped"]
    assert sweeps.run(now + HOUR)["reminded"] == 0


Api = Callable[[User], Any]


def test_the_calls(talk: Talk, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    cara = api(talk.cara)
    path = f"/api/threads/{talk.id}/reminders"
    made = cara.post(path, json={"note": "Ask", "when": "monday"})
    assert (made.status_code, made.json["reminder"]["state"]) == (201, "waiting")
    one = made.json["reminder"]
    assert cara.get(f"/api/reminders?thread={talk.id}").json["reminders"] == [one]
    assert cara.post(path, json={"note": "Ask"}).json["errors"] == {"local_at": "Choose a time."}
    address = f"/api/reminders/{one['id']}"
    assert cara.patch(address, json={"note": "Ask her"}).json["reminder"]["note"] == "Ask her"
    moved = cara.patch(address, json={"when": "tomorrow"}).json["reminder"]
    assert moved["state"] == "waiting"
    assert cara.patch(address, json={"done": True}).json["reminder"]["state"] == "done"
    assert cara.get("/api/reminders").json["reminders"] == []
    assert cara.delete(address).status_code == 204
    assert cara.patch(address, json={"done": True}).status_code == 404
    monkeypatch.setattr(actions, "MAX_OPEN", 0)
    with pytest.raises(Invalid):
        actions.remind(viewer=talk.cara, thread_id=talk.id, note="", remind_at=talk.now + HOUR, now=talk.now)
