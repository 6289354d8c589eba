"""Runs migrations in the application that `wellchat db` loaded. Versions import no models: they stay true as code moves."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from wellchat.db import UTCDateTime

# One upgrade at a time, however many hosts start together: the others wait, then find nothing left to do.
UPGRADE_LOCK = 8_245_931


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write our own types as the plain ones they are made of."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    migrate = current_app.extensions["migrate"]
    engine = migrate.db.engine
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            render_item=render_item,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
