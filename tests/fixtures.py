"""What tests of conversation stand on: people who talk, programs and browsers of theirs, races, and counts of queries."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from wellchat.accounts.actions import create_token
from wellchat.accounts.models import User
from wellchat.db import Base, db, transaction
from wellchat.messaging.actions import send_message
from wellchat.messaging.models import Message
from wellchat.messaging.opening import open_thread

RACE_WAIT = 30  # seconds until a race that hangs is called one


class Talk:
    """The thread of Cara, a client, and Paul, a professional."""

    def __init__(self, thread_id: str, cara: User, paul: User, now: datetime) -> None:
        self.id, self.cara, self.paul, self.now = thread_id, cara, paul, now
        self.said = 0

    def says(self, sender: User, body: str) -> Message:
        self.said += 1
        key = f"{threading.get_ident()}-{self.said}"
        return send_message(sender=sender, thread_id=self.id, body=body, client_key=key, now=self.now)[0]

    def exchange(self, order: str) -> None:
        """`exchange("ccp")`: Cara says two things, Paul one."""
        for who in order:
            self.says(self.cara if who == "c" else self.paul, f"message {self.said + 1}")


@pytest.fixture
def talk(app: Any, cast: Any, now: datetime) -> Talk:
    thread_id, _ = open_thread(viewer=cast.cara, with_id=cast.paul.id, now=now)
    return Talk(thread_id, cast.cara, cast.paul, now)


@pytest.fixture
def other_talk(app: Any, cast: Any, now: datetime) -> Talk:
    """Another thread of Paul's."""
    thread_id, _ = open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)
    return Talk(thread_id, cast.olga, cast.paul, now)


@pytest.fixture
def change() -> Callable[..., None]:
    """change(row, name=value): set something no action sets."""

    def set_values(row: Base, **values: Any) -> None:
        with transaction() as session:
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)

    return set_values


class Program:
    """A program that acts for one person, by bearer token."""

    def __init__(self, app: Any, token: str) -> None:
        self.client = app.test_client()
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


class Browser(Program):
    """A signed-in browser; its forms carry the token of its pages."""

    def __init__(self, app: Any, user: User) -> None:
        self.client = app.test_client()
        self.headers = {"Sec-Fetch-Site": "same-origin"}
        with app.test_request_context():
            user.session_id = "test"
            identity = user.get_id()
        with self.client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = identity, True

    def open(self, path: str, **more: Any) -> Any:
        if more.get("method") == "POST" and more.get("json") is None:
            more["data"] = {"csrf_token": self.token(), **(more.get("data") or {})}
        return super().open(path, **more)

    def token(self) -> str:
        page = contextvars.Context().run(self.client.get, "/new", headers=self.headers).text
        return str(page.partition('name="csrf-token" content="')[2].partition('"')[0])


@pytest.fixture
def api(app: Any, now: datetime) -> Callable[[User], Program]:
    """api(user): the JSON calls as that person's program makes them."""
    return lambda user: Program(app, create_token(user_id=user.id, now=now))


@pytest.fixture
def browser_of(app: Any) -> Callable[[User], Browser]:
    """browser_of(user): pages and forms as that person's browser sees them."""
    return lambda user: Browser(app, user)


def _in_app(app: Any, work: Callable[..., Any], *args: Any) -> Any:
    with app.app_context():
        return work(*args)


@pytest.fixture
def background(app: Any) -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """background(work): runs `work` in a thread of its own inside the application; a Future of its result."""
    pool = ThreadPoolExecutor(max_workers=200)
    yield lambda work: pool.submit(_in_app, app, work)
    pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture
def at_once(app: Any) -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """at_once(n, work): work(0) .. work(n-1), each in a thread of its own, let go together by a barrier."""

    def race(count: int, work: Callable[[int], Any]) -> list[Any]:
        db.session.remove()
        barrier = threading.Barrier(count)

        def run(i: int) -> Any:
            with app.app_context():
                barrier.wait(RACE_WAIT)
                return work(i)

        with ThreadPoolExecutor(max_workers=count) as pool:
            return [future.result(RACE_WAIT) for future in [pool.submit(run, i) for i in range(count)]]

    return race


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
    """everything(): the whole database, to compare before and after; but for tokens and presence, which looking makes."""

    def dump() -> dict[str, list[Any]]:
        db.session.rollback()
        tables = [t.name for t in Base.metadata.sorted_tables if t.name not in ("tokens", "presences", "used_links")]
        found = {name: sorted(map(repr, db.session.execute(text(f"SELECT * FROM {name}")))) for name in tables}
        db.session.rollback()
        return found

    return dump
