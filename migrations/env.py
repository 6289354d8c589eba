"""Run the migrations in the application that `wellchat db` loaded.

Migrations import no models: they stay true when a model changes later.
"""

from typing import Any

import click
import sqlalchemy as sa
from alembic import context
from flask import current_app

from wellchat.db import UTCDateTime

# One upgrade at a time, however many hosts start together: the others wait, and then find nothing left to do.
UPGRADE_LOCK = 8_245_931


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
        before = context.get_context().get_current_revision()
        context.run_migrations()
        return before, context.get_context().get_current_revision()


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            revisions = migrate(connection)
        record(*revisions)
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
