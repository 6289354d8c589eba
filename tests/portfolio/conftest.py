from __future__ import annotations

import pytest

from wellchat.audit.models import AuditEvent
from wellchat.db import db


@pytest.fixture
def logged(app):
    """logged(): the kinds of acts in the security log, sorted."""

    def kinds():
        db.session.rollback()
        return sorted(row.kind for row in db.session.query(AuditEvent))

    return kinds
