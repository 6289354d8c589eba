"""What is left out of a mail: who may look, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.mail.world import NOON, World
from tests.replies.raw import reply
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.messaging.messages import delete_message
from wellchat.replies.left_out import forget_deleted
from wellchat.replies.models import LeftOutText

BODY = (
    "Yes, at nine.\n\nOn Wed, Nov 18, 2026 at 1:30 PM wellchat <w@x.example> wrote:\n> Is nine <b>fine</b>?"
)


def kept() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(LeftOutText.text)).scalars())


@pytest.mark.each_database
def test_what_is_left_out_is_shown_to_the_two_people_and_to_nobody_else(
    world: World, browse: Callable[[User], Any]
) -> None:
    reply(world, body=BODY)
    assert kept() == [BODY.partition("\n\n")[2]]
    path = f"/threads/{world.thread.id}/messages/1"
    for person in (world.client, world.coach):
        page = browse(person).get(path).get_data(as_text=True)
        assert "Show quoted text" in page
        assert "Is nine &lt;b&gt;fine&lt;/b&gt;?" in page
    assert browse(world.user("Olga Outsider")).get(path).status_code == 404
    delete_message(viewer=world.coach, thread_id=world.thread.id, seq=1, now=NOON)
    assert "Show quoted text" not in browse(world.client).get(path).get_data(as_text=True)
    assert forget_deleted(NOON + timedelta(hours=1)) == 1
    assert kept() == []


def test_nothing_is_kept_where_the_setting_says_so_or_nothing_was_left_out(world: World) -> None:
    reply(world)
    world.app.config["QUOTED_TEXT_DAYS"] = 0
    reply(world, body=BODY)
    assert kept() == []
