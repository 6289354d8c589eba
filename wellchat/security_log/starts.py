"""Write down that wellchat starts, and that its schema was migrated. Neither is held up by the log."""

from __future__ import annotations

import hashlib
import hmac
import threading
from importlib import import_module
from typing import Any

from flask import Flask, current_app
from sqlalchemy import inspect

from wellchat.audit.actions import record_refusal
from wellchat.audit.models import DONE, OPERATOR, SYSTEM, AuditEvent
from wellchat.clock import now
from wellchat.config import Settings, setting
from wellchat.db import db
from wellchat.security_log.commands import system_user


def record_start_soon(app: Flask, part: str) -> None:
    """Call `record_start` in a thread: a database that hangs holds up no start."""

    def work() -> None:
        with app.app_context():
            record_start(part)

    threading.Thread(target=work, name="security-log-start", daemon=True).start()


def record_start(part: str) -> None:
    """Write that a part starts: `web` or `worker`. It never raises, so that no log can keep a house shut."""
    version = import_module("wellchat").__version__
    detail = {"part": part, "version": version, "settings": settings_digest(), "system_user": system_user()}
    _write("system.started", SYSTEM, detail)


def record_migration(before: str | None, after: str | None) -> None:
    """Write that the schema went from one revision to another, if it did and if it has the log's tables."""
    if before != after:
        detail = {"from": before, "to": after, "system_user": system_user()}
        _write("system.migrated", OPERATOR, detail)


def _write(kind: str, actor_kind: str, detail: dict[str, Any]) -> None:
    try:
        is_there = inspect(db.engine).has_table(AuditEvent.__tablename__)
    except Exception:
        # A database that does not answer is said by whoever needs it next.
        return
    if is_there:
        record_refusal(kind, now=now(), actor_kind=actor_kind, outcome=DONE, detail=detail)
        # There is no request here whose end gives the connection back.
        db.session.remove()


def settings_digest() -> str:
    """Return 16 hexadecimal digits that differ when any setting differs. They tell nothing about a value."""
    values = repr([(name, current_app.config.get(name)) for name in sorted(Settings.model_fields)])
    # With a key: of a plain hash somebody could guess settings that have few possible values.
    key = hashlib.sha256(b"wellchat.audit.settings:" + setting("SECRET_KEY").encode()).digest()
    return hmac.new(key, values.encode(), "sha256").hexdigest()[:16]
