"""An upgrade leaves the code before it alone: what that writes and reads fits each new schema.

So old web and worker processes serve on while the schema is upgraded and new ones start. `python -m
tests.upgrading` shows it with the code of any commit; here each migration is held to the rule by its schema.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask_migrate
import psycopg
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, inspect

from tests.services import plain, wait_for
from wellchat.db import db

Columns = dict[tuple[str, str], tuple[bool, bool]]
"""(table, column) -> (whether it may be NULL, whether the database fills it in by itself)"""


def columns_of(connection: Connection) -> Columns:
    seen = inspect(connection)
    return {
        (table, column["name"]): (bool(column["nullable"]), column["default"] is not None)
        for table in seen.get_table_names()
        if not table.startswith("search_entries_fts")
        for column in seen.get_columns(table)
    }


def harm(before: Columns, after: Columns) -> list[str]:
    """Return what statements of the code before would fail at."""
    tables = {table for table, _ in before}
    gone = [f"{table}.{column} is gone" for table, column in before.keys() - after.keys()]
    needed = [
        f"{table}.{column} is new, and the code before does not fill it"
        for (table, column), (nullable, filled) in after.items()
        if table in tables and (table, column) not in before and not nullable and not filled
    ]
    stricter = [
        f"{table}.{column} may not be NULL any more"
        for (table, column), (nullable, _) in before.items()
        if nullable and not after.get((table, column), (True, False))[0]
    ]
    return sorted(gone + needed + stricter)


def test_no_migration_breaks_the_code_before_it(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    steps: dict[str, list[str]] = {}
    last: list[Columns] = []

    def note(ctx: Any, step: Any, **_: Any) -> None:
        now = columns_of(ctx.connection)
        steps[step.up_revision_id] = harm(last.pop(), now) if last else []
        last.append(now)

    with app.app_context():
        app.extensions["migrate"].configure_args["on_version_apply"] = note
        flask_migrate.upgrade()
    assert len(steps) >= 40
    assert {revision: what for revision, what in steps.items() if what} == {}


def test_what_would_break_the_code_before_is_found() -> None:
    before = {("t", "gone"): (True, False), ("t", "strict"): (True, False), ("t", "same"): (False, False)}
    after = {
        ("t", "strict"): (False, False),
        ("t", "same"): (False, False),
        ("t", "needed"): (False, False),
        ("t", "filled"): (False, True),
        ("t", "empty"): (True, False),
        ("new", "needed"): (False, False),
    }
    assert harm(before, after) == [
        "t.gone is gone",
        "t.needed is new, and the code before does not fill it",
        "t.strict may not be NULL any more",
    ]


def test_an_upgrade_gives_way_to_who_works_and_tries_again(make_app, postgresql_url, caplog) -> None:
    app = make_app(DATABASE_URL=postgresql_url)
    with app.app_context():
        flask_migrate.upgrade(revision="0040")
        db.engine.dispose()
    with ThreadPoolExecutor(1) as pool, psycopg.connect(plain(postgresql_url)) as at_work:
        at_work.execute("LOCK TABLE changes IN ROW EXCLUSIVE MODE")

        def upgrade() -> None:
            with app.app_context():
                flask_migrate.upgrade()
                db.engine.dispose()

        done = pool.submit(upgrade)
        wait_for(lambda: done.done() or "tries again" in caplog.text, what="another try")
        at_work.rollback()
        done.result(timeout=60)
    assert "tries again" in caplog.text
    with app.app_context(), db.engine.connect() as connection:
        newest = ScriptDirectory.from_config(
            app.extensions["migrate"].migrate.get_config()
        ).get_current_head()
        assert MigrationContext.configure(connection).get_current_revision() == newest
