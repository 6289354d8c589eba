"""A session that ends is dead in every process at once: its pages, its cached polls, its hanging poll."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.browsing import Browser
from tests.cast import gather
from tests.databases import migrated
from tests.services import wait_for
from wellchat import clock
from wellchat.accounts.credentials import end_sessions
from wellchat.accounts.session_models import UserSession
from wellchat.accounts.session_rows import end_one, end_others
from wellchat.changes.actions import record_change
from wellchat.changes.models import Change, ChangeLog
from wellchat.changes.queries import cursor_now
from wellchat.db import db, transaction
from wellchat.longpoll.wakeups import poll_notifier


class Processes:
    """Two processes of one installation, and two browsers of Paul's that are signed in."""

    def __init__(self, apps: list[Flask]) -> None:
        self.apps = apps
        with apps[0].app_context():
            self.paul = gather(clock.now()).paul
            self.cookies, self.ids = [], []
            for _ in range(2):
                apps[0].test_client_class = Browser
                browser: Any = apps[0].test_client().signed_in_as(self.paul)
                self.cookies.append(browser.get_cookie("wellchat").value)
                self.ids.append(self.paul.session.id)
            self.cursor = browser.get("/api/me").json["cursor"]
            db.session.remove()

    def ask(self, app: Flask, number: int, path: str = "/api/updates", **query: Any) -> int:
        """The status of a call of one browser to one process."""
        client = FlaskClient(app, app.response_class)
        client.set_cookie("wellchat", self.cookies[number])
        # In a context of its own, as in fixtures.Program.
        call = contextvars.Context().run
        query |= {"since": self.cursor} if path == "/api/updates" else {}
        return int(call(client.get, path, query_string=query).status_code)

    def everywhere(self, number: int) -> set[int]:
        return {
            self.ask(app, number, path)
            for app in self.apps
            for path in ("/api/updates", "/api/me", "/api/threads")
        }


@pytest.fixture
def processes(make_app: Callable[..., Flask], valkey_url: str, tmp_path: Any) -> Any:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    key = "0123456789abcdef" * 2
    apps = [make_app(DATABASE_URL=url, REDIS_URL=valkey_url, SECRET_KEY=key) for _ in range(2)]
    migrated(apps[0])
    made = Processes(apps)
    for app in apps:
        made.ask(app, 0)
        with app.app_context():
            notifier = poll_notifier()
        wait_for(lambda notifier=notifier: notifier.is_subscribed, what="the subscription")
    yield made
    for app in apps:
        with app.app_context():
            poll_notifier().close()
            db.session.remove()


@pytest.mark.parametrize("how", ["one", "others", "all"])
def test_an_ended_session_is_refused_everywhere_at_once(
    processes: Processes, background_in: Any, how: str
) -> None:
    first, second = processes.apps
    for number in (0, 1):
        assert processes.everywhere(number) == {200, 204}
    # It hangs in one process, and is ended in the other.
    hanging = background_in(second, lambda: processes.ask(second, 0, wait=30))
    with second.app_context():
        notifier = poll_notifier()
    wait_for(lambda: notifier.waiting == 1, what="the waiter")
    with first.app_context():
        paul, now = processes.paul, clock.now()
        if how == "one":
            end_one(user_id=paul.id, session_id=processes.ids[0], now=now)
        elif how == "others":
            # `paul` was loaded by the second session.
            end_others(user=paul, now=now)
        else:
            end_sessions(user_id=paul.id)
        db.session.remove()
    assert hanging.result(10) == 401
    wait_for(lambda: processes.everywhere(0) == {401}, what="the end in both processes")
    assert processes.everywhere(1) == ({401} if how == "all" else {200, 204})


def test_a_cached_poll_is_not_used_beyond_the_end_of_its_session(processes: Processes) -> None:
    app = processes.apps[0]
    with app.app_context():
        soon = clock.now() + timedelta(seconds=3)
        with transaction() as session:
            session.execute(
                db.update(UserSession).where(UserSession.id == processes.ids[0]).values(ends_at=soon)
            )
        db.session.remove()
    # Another request than those of the fixture, which are in the cache already.
    assert processes.ask(app, 0, limit=7) == 204
    assert processes.ask(app, 0, limit=7) == 204
    wait_for(lambda: clock.now() >= soon, what="the end of the session")
    assert processes.ask(app, 0, limit=7) == 401
    assert processes.ask(app, 1, limit=7) == 204


def test_a_log_that_fell_is_not_answered_from_the_cache(processes: Processes) -> None:
    """As when a replica that was behind takes over: the clients are ahead of what is there now."""
    app, paul = processes.apps[0], processes.paul.id
    with app.app_context():
        with transaction():
            record_change(user_id=paul, kind="thread", thread_id="a")
        processes.cursor = str(cursor_now(paul))
        db.session.remove()
    assert processes.ask(app, 0) == 204
    with app.app_context(), transaction() as session:
        session.execute(db.delete(Change).where(Change.user_id == paul))
        session.execute(db.update(ChangeLog).where(ChangeLog.user_id == paul).values(last_seq=0))
    with app.app_context():
        db.session.remove()
        poll_notifier().refresh()
    assert processes.ask(app, 0) == 410
