"""The migration that takes session ids out of the devices that are pushed to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from sqlalchemy import select, text, update

from tests.cast import gather
from tests.databases import migrate
from wellchat.accounts.queries import session_lasts, user_by_session
from wellchat.accounts.session_models import UserSession, digest_of
from wellchat.accounts.session_rows import start_session
from wellchat.db import db, transaction
from wellchat.push.actions import register
from wellchat.push.models import Device


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_app(request: pytest.FixtureRequest, make_app: Any, tmp_path: Path) -> Any:
    if request.param == "postgresql":
        return make_app(DATABASE_URL=request.getfixturevalue("postgresql_url"))
    return make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'fresh.db'}")


def test_devices_name_the_row_of_their_session_and_no_usable_id(fresh_app: Any, now: Any) -> None:
    with fresh_app.app_context():
        migrate(fresh_app)
        cast = gather(now)
        with_row, rowless, over = (cast.cara, cast.paul, cast.olga)
        cookies = {user.id: user.get_id() for user in (with_row, rowless, over)}
        start_session(user=with_row, network="", device="", now=now)
        db.session.remove()
        flask_migrate.downgrade(revision="0017")
        keys = {"p256dh": "p", "auth": "a", "label": "", "session": None, "token_id": None, "now": now}
        for user in (with_row, rowless, over):
            register(user=user, endpoint=f"https://push.example/{user.id}", **keys)
        with transaction() as session:
            for user_id, cookie in cookies.items():
                session.execute(update(Device).where(Device.user_id == user_id).values(session=cookie))
            session.execute(
                text("UPDATE users SET session_epoch = session_epoch + 1 WHERE id = :id"), {"id": over.id}
            )
        db.session.remove()
        flask_migrate.upgrade()
        named = dict(db.session.execute(select(Device.user_id, Device.session)).all())
        rows = dict(db.session.execute(select(UserSession.user_id, UserSession.id)).all())
        # One from before there were rows has its row now; that of an ended session is gone.
        assert named == rows
        assert set(rows) == {with_row.id, rowless.id}
        for user in (with_row, rowless):
            assert session_lasts(named[user.id], now=now)
            seen = user_by_session(cookies[user.id], now=now)
            assert seen is not None
            assert db.session.get_one(UserSession, named[user.id]).digest == digest_of(seen.session_id)
        db.session.remove()
        flask_migrate.downgrade(revision="0017")
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM push_devices")).scalar_one() == 0
        db.session.remove()
        db.engine.dispose()
