"""Name the hook by which the visit to a host's page asks the features above."""

from __future__ import annotations

from datetime import datetime

from wellchat.feature import Hook


class Wrong(Exception):
    """A finding that keeps people from their messages: what it is, and the line that mends it."""

    def __init__(self, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.mend = mend


webhooks_looked_at: Hook[[str, datetime], str] = Hook("host_setup.webhooks_looked_at")
"""(origin of the host, now) -> what is well with its webhooks, in one line. Raises Wrong."""
