"""The tables of the host come and go with data in them, on either database."""

from __future__ import annotations

from datetime import datetime

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from wellchat.accounts.actions import insert_user
from wellchat.db import db, transaction
from wellchat.host.keys import make_key
from wellchat.identities.actions import link
from wellchat.identities.models import HOST

BEFORE = "0024"


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
