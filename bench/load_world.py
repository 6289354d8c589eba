"""Load a made-up world into PostgreSQL: COPY into bare tables, then the keys and indexes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import flask_migrate
import psycopg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.postgresql import fresh_database, url_of
from bench.world import COLUMNS, RETAINED_CHANGES, VERSION, Size, World
from tests.services import plain
from wellchat import PACKAGE

BLOCK = 5_000  # lines sent at once

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')
    AND conrelid::regclass::text = ANY(%s)
    ORDER BY contype = 'f'
"""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def database(server: str, size: Size, make_app: Callable[[str], Any]) -> str:
    """Return the URL of a migrated database with that world; a kept one is loaded once."""
    name = f"wellchat_{size.name}"
    url = url_of(server, name)
    loaded = size.kept and _comment(server, name) == made_by()
    if not loaded:
        url = fresh_database(server, name)
    with make_app(url).app_context():
        flask_migrate.upgrade()
    if not loaded:
        load(url, World(size))
        with psycopg.connect(plain(server), autocommit=True) as admin:
            admin.execute(f"COMMENT ON DATABASE \"{name}\" IS '{made_by()}'")
    return url


def made_by() -> str:
    """Return a fingerprint of this loader and the migrations: a kept database must have the same."""
    schema = hashlib.sha256()
    for path in sorted((PACKAGE.parent / "migrations" / "versions").glob("*.py")):
        schema.update(path.read_bytes())
    return f"world {VERSION}, schema {schema.hexdigest()[:16]}"


def _comment(server: str, name: str) -> str | None:
    with psycopg.connect(plain(server)) as admin:
        found = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (name,)
        ).fetchone()
    return found[0] if found else None


def load(url: str, world: World) -> None:
    tables = list(COLUMNS)
    with (
        psycopg.connect(plain(url), autocommit=True) as connection,
        Progress(
            TextColumn("{task.description:>16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            disable=not world.size.kept,
        ) as progress,
    ):
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET synchronous_commit = off")
        constraints = connection.execute(CONSTRAINTS, (tables,)).fetchall()
        indexes = connection.execute(INDEXES, (tables,)).fetchall()
        for table, name, _, _ in reversed(constraints):
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute("ALTER TABLE messages DISABLE TRIGGER USER")  # what is loaded waits for no index
        for table, columns in COLUMNS.items():
            task = progress.add_task(table, total=_expected(world, table))
            copy_lines(connection, table, columns, getattr(world, table)(), partial(progress.advance, task))
        connection.execute("ALTER TABLE messages ENABLE TRIGGER USER")
        finish = progress.add_task("keys, indexes", total=len(constraints) + len(indexes) + 1)
        for table, name, definition, kind in constraints:
            # computed to be right; new rows are checked as ever
            unchecked = " NOT VALID" if kind == "f" else ""
            connection.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}{unchecked}')
            progress.advance(finish)
        for _, definition in indexes:
            connection.execute(definition)
            progress.advance(finish)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
        connection.execute("CHECKPOINT")
        progress.advance(finish)


def copy_lines(
    connection: psycopg.Connection,
    table: str,
    columns: str,
    lines: Iterator[str],
    advance: Callable[[float], None],
) -> None:
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        while block := list(islice(lines, BLOCK)):
            copy.write("".join(block))
            advance(len(block))


def _expected(world: World, table: str) -> int:
    """Return the number of lines of a table, for the progress bar."""
    messages, threads, people = sum(world.counts), world.size.threads, world.clients + world.professionals
    if table == "changes":
        return sum(min(RETAINED_CHANGES, length) for length in world.lengths().values())
    return {
        "messages": messages,
        "search_entries": messages,
        "memberships": 2 * threads,
        "users": people,
        "tokens": people,
        "change_logs": people,
        "presences": world.clients // 3,
        "subjects": threads // 3,
    }.get(table, threads)
