"""The migration that fills `kind` and `waiting_since` of existing threads from their messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from sqlalchemy import text

from tests.cast import Talk, gather
from tests.databases import migrate
from wellchat.db import db
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.models import Membership
from wellchat.messaging.queries import thread_for
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_app(request: pytest.FixtureRequest, make_app: Any, tmp_path: Path) -> Any:
    if request.param == "postgresql":
        return make_app(DATABASE_URL=request.getfixturevalue("postgresql_url"))
    return make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'fresh.db'}")


def test_the_migration_fills_kind_and_waiting_since_of_old_threads(fresh_app: Any, now: Any) -> None:
    with fresh_app.app_context():
        migrate(fresh_app)
        cast = gather(now)
        talk = Talk(cast, now)
        put_subject(kind="coupon", external_id="c", title="Half off", professional_id=cast.paul.id, now=now)
        ids = {"professional_id": cast.paul.id, "client_id": cast.cara.id}
        put_subject(kind="booking", external_id="b", title="Cut", now=now, **ids)
        coupon, _ = open_thread(viewer=cast.cara, subject=("coupon", "c"), now=now)
        about = {"subject": ("booking", "b"), "now": now}
        send_message(sender=cast.cara, thread_id=talk.id, body="Later?", client_key="k", **about)
        send_message(sender=cast.paul, thread_id=coupon, body="Yes", client_key="k", now=now)
        send_message(sender=cast.paul, thread_id=coupon, body="No", client_key="l", now=now)
        delete_message(viewer=cast.paul, thread_id=coupon, seq=2, now=now)
        db.session.remove()
        flask_migrate.downgrade(revision="0007")
        flask_migrate.downgrade()
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM memberships")).scalar_one() == 4
            with pytest.raises(Exception, match="pinned"):
                connection.execute(text("SELECT pinned FROM memberships"))
        flask_migrate.upgrade()
        told = {
            (thread_id, who.name.split()[0]): thread_for(who, thread_id).mine
            for thread_id in (talk.id, coupon)
            for who in (cast.cara, cast.paul)
        }
        assert {key: mine.kind for key, mine in told.items()} == {
            (talk.id, "Cara"): "booking",
            (talk.id, "Paul"): "booking",
            (coupon, "Cara"): "coupon",
            (coupon, "Paul"): "coupon",
        }
        assert told[talk.id, "Paul"].waiting_since == now
        assert told[talk.id, "Cara"].waiting_since is None
        assert told[coupon, "Cara"].waiting_since is None  # the last word was taken back
        assert not any(mine.pinned for mine in told.values())
        assert db.session.get(Membership, (talk.id, cast.paul.id)).last_seq == 1
        db.session.remove()
        db.engine.dispose()
