"""`wellchat verify` finds each broken promise, names it, and writes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.attachments import files
from wellchat.attachments.models import Attachment
from wellchat.attachments.storage import get_store, key_of
from wellchat.backup import copies, making
from wellchat.backup.verifying import verify
from wellchat.changes.models import Change
from wellchat.db import transaction
from wellchat.events.models import HostEventState
from wellchat.mail.models import Mail
from wellchat.messaging.models import Membership, Message

pytestmark = pytest.mark.each_database


def test_each_broken_promise_is_found_and_named(app, cast, talk, now, everything, tmp_path) -> None:
    talk.exchange("cpcp")
    file = files.take(talk.cara, now)
    files.send(talk, talk.cara, [file])
    file_id, size = file.id, file.size
    before = everything()
    assert verify(now=now).ok
    assert everything() == before
    path, _ = making.make(tmp_path, now=now)
    assert copies.verify(path, now=now).ok

    def digest(first: int, last: int) -> Mail:
        covers = [{"thread_id": talk.id, "first_seq": first, "last_seq": last}]
        what: dict[str, Any] = {"state": "sent", "covers": covers, "created_at": now, "name": "digest"}
        return Mail(user_id=talk.cara.id, address="c@example.com", **what)

    paul, cara = talk.paul.id, talk.cara.id
    here = Membership.thread_id == talk.id
    with transaction() as session:
        session.add(Membership(thread_id=talk.id, user_id=cast.olga.id, updated_at=now, last_seq=5))
        session.add_all([digest(1, 3), digest(3, 4)])
        for statement in (
            delete(Message).where(Message.thread_id == talk.id, Message.seq == 4),
            update(Message).where(Message.seq == 3).values(sender_id=cast.rita.id),
            update(Membership).where(here, Membership.user_id == cara).values(delivered_seq=99),
            update(Membership)
            .where(here, Membership.user_id == talk.paul.id)
            .values(last_seq=0, last_read_seq=0),
            delete(Change).where(Change.user_id == talk.paul.id, Change.seq == 1),
            update(HostEventState).values(seq=HostEventState.seq + 1),
            update(Attachment).values(size=Attachment.size + 1),
        ):
            session.execute(statement.execution_options(synchronize_session=False))
    stranger = key_of("0000000000000")
    get_store().put(stranger, b"nobody's")
    # As it looks tomorrow: what was stored just now may still get its row.
    report = verify(now=now + timedelta(days=1))
    get_store().delete(stranger)
    said = {check.name: check.findings for check in report.checks}
    expected = {
        "two people": f"{talk.id} has not exactly the two people of its connection",
        "numbers": f"{talk.id} says 5 messages and has 4",
        "marks": f"{talk.id} has a mark of {cara} outside of its messages",
        "authors": f"{talk.id} has message 3 of somebody else",
        "badges": f"{paul} has 0 on the badge, and lists show 3",
        "change logs": f"{paul} has ",
        "ledger": f"{cara} was mailed message 3 of {talk.id} twice",
        "events": "0 are there from 1 to 1",
        "files": f"{file_id} has {size} bytes and not {size + 1}",
    }
    for name, words in expected.items():
        assert any(finding.startswith(words) for finding in said[name]), (name, said[name])
    assert not said["security log"]
    assert stranger in report.orphan_keys
