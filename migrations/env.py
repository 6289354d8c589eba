"""Run the migrations in the application that `wellchat db` loaded.

Migrations import no models: they stay true when a model changes later.
"""

import logging
import threading
from typing import Any

import click
import sqlalchemy as sa
from alembic import context
from flask import current_app

from wellchat.db import UTCDateTime

# One upgrade at a time, however many hosts start together: the others wait, and then find nothing left to do.
UPGRADE_LOCK = 8_245_931
LOCKED = ("55P03", "40P01")  # lock_not_available, deadlock_detected
TRIES = 300

log = logging.getLogger("wellchat.upgrade")


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Render our own types as the plain types they consist of."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name: str | None, _kind: str, _parents: Any) -> bool:
    """Return False for the full-text index: no model declares it, and each database has its own."""
    return name != "search_entries_tokens" and not (name or "").startswith("search_entries_fts")


def migrate(connection: sa.Connection) -> tuple[str | None, str | None]:
    """Run the migrations. Return the revision before and after."""
    flask_migrate = current_app.extensions["migrate"]
    context.configure(
        connection=connection,
        target_metadata=flask_migrate.db.metadata,
        render_item=render_item,
        include_name=include_name,
        transactional_ddl=True,  # SQLite can too; Alembic does not know
        **flask_migrate.configure_args,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            # Below deadlock_timeout (1 s): where the upgrade and a request wait for each other, the upgrade
            # gives in. And who only waits for a table makes everybody wait behind it.
            connection.execute(sa.text("SET LOCAL lock_timeout = '800ms'"))
        before = context.get_context().get_current_revision()
        context.run_migrations()
        return before, context.get_context().get_current_revision()


def migrate_patiently(engine: sa.Engine) -> tuple[str | None, str | None]:
    """Run the migrations while requests go on: what meets a lock is rolled back and tried again."""
    for left in reversed(range(TRIES)):
        try:
            with engine.connect() as connection:
                return migrate(connection)
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in LOCKED or not left:
                raise
            log.warning("a table is in use; the upgrade tries again")
            threading.Event().wait(0.3)
    raise AssertionError


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    if engine.dialect.name == "postgresql":
        record(*migrate_patiently(engine))
        return
    # SQLite alters a table by creating a new one and dropping the old, which would delete the rows that refer
    # to it. Foreign keys can be switched off only outside a transaction, on a connection of our own.
    engine = sa.create_engine(engine.url, poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection:
        revisions = migrate(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"rows that refer to nothing after the migration: {broken[:5]}")
    record(*revisions)


def record(before: str | None, after: str | None) -> None:
    """Write into the security log that somebody migrated the database by a command."""
    if click.get_current_context(silent=True) is not None:
        from wellchat.security_log.starts import record_migration

        record_migration(before, after)


run()
