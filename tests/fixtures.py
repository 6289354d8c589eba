"""What tests of conversation stand on.

Programs that act for people, work in the background, counts of queries.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from tests.cast import Talk
from wellchat.accounts.actions import create_token
from wellchat.accounts.models import User
from wellchat.db import Base, db


@pytest.fixture
def other_talk(app: Any, cast: Any, now: datetime) -> Talk:
    """Another thread of Paul's."""
    return Talk(replace(cast, cara=cast.olga), now)


class Program:
    """A program that acts for one person, by bearer token."""

    def __init__(self, app: Any, token: str) -> None:
        self.client = FlaskClient(app, app.response_class)
        self.headers = {"Authorization": f"Bearer {token}"}

    def open(self, path: str, **more: Any) -> Any:
        # In a context of its own: a request must not find the session, or the person, of the test around it.
        return contextvars.Context().run(self.client.open, path, headers=self.headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.open(path, method="GET", **more)

    def post(self, path: str, **more: Any) -> Any:
        return self.open(path, method="POST", **more)

    def put(self, path: str, **more: Any) -> Any:
        return self.open(path, method="PUT", **more)

    def patch(self, path: str, **more: Any) -> Any:
        return self.open(path, method="PATCH", **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self.open(path, method="DELETE", **more)


@pytest.fixture
def api(app: Any, now: datetime) -> Callable[[User], Program]:
    """api(user): the JSON calls as that person's program makes them."""
    return lambda user: Program(app, create_token(user_id=user.id, now=now))


def _in_app(app: Any, work: Callable[..., Any], *args: Any) -> Any:
    with app.app_context():
        return work(*args)


@pytest.fixture
def background_in() -> Iterator[Callable[[Any, Callable[[], Any]], Future[Any]]]:
    """background_in(app, work): runs `work` in a thread of its own inside `app`; a Future of its result."""
    pool = ThreadPoolExecutor(max_workers=200)
    yield lambda app, work: pool.submit(_in_app, app, work)
    pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture
def background(app: Any, background_in: Any) -> Callable[[Callable[[], Any]], Future[Any]]:
    """background(work): the same in the test's own application."""
    return lambda work: background_in(app, work)


class Count:
    count = 0


@pytest.fixture
def queries(app: Any) -> Callable[[], Any]:
    """`with queries() as counted:` then `counted.count`: the statements sent to the database meanwhile."""

    @contextmanager
    def counting() -> Iterator[Count]:
        counted, engine = Count(), db.engine

        def on_statement(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
            counted.count += not statement.startswith(("BEGIN", "PRAGMA"))

        event.listen(engine, "before_cursor_execute", on_statement)
        try:
            yield counted
        finally:
            event.remove(engine, "before_cursor_execute", on_statement)

    return counting


@pytest.fixture
def everything(app: Any) -> Callable[[], dict[str, list[Any]]]:
    """everything(): the whole database, to compare before and after.

    Without what merely looking leaves behind.
    """

    def dump() -> dict[str, list[Any]]:
        db.session.rollback()
        # The log grows with each token that a test makes; tests/audit and tests/accounts look into it.
        left_by_looking = {"audit_counts", "tokens", "presences", "sessions", "used_links", "known_devices"}
        left_by_looking |= {"audit", "audit_people", "audit_addresses", "audit_state"}
        tables = [t.name for t in Base.metadata.sorted_tables if t.name not in left_by_looking]
        found = {
            name: sorted(map(repr, db.session.execute(text(f"SELECT * FROM {name}")))) for name in tables
        }
        db.session.rollback()
        return found

    return dump
