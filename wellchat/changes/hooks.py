"""Name the hooks by which changes call the features above."""

from __future__ import annotations

from wellchat.feature import Hook

database_restored_in_transaction: Hook[[], None] = Hook("changes.database_restored_in_transaction")
"""(): a backup was put back. Numbers that others have seen are given out again from now on."""
