"""Say how far a copy is, for pages that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.privacy.models import Export

KIND = "export"


def load_exports(viewer: User, ids: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Return what an update carries of these copies. What is not the viewer's is gone."""
    found = {
        each.id: each
        for each in db.session.execute(
            select(Export)
            .where(Export.id.in_(ids), Export.user_id == viewer.id)
            .execution_options(populate_existing=True)
        ).scalars()
    }
    return [_json(found[id_]) if id_ in found else {"id": id_, "deleted": True} for id_ in ids]


def _json(export: Export) -> dict[str, Any]:
    return {"id": export.id, "state": export.state, "done": export.done, "total": export.total}
