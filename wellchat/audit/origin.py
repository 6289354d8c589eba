"""Say from where an act comes: set for each request by request_origin.py; a worker or command has none."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The person who asks, and their place. `actor_id` is None for a stranger."""

    actor_id: str | None
    address: str
    network: str
    device: str
    request_id: str | None = None
    # One of ACTOR_KINDS, where the request is nobody's and no stranger's.
    kind: str | None = None


# A function, called only when something is recorded: most requests record nothing.
current_origin: ContextVar[Callable[[], Origin] | None] = ContextVar("audit_origin", default=None)
