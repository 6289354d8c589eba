"""Fixtures: the application on either database, real services, the cast, and a count of what is left out."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

# Before anything reads them: a test run has no settings but its own, and never touches real data.
GIVEN = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("WELLCHAT_")}
for name in ("HOST", "PORT", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(name, None)

from argon2 import PasswordHasher  # noqa: E402

from tests import prepared, rendering  # noqa: E402
from tests.browsing import Browser  # noqa: E402
from tests.cast import Cast, CastCopies, Talk  # noqa: E402
from tests.databases import CleanDatabase  # noqa: E402
from tests.services import (  # noqa: E402
    LeftOut,
    MailServer,
    Services,
    browser_path,
    database_on,
    node_path,
    whole_browser_path,
)
from wellchat import create_app, request_ids  # noqa: E402
from wellchat.accounts import passwords  # noqa: E402
from wellchat.accounts.models import User  # noqa: E402
from wellchat.clock import now as clock_now  # noqa: E402
from wellchat.config import read_settings  # noqa: E402
from wellchat.db import db, transaction  # noqa: E402
from wellchat.web import limiter  # noqa: E402

pytest_plugins = ["tests.fixtures"]

ENGINES = ("sqlite", "postgresql")
LEFT_OUT = "left out: "
# The files that take longest, longest first: 100 s to 15 s. A parallel run gives each file to one process.
LONGEST = (
    # First of all in its process: Playwright leaves an event loop running behind the tests of browsers.
    "bench/test_smoke.py",
    "browser/test_access.py",
    "browser/test_day.py",
    "test_cli.py",
    "history/test_broken_builds.py",
    "faults/test_faults.py",
    "browser/test_offline.py",
    "demo/test_loading.py",
    "browser/test_journey.py",
    "browser/test_inbox.py",
    "browser/test_messages.py",
    "browser/test_files.py",
    "browser/test_keyboard.py",
    "browser/test_conversation.py",
    "mail/test_kills.py",
    "browser/test_long_thread.py",
    "browser/test_fine.py",
    "browser/test_languages.py",
    "history/test_live.py",
    "clients/test_generated.py",
    "replies/test_commands.py",
    "messaging/test_filters.py",
    "browser/test_looks.py",
    "browser/test_push.py",
    "browser/test_factors.py",
)

# Folders whose files share what takes seconds to make: one process runs all of them.
TOGETHER = ("tests/demo/", "tests/events/")

# One id for all requests, so that two answers can be compared to the letter.
request_ids.new_request_id = lambda: "0123456789abcdef"
# Real hashing, without the cost that makes guessing slow: a test signs people up by the dozen.
passwords.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


# The run as a whole


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVICES] = Services(getattr(config, "workerinput", {}).get("services", {}))
    rendering.record()
    prepared.keep_templates()
    prepared.spare_the_disk()


# A hook of xdist: a run with `-p no:xdist` does not know it.
@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A parallel run shares the servers; each of its processes makes databases of its own on them."""
    services = node.config.stash[SERVICES]
    if not services.given:
        with prepared.modules_compiled(node.config):
            services.share()
    node.workerinput["services"] = services.share()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[SERVICES].close()
        prepared.forget_templates()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("each_database") and "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", ENGINES, indirect=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of test processes: two for each core, for a test waits for half of its time."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one process, and the files of some folders to the same one."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class ByFileOrFolder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.split("::")[0])

    return ByFileOrFolder(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first, so that at the end no process waits for another."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)

    def place(item: pytest.Item) -> tuple[int, bool]:
        name = item.nodeid.partition("::")[0].removeprefix("tests/")
        rank = LONGEST.index(name) if name in LONGEST else len(LONGEST)
        return rank, item.get_closest_marker("slow") is None

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Keep the tests themselves out of the garbage collector's way: they stay as long as the process."""
    prepared.collect_seldom()


def pytest_sessionfinish(session: pytest.Session) -> None:
    rendering.hand_over(session)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    rendering.take_over(node)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        r.longrepr[2].removeprefix("Skipped: ") for r in skipped if isinstance(r.longrepr, tuple)
    )
    for reason, count in reasons.items():
        if reason.startswith(LEFT_OUT):
            terminalreporter.write_line(f"{count} tests {reason}", yellow=True)
    rendering.report(terminalreporter)


SERVICES = pytest.StashKey[Services]()


def _or_leave_out(start: Callable[[], str]) -> str:
    try:
        return start()
    except LeftOut as reason:
        pytest.skip(LEFT_OUT + str(reason))


# Services


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> Services:
    return request.config.stash[SERVICES]


@pytest.fixture(scope="session")
def run_name(request: pytest.FixtureRequest) -> str:
    """Names this process of this run, for databases on a shared server."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "solo")
    return f"wellchat_test_{os.getpid()}_{worker}"


@pytest.fixture(scope="session")
def postgresql_server(services: Services) -> str:
    return _or_leave_out(services.postgresql)


@pytest.fixture
def postgresql_url(postgresql_server: str, run_name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A PostgreSQL database of this test's own, without a schema."""
    with database_on(postgresql_server, f"{run_name}_own") as url:
        yield url


@pytest.fixture(scope="session")
def valkey_url(services: Services) -> str:
    return services.valkey()


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


# The application


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Which database: SQLite, or each in turn for what is marked `each_database`."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="session")
def make_app(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Flask]:
    """`make_app(DATABASE_URL=..., ...)`: an application with those settings and a folder of its own."""

    def make(**settings: Any) -> Flask:
        settings.setdefault("INSTANCE", tmp_path_factory.mktemp("instance"))
        settings.setdefault("RATE_LIMITS", False)
        # Nobody reads the brand again by the clock: tests count statements.
        return create_app(read_settings({}, **settings), TESTING=True, BRAND_READ_EVERY=math.inf)

    return make


@pytest.fixture(scope="session")
def _app_on(
    make_app: Callable[..., Flask], services: Services, run_name: str
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    made: dict[str, tuple[Flask, CleanDatabase]] = {}
    with ExitStack() as stack:

        def app_on(engine: str) -> tuple[Flask, CleanDatabase]:
            if engine not in made:
                settings = {}
                if engine == "postgresql":
                    server = _or_leave_out(services.postgresql)
                    settings["DATABASE_URL"] = stack.enter_context(database_on(server, run_name))
                app = make_app(**settings)
                database = CleanDatabase(app)
                app.extensions["cast"] = CastCopies(database)
                made[engine] = app, database
            return made[engine]

        yield app_on


@pytest.fixture
def app(engine: str, _app_on: Callable[[str], tuple[Flask, CleanDatabase]]) -> Iterator[Flask]:
    """The application on an empty database, without mails, with its context for the test.

    Settings a test changes are put back.
    """
    app, database = _app_on(engine)
    database.clean()
    for mail in (app.config["INSTANCE"] / "mail").glob("*.eml"):
        mail.unlink()
    app.test_client_class = None  # or it is that of the test before
    for kept in [name for name in app.extensions if name.startswith(("kept_rows.", "host_counts"))]:
        del app.extensions[kept]
    settings = dict(app.config)
    # one for all applications of this process, and some test's has them on
    limiter.enabled = app.config["RATE_LIMITS"]
    with app.app_context():
        yield app
        db.session.remove()
    app.config.clear()
    app.config.update(settings)


@pytest.fixture
def browse(app: Flask) -> Callable[..., Browser]:
    """`browse()` is nobody's browser, `browse(user)` one in which they are signed in."""
    app.test_client_class = Browser

    def browser(user: User | None = None) -> Any:
        client: Any = app.test_client()
        return client.signed_in_as(user) if user else client

    return browser


@pytest.fixture
def client(browse: Callable[..., Browser]) -> Browser:
    return browse()


# People and time


@pytest.fixture
def now() -> datetime:
    return clock_now()


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is limited to so many a minute stays so, however long a slow machine takes for as many."""
    at = time.time()
    monkeypatch.setattr("time.time", lambda: at)


@pytest.fixture
def cast(app: Flask, now: datetime) -> Cast:
    copies: CastCopies = app.extensions["cast"]
    return copies.gather(now)


@pytest.fixture
def talk(cast: Cast, now: datetime) -> Talk:
    return Talk(cast, now)


@pytest.fixture
def change(app: Flask) -> Callable[..., None]:
    """`change(row, column=value)`: as an operator would, past every action."""

    def change(row: Any, **values: Any) -> None:
        mapper = db.inspect(type(row))
        key = [column == getattr(row, column.key) for column in mapper.primary_key]
        with transaction() as session:
            session.execute(update(type(row)).where(*key).values(**values))
        db.session.refresh(row)

    return change


@pytest.fixture
def at_once(app: Flask) -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """`at_once(n, action)`: action(0) ...

    action(n - 1) from as many threads that start together; their answers.
    """

    def at_once(count: int, action: Callable[[int], Any]) -> list[Any]:
        start = threading.Barrier(count)
        db.session.rollback()

        def one(number: int) -> Any:
            with app.app_context():
                start.wait(timeout=30)
                return action(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return at_once


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    _or_leave_out(browser_path)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Any) -> Iterator[Any]:
    """A running Chromium."""
    browser = playwright.chromium.launch(executable_path=browser_path(), headless=True)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def whole_chromium(playwright: Any) -> Iterator[Any]:
    """A running Chromium that shows notifications and takes pushes, which costs it a third more time."""
    browser = playwright.chromium.launch(executable_path=_or_leave_out(whole_browser_path), headless=True)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def node() -> str:
    """A Node, for the page's own modules."""
    return _or_leave_out(node_path)
