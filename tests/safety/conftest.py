from __future__ import annotations

import pytest

from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent
from wellchat.db import db


@pytest.fixture
def fresh(app):
    """fresh(user): the person as the database has them now."""
    return lambda user: db.session.get(User, user.id, populate_existing=True)


@pytest.fixture
def logged(app):
    """logged(): the kinds of acts in the security log, sorted."""

    def kinds():
        db.session.rollback()
        return sorted(row.kind for row in db.session.query(AuditEvent))

    return kinds
