"""Check for `wellchat doctor`: the settings in use, and whether the services they name answer."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from celery import Celery
from flask import Flask
from redis import Redis
from sqlalchemy import inspect, text

from wellchat import zones
from wellchat.config import Settings, unknown_settings
from wellchat.db import Base, db, is_postgresql
from wellchat.own_command import own_command

TIMEOUT = 3  # seconds for each connection
MIN_FREE_SPACE = 200 * 1024 * 1024  # bytes
NO_REDIS = "none set, and no `wellchat up` is running: hanging polls and jobs wait for the sweep"


@dataclass
class Check:
    """The result of one check; `detail` is one line."""

    name: str
    ok: bool
    detail: str


@dataclass
class Report:
    """The settings in use, unknown variables, and the checks in order."""

    settings: dict[str, Any]
    unknown: list[str]
    checks: list[Check] = field(default_factory=list)

    @property
    def failures(self) -> list[Check]:
        """Return the checks that failed."""
        return [check for check in self.checks if not check.ok]

    def as_data(self) -> dict[str, Any]:
        """Return the report for JSON: `version`, `settings`, `unknown`, `checks` and `ok`."""
        return {"version": version("wellchat")} | asdict(self) | {"ok": not self.failures}

    def as_text(self) -> str:
        """Return the report as aligned lines for a terminal."""
        lines = [f"{'WELLCHAT_' + name:<24} {in_words(value)}" for name, value in self.settings.items()]
        lines += [f"{name:<24} unknown: not a setting of this version" for name in self.unknown]
        return "\n".join(
            [*lines, "", *(f"{'ok' if c.ok else 'FAIL':<5} {c.name:<10} {c.detail}" for c in self.checks)]
        )


def run_checks(app: Flask) -> Report:
    """Run every check; the order lets the first failure explain those after it."""
    report = Report(
        {n: masked(n, app.config[n]) for n in Settings.model_fields if n in app.config}, unknown_settings()
    )
    report.checks = [run_check(app, name) for name in _checks(app)]
    return report


def in_words(value: Any) -> str:
    """Return a setting as a person reads it, such as "on" or "not set"."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not set" if value in (None, "", (), [], "{}") else str(value)


def _checks(app: Flask) -> dict[str, Callable[[Flask], str]]:
    """Return the checks by name, in the order in which they run."""
    return {
        "instance": _instance,
        "zone data": lambda _app: zones.check(),
        "database": _database,
        "migrations": _migrations,
        "redis": _redis,
        "broker": _broker,
        **dict(check for feature in app.extensions["features"].features for check in feature.doctor_checks),
    }


def run_check(app: Flask, name: str) -> Check:
    """Run one check. What fails in it is its result, not an error."""
    with app.app_context():
        try:
            return Check(name, True, _checks(app)[name](app))
        except Exception as error:
            return Check(name, False, (str(error) or type(error).__name__).strip().splitlines()[0])


def masked(name: str, value: Any) -> Any:
    """Return a setting as JSON data, without its secrets."""
    if name.endswith(("_KEY", "_KEYS", "_DSN")):
        return "***" if value else value
    if isinstance(value, str) and "://" in value:
        return _without_password(value)
    if isinstance(value, tuple):
        return ",".join(value)
    return value if isinstance(value, (bool, int, float, list, type(None))) else str(value)


def _without_password(address: str) -> str:
    scheme, _, rest = address.partition("://")
    place, path = re.fullmatch("([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # it matches any text
    # A sign such as / in the password has ended the host part too early.
    if "@" in path and "@" not in place:
        return f"{scheme}://***"
    user, at, host = place.rpartition("@")
    user, colon, _ = user.partition(":")
    path = re.sub("([?&][^&=]*(?:pass|secret|token|key)[^&=]*=)[^&]*", r"\1***", path, flags=re.IGNORECASE)
    return f"{scheme}://{user}{colon and ':***'}{at}{host}{path}"


def _instance(app: Flask) -> str:
    folder = app.config["INSTANCE"]
    with tempfile.NamedTemporaryFile(dir=folder):
        free = shutil.disk_usage(folder).free
    if free < MIN_FREE_SPACE:
        raise OSError(f"only {free >> 20} MB left on the disk of {folder}")
    return f"{folder} is writable, {free >> 30} GB free"


def _database(_app: Flask) -> str:
    with db.engine.connect() as connection:
        if not is_postgresql():
            return f"SQLite, journal_mode {connection.scalar(text('PRAGMA journal_mode'))}"
        version = connection.scalar(text("SHOW server_version"))
        durable = connection.scalar(text("SHOW synchronous_commit"))
        if durable == "off":
            raise ValueError("synchronous_commit is off: a crash loses messages that people saw as sent")
        return f"PostgreSQL {version}, synchronous_commit {durable}"


def _migrations(app: Flask) -> str:
    head = ScriptDirectory(app.extensions["migrate"].directory).get_current_head()
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        run = own_command("db", "upgrade")
        raise ValueError(f"the schema is at {current or 'nothing'}, the code wants {head}: run `{run}`")
    with db.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
    if missing := sorted(set(Base.metadata.tables) - there):
        raise ValueError(f"no table {', '.join(missing)}: a package that is on lacks its migration")
    return f"at {head}"


def _redis(app: Flask) -> str:
    url = app.config["REDIS_URL"]
    if not url:
        return NO_REDIS
    with Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
        about = client.info("server")
    version = about.get("valkey_version", about["redis_version"])
    return f"answers as {about.get('server_name', 'redis')} {version}"


def _broker(app: Flask) -> str:
    if not app.config["BROKER_URL"]:
        return NO_REDIS
    celery: Celery = app.extensions["celery"]
    with celery.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=TIMEOUT)
    workers = celery.control.ping(timeout=1.0) or []
    return f"answers; workers that listen: {len(workers)}"
