"""Note that a backup was put back: everybody loads afresh, and nothing is mailed twice."""

from __future__ import annotations

from sqlalchemy import update

from wellchat import clock
from wellchat.audit.actions import record
from wellchat.backup.manifest import Manifest
from wellchat.changes.actions import note_restored
from wellchat.claims import QUEUED
from wellchat.db import transaction
from wellchat.mail.models import Mail

SENDING, UNKNOWN = ("sending", "unknown")
WHY = "A backup was restored. It may have been sent after the backup was made."


def note_restored_here(manifest: Manifest) -> None:
    """Begin a new life of the database of this application, and write it down, in one transaction."""
    with transaction():
        note_restored()
        detail = {"revision": manifest.revision, "version": manifest.wellchat}
        record("backup.restored", now=clock.now(), detail=detail)


def doubt_waiting_mails() -> None:
    """Mark mails that were waiting as `unknown`: they may have gone out after the backup was made.

    No mail is sent twice by itself. An operator can send one again: `wellchat mail resend`.
    """
    with transaction() as session:
        waiting = update(Mail).where(Mail.state.in_((QUEUED, SENDING)))
        session.execute(waiting.values(state=UNKNOWN, reason=WHY, due_at=None))
