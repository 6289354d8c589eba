"""Where the time of one request goes: the application alone, sampled in this process a thousand times a second."""

from __future__ import annotations

import signal
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from wsgiref.util import setup_testing_defaults

from rich.console import Console
from rich.table import Table

from bench import bare
from bench.counting import counting
from bench.rows.idle_poll import CROWD, paths, session_cookies
from bench.stage import ROOT, Stage

SAMPLE_EVERY = 0.001
LINES = 16  # of each table
PACKAGES = Path(sysconfig.get_path("purelib"))
TOLD = ("wellchat", "flask", "flask_login", "flask_limiter", "flask_wtf", "apiflask")  # whose functions are steps


class Samples:
    """Of the main thread: what it was doing each time the clock struck."""

    def __init__(self) -> None:
        self.stacks: list[list[CodeType]] = []
        self.calls = 0

    def take(self, _signal: int, frame: FrameType | None) -> None:
        stack = []
        while frame:
            stack.append(frame.f_code)
            frame = frame.f_back
        self.stacks.append(stack)

    @property
    def parts(self) -> Counter[str]:
        """By package: who was at work, or waited; the standard library works for whoever called it."""
        return Counter(next(filter(None, (_place(code)[0] for code in stack)), "") for stack in self.stacks)

    @property
    def steps(self) -> Counter[str]:
        """By function: within it, or in what it called."""
        places = ({_place(code) for code in stack} for stack in self.stacks)
        return Counter(function for found in places for package, function in found if package in TOLD)


@cache
def _place(code: CodeType) -> tuple[str, str]:
    """The package that a function belongs to, none for the standard library; and its full name."""
    path = Path(code.co_filename)
    for root, within in ((PACKAGES, PACKAGES), (ROOT, ROOT / "wellchat")):
        if path.is_relative_to(within):
            module = path.relative_to(root).with_suffix("").parts
            return module[0], f"{'.'.join(module)}.{code.co_qualname}"
    return "", ""


def idle_poll(stage: Stage, console: Console) -> None:
    app = stage.app("crowd")
    floor, _ = run(call(bare.app, "/bare", expect="200"), stage.seconds / 2)
    console.print(f"In the application alone, without a server: the bare Flask route takes {floor * 1e6:,.0f} us.")
    for title, people in (("the same person at once again", 1), ("each time another person", CROWD)):
        calls = cycle([call(app, path, cookie=cookie, expect="204") for path, cookie in _polls(stage, people)])
        poll = partial(_next, calls)
        for _ in range(100):
            poll()
        with counting(app) as statements:
            taken, samples = run(poll, stage.seconds * 2)
        each = f"{taken * 1e6:,.0f} us, {len(statements) / samples.calls:.2f} statements each"
        console.print(f"\nAn idle poll, {title}: {each}; {len(samples.stacks):,} samples.")
        for heading, counted in (("who is at work", samples.parts), ("within, what it calls included", samples.steps)):
            show(console, heading, counted, len(samples.stacks), taken)


def _next(calls: Iterator[Callable[[], None]]) -> None:
    next(calls)()


def _polls(stage: Stage, people: int) -> list[tuple[str, str]]:
    found = paths(stage, people)
    cookies = session_cookies(stage, [user_id for user_id, _ in found])
    return [(path, cookies[user_id]) for user_id, path in found]


def call(app: Any, url: str, *, expect: str, cookie: str = "") -> Callable[[], None]:
    """A request through the whole WSGI application, as the server would make it."""

    def start_response(status: str, _headers: object, _error: object = None) -> None:
        if not status.startswith(expect):
            raise AssertionError(status)

    path, _, query = url.partition("?")

    def once() -> None:
        environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": cookie}
        setup_testing_defaults(environ)
        answer = app.wsgi_app(environ, start_response)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()

    return once


def run(once: Callable[[], None], seconds: float) -> tuple[float, Samples]:
    """Seconds of one call, sampling included, which costs a hundredth; and the samples."""
    samples = Samples()
    before = signal.signal(signal.SIGALRM, samples.take)
    signal.setitimer(signal.ITIMER_REAL, SAMPLE_EVERY, SAMPLE_EVERY)
    try:
        began = time.perf_counter()
        while (taken := time.perf_counter() - began) < seconds:
            once()
            samples.calls += 1
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
