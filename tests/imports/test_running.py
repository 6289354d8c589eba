"""A file of an earlier chat becomes conversations: in order, complete, and quietly."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.imports.conftest import (
    START,
    Importer,
    OldChat,
    messages_in,
    report_of,
    stamp,
    three_chats,
    thread_of,
)
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.messaging.models import Membership
from wellchat.messaging.queries import unread_counts


@pytest.mark.each_database
def test_chats_of_a_pair_become_one_thread_in_the_order_of_their_times(
    old: OldChat, importer: Importer
) -> None:
    row = importer.runs(three_chats(old).write())
    assert (row.state, row.made, row.same, row.refused, row.threads) == ("done", 33, 0, 0, 2)
    thread = thread_of("Hannah Whitcombe")
    messages = messages_in(thread)
    assert [each.seq for each in messages] == list(range(1, 31))
    times = [each.created_at for each in messages]
    assert times == [START + timedelta(seconds=60, microseconds=number) for number in range(30)]
    assert [each.subject.external_id for each in messages if each.subject] == ["B-1", "B-2", "B-3"] * 10
    assert thread.updated_at == times[-1]
    assert thread.created_at == times[0]
    assert importer.verifies(old.folder / "old.jsonl").line == (
        "chats 4 → threads 2 · messages 33 = 33 · files 0 = 0 · refused 0 · differing 0"
    )
