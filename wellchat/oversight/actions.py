"""Record an administrator's access to a conversation; `queries.grant_of` checks it at every reading."""

from __future__ import annotations

from datetime import datetime

from wellchat.accounts.models import User
from wellchat.db import transaction
from wellchat.errors import Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.models import Thread
from wellchat.oversight.models import AccessGrant


def grant_access(*, admin: User, thread_id: str, reason: str, now: datetime) -> AccessGrant:
    """Record that `admin` opens a thread, and why. Return the grant.

    Raises NotFound for anybody but an administrator or for an unknown thread, Invalid without a good reason.
    """
    # NotFound, not NotAllowed: nobody else learns that oversight exists.
    if not admin.is_admin:
        raise NotFound
    reason = reason.strip()
    if not 10 <= len(reason) <= 500 or "\x00" in reason:
        raise Invalid(
            {"reason": gettext("Say why in a sentence of 10 to 500 characters. It is kept on record.")}
        )
    with transaction() as session:
        if session.get(Thread, thread_id) is None:
            raise NotFound
        entry = AccessGrant(admin_id=admin.id, thread_id=thread_id, reason=reason, created_at=now)
        session.add(entry)
    return entry
