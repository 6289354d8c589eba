"""The tables of the host come and go with data in them, on either database."""

from __future__ import annotations

from datetime import datetime

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import Talk
from wellchat.accounts.actions import insert_user
from wellchat.db import db, transaction
from wellchat.host.keys import make_key
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.messaging.messages import remove_message
from wellchat.messaging.system import send_system_message
from wellchat.subjects.own_kinds import PutKind, put_kind

BEFORE, BEFORE_SYSTEM = "0024", "0025"


@pytest.mark.each_database
def test_people_without_an_address_survive_the_way_down_and_up(app: Flask, now: datetime) -> None:
    with transaction():
        made = [
            insert_user(email=None, name=name, role="client", time_zone="UTC", created_at=now)
            for name in ("Anna", "Berta")
        ]
    ids = [user.id for user in made if user]
    for number, user_id in enumerate(ids):
        link(user_id=user_id, source=HOST, external_id=f"c-{number}", now=now)
    make_key(name="Shop", scopes=["people:read"], now=now)
    db.session.remove()
    flask_migrate.downgrade(revision=BEFORE)
    rows = db.session.execute(text("SELECT id, email FROM users WHERE name IN ('Anna', 'Berta')")).all()
    assert {row.id: row.email for row in rows} == {each: f"none-{each}@invalid" for each in ids}
    db.session.remove()
    flask_migrate.upgrade()
    kept = db.session.execute(text("SELECT email FROM users WHERE name IN ('Anna', 'Berta')")).scalars().all()
    assert set(kept) == {None}
    assert db.session.execute(text("SELECT count(*) FROM host_keys")).scalar() == 0


@pytest.mark.each_database
def test_lines_of_the_system_become_deleted_messages_on_the_way_down(
    app: Flask, talk: Talk, now: datetime
) -> None:
    talk.says(talk.cara, "Hello")
    send_system_message(thread_id=talk.id, body="Moved to Friday", client_key="k", now=now)
    remove_message(thread_id=talk.id, seq=1, by="host", now=now)
    put_kind("order", PutKind(label="Order", scope="subject", visit="Open", contact="Ask"), now=now)
    cara = talk.cara.id
    db.session.remove()
    flask_migrate.downgrade(revision=BEFORE_SYSTEM)
    rows = db.session.execute(
        text("SELECT seq, sender_id, body, removed_by FROM messages ORDER BY seq")
    ).all()
    assert [tuple(row) for row in rows] == [(1, cara, None, None), (2, cara, None, None)]
    assert db.session.execute(text("SELECT count(*) FROM users WHERE role = 'system'")).scalar() == 0
    db.session.remove()
    flask_migrate.upgrade()
    send_system_message(thread_id=talk.id, body="Moved again", client_key="k", now=now)
    numbers = db.session.execute(text("SELECT last_seq FROM threads")).scalars().all()
    assert list(numbers) == [3]
