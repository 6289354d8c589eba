"""Register the migrations of the database: `wellchat db`, and `flask_migrate.upgrade()` in the application.

Alembic is loaded when one of them is used. It would be a twentieth of the start of every process.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import click
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.local import LocalProxy


class _Commands(click.Group):
    """The commands of Flask-Migrate."""

    @cached_property
    def _loaded(self) -> click.Group:
        from flask_migrate.cli import db

        group: click.Group = db
        return group

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return self._loaded.get_params(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._loaded.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._loaded.get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        return self._loaded.invoke(ctx)


def init_app(app: Flask, db: SQLAlchemy, *, directory: str) -> None:
    """Register Flask-Migrate with the migrations in `directory`, without loading it."""

    def load() -> Any:
        from flask_migrate import Migrate

        # This puts the real object in the place of the proxy, and the real command in the place of ours.
        Migrate().init_app(app, db, directory=directory, compare_type=True, render_as_batch=True)
        return app.extensions["migrate"]

    app.extensions["migrate"] = LocalProxy(load)
    app.cli.add_command(_Commands("db", help="Perform database migrations."))
