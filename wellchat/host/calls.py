"""Declare a call of the host API: its address, scope, body and answer, and the function that does it.

`@host_call` makes a HostCall of a function (caller, arguments of the address, body, query) -> Answer. The
function knows no request: performing.py checks the scope, reads the body, and does the dry run and the
repeating around it, for a single call and for one of a batch alike.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from wellchat.feature import Registry, registry
from wellchat.guard import Budget

BUDGET = Budget("host-key", "200/second;3000/minute")
WORDS = Budget("host-words", "300/minute")  # pages of what people wrote
MAX_LISTED = 500
MAX_OPERATIONS = 100  # of a batch
MAX_BODY = 1024 * 1024


class Caller(NamedTuple):
    """The key that a call is made with, and the moment of the call."""

    key_id: str
    scopes: tuple[str, ...]
    now: datetime


caller_now: ContextVar[Caller | None] = ContextVar("caller_now", default=None)
"""The caller of the present call of the host API, for records made during it."""


@dataclass(frozen=True)
class Answer:
    """The status and JSON of an answer.

    `new` names the object in it that the call has made; `people` are the ids of those whom it is about.
    """

    status: int
    body: dict[str, Any] | None = None
    new: str = ""
    people: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    shown_once: tuple[str, ...] = ()  # keys of secrets: None where the answer is given again


# Compared as the things they are: routes have them as keys.
@dataclass(frozen=True, eq=False)
class HostCall:
    """One call. `rule` is below /api/host; its `<ext:...>` are ids of the host."""

    name: str
    method: str
    rule: str
    scope: str | None  # None: every key may
    act: Callable[..., Answer]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: dict[int, tuple[str, type[BaseModel] | None]] = field(default_factory=dict)
    raw: bool = False  # the body is bytes, and no JSON
    each_alone: bool = False  # it has a transaction for each of its parts
    # Of a POST: where the body has a `client_key`, it needs no Idempotency-Key. KEPT: the act itself knows it
    # for ever. FOR_NOW: it serves as such a key, for 48 hours.
    client_key: Literal["", "kept", "for now"] = ""
    room: Callable[[], int] = lambda: MAX_BODY  # the largest body, in bytes

    @property
    def writes(self) -> bool:
        """Return whether it changes something."""
        return self.method != "GET"


class TryAgain(Exception):
    """Another call was faster. A second look at the whole call finds what it has done."""


CALLS: list[HostCall] = []


def all_calls(features: Registry | None = None) -> list[HostCall]:
    """Return the calls of the host API here: those of this package, and of the features above it."""
    features = features or registry()
    return [*CALLS, *(call for feature in features.features for call in feature.host_calls)]


def host_call(
    method: str, rule: str, *, scope: str | None, into: list[HostCall] = CALLS, **more: Any
) -> Callable[[Callable[..., Answer]], HostCall]:
    """Declare the decorated function as a call. Its name is the operation id; the docs show its docstring.

    A feature above this one collects its calls `into` a list of its own, for `Feature.host_calls`.
    """

    def declare(act: Callable[..., Answer]) -> HostCall:
        call = HostCall(act.__name__, method, rule, scope, act, **more)
        into.append(call)
        return call

    return declare
