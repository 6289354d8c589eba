"""The head of a change log: as the database has it, and as one process knows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

# In the WSGI environ of a poll: how many were answered before the application since the last that it counted.
UNCOUNTED_KEY = "wellchat.uncounted"


class Head(NamedTuple):
    """A log in the database: its last number, and how often a session or token of its user has ended."""

    seq: int
    access: int


ReadHeads = Callable[[list[str]], Mapping[str, Head]]
"""Reads the heads of these users from the database, by user id. A user without a log is left out."""


class KnownHead:
    """The part of one user's log that this process knows.

    `seq`: the log has come at least this far. `acknowledged`: the seq up to which this process has recorded
    what polls acknowledged. `access`: Head.access; None until it has been read from the database.
    `last_used`: monotonic seconds. `polls`: idle polls since `counted_since` (monotonic seconds) that no rate
    limit has counted yet.
    """

    __slots__ = ("access", "acknowledged", "counted_since", "last_used", "polls", "seq")

    def __init__(self) -> None:
        self.seq = 0
        self.acknowledged = 0
        self.access: int | None = None
        self.polls = 0
        self.last_used = self.counted_since = time.monotonic()

    def update(self, head: Head) -> None:
        """Take over a head that was read from the database after this object was created."""
        # A wake-up may have raised `seq` during the query, and it is right: numbers only rise.
        self.seq = max(self.seq, head.seq)
        self.access = head.access
