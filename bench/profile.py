"""Show where the time of one request goes: sample the application in this process, 1000 times per second."""

from __future__ import annotations

import asyncio
import io
import secrets
import signal
import sysconfig
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import cycle
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from wsgiref.util import setup_testing_defaults

import orjson
from rich.console import Console
from rich.table import Table

from bench import bare
from bench.counting import counting
from bench.load import WrongAnswer
from bench.rows.idle_poll import CROWD, paths, session_cookies
from bench.rows.update import MESSAGES, fifty_sent
from bench.stage import ROOT, Stage
from bench.world import token_of

SAMPLE_EVERY = 0.001
LINES = 16  # of each table
PACKAGES = Path(sysconfig.get_path("purelib"))
# packages whose functions are shown as steps
TOLD = (
    "wellchat",
    "flask",
    "flask_login",
    "flask_limiter",
    "flask_wtf",
    "apiflask",
)


class Samples:
    """The samples of the main thread: what it was doing at each tick."""

    def __init__(self) -> None:
        self.stacks: list[list[CodeType]] = []
        self.calls = 0
        self.at_work = 0.0  # seconds of processor that this process had; the rest it waited for others

    def take(self, _signal: int, frame: FrameType | None) -> None:
        stack = []
        while frame:
            stack.append(frame.f_code)
            frame = frame.f_back
        self.stacks.append(stack)

    @property
    def parts(self) -> Counter[str]:
        """Return the time by package; the standard library counts for its caller."""
        return Counter(next(filter(None, (_place(code)[0] for code in stack)), "") for stack in self.stacks)

    @property
    def steps(self) -> Counter[str]:
        """Return the time by function: inside it, and inside what it called."""
        places = ({_place(code) for code in stack} for stack in self.stacks)
        return Counter(function for found in places for package, function in found if package in TOLD)


@cache
def _place(code: CodeType) -> tuple[str, str]:
    """Return (package, full name) of a function; the package is empty for the standard library."""
    path = Path(code.co_filename)
    for root, within in ((PACKAGES, PACKAGES), (ROOT, ROOT / "wellchat")):
        if path.is_relative_to(within):
            module = path.relative_to(root).with_suffix("").parts
            return module[0], f"{'.'.join(module)}.{code.co_qualname}"
    return "", ""


def idle_poll(stage: Stage, console: Console) -> None:
    app = stage.app("crowd")
    floor, _ = run(Call(bare.app, "/bare"), stage.seconds / 2)
    console.print(
        f"In the application alone, without a server: the bare Flask route takes {floor * 1e6:,.0f} us."
    )
    for title, people in (("the same person at once again", 1), ("each time another person", CROWD)):
        found = paths(stage, people)
        cookies = session_cookies(stage, [user_id for user_id, _ in found])
        calls = cycle([Call(app, path, cookie=cookies[user_id]) for user_id, path in found])
        tell(stage, console, f"an idle poll, {title}", app, lambda calls=calls: next(calls)())  # type: ignore[misc]


def update(stage: Stage, console: Console) -> None:
    pair = stage.pairs("small", 1)[0]
    cursor, _ = asyncio.run(fifty_sent(stage, pair))
    app = stage.app("small")
    poll = Call(app, f"/api/updates?since={cursor}", token=token_of(pair.professional_id))
    tell(stage, console, f"an update of {MESSAGES} messages", app, poll)


def send(stage: Stage, console: Console) -> None:
    pair = stage.pairs("small", 1)[0]
    app, path = stage.app("small"), f"/api/threads/{pair.thread_id}/messages"

    def once() -> None:
        body = {"body": "See you at nine.", "client_key": secrets.token_hex(8)}
        Call(app, path, token=token_of(pair.client_id), body=orjson.dumps(body))()

    tell(stage, console, "a send", app, once)


def tell(stage: Stage, console: Console, what: str, app: Any, once: Callable[[], None]) -> None:
    for _ in range(50):
        once()
    with counting(app) as statements:
        taken, samples = run(once, stage.seconds * 2)
    each = f"{taken * 1e6:,.0f} us ({samples.at_work / samples.calls * 1e6:,.0f} us of them at work here)"
    each += f", {len(statements) / samples.calls:.2f} statements"
    console.print(f"\n{what[0].upper()}{what[1:]}: {each}; {len(samples.stacks):,} samples.")
    for heading, counted in (
        ("who is at work", samples.parts),
        ("within, what it calls included", samples.steps),
    ):
        show(console, heading, counted, len(samples.stacks), taken)


class Call:
    """Make a request through the whole WSGI application, as the server would."""

    def __init__(self, app: Any, url: str, *, cookie: str = "", token: str = "", body: bytes = b"") -> None:
        self.app, self.body = app, body
        self.environ = {"HTTP_COOKIE": cookie, "REQUEST_METHOD": "POST" if body else "GET"}
        self.environ["PATH_INFO"], _, self.environ["QUERY_STRING"] = url.partition("?")
        if token:
            self.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        if body:
            self.environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}

    def __call__(self) -> None:
        environ: dict[str, Any] = {**self.environ, "wsgi.input": io.BytesIO(self.body)}
        setup_testing_defaults(environ)
        answer = self.app.wsgi_app(environ, self._begin)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()

    def _begin(self, status: str, _headers: object, _error: object = None) -> None:
        if status[0] != "2":
            raise WrongAnswer(status)


def run(once: Callable[[], None], seconds: float) -> tuple[float, Samples]:
    """Return the seconds of one call, with 1 % for sampling, and the samples."""
    samples = Samples()
    before = signal.signal(signal.SIGALRM, samples.take)
    signal.setitimer(signal.ITIMER_REAL, SAMPLE_EVERY, SAMPLE_EVERY)
    try:
        began, worked = time.perf_counter(), time.process_time()
        while (taken := time.perf_counter() - began) < seconds:
            once()
            samples.calls += 1
        samples.at_work = time.process_time() - worked
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return taken / samples.calls, samples


def show(console: Console, title: str, counted: Counter[str], total: int, taken: float) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("share", justify="right")
    table.add_column("us", justify="right")
    for name, count in counted.most_common(LINES):
        table.add_row(name or "Python itself", f"{count / total:.0%}", f"{count / total * taken * 1e6:,.1f}")
    console.print(table)


PROFILES: dict[str, Callable[[Stage, Console], None]] = {
    "idle-poll": idle_poll,
    "send": send,
    "update": update,
}
