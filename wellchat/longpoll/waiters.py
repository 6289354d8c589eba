"""A poll that waits."""

from __future__ import annotations

from wellchat.longpoll.executor import Wakeup


class Waiter(Wakeup):
    """One waiting poll: its user, and the head it has seen.

    `displaced`: a newer poll of the same person has taken its place.
    """

    __slots__ = ("displaced", "seq", "user_id")

    def __init__(self, user_id: str, seq: int) -> None:
        super().__init__()
        self.user_id = user_id
        self.seq = seq
        self.displaced = False
