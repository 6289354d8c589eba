"""Declare what a host platform may hear of, and tell it.

The package whose act it is declares its types in `Feature.events`, and calls `tell_host` in the transaction
of the act. wellchat/events writes down what it is told; where it is off, nothing listens. The words of a
message never stand in an event: `data` holds ids, numbers and words of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from wellchat.feature import Hook

PEOPLE = ("user", "into", "client", "professional", "sender", "recipient", "reader", "reporter", "about")
"""The keys of `data` that hold the id of a person. The host is told its own ids of them beside."""


@dataclass(frozen=True)
class EventType:
    """One type of event, named `thing.happened`. `data` names what each event of it holds."""

    says: str  # for the docs: "A message was sent."
    data: tuple[str, ...]
    # Whether it is written where WELLCHAT_EVENTS does not name it.
    by_default: bool = True


tell_host: Hook[..., None] = Hook("tell_host_in_transaction")
"""(type, data, at, thread_id=None, thread_seq=None), inside the transaction of the act.

Events of one thread are given to the host in the order of `thread_seq`: the number of the message, or of the
last message when it happened. `at` is None where the act does not know: then it is when the worker sees it.
"""

_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def silence() -> Iterator[None]:
    """Tell the host nothing of what happens inside: it brings its own history, and knows all of it."""
    before = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(before)


def is_silent() -> bool:
    """Return whether the present act is not told."""
    return _silent.get()
