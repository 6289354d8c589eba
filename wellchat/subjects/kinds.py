"""Subject kinds: what a thread or a message can be about, and what counts as the same conversation about it.

A host platform's new kind is one more line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["connection", "client", "subject"]


@dataclass(frozen=True)
class SubjectKind:
    """`scope` decides the thread: the pair's one thread, one per client, or one for the subject."""

    name: str
    label: str
    scope: Scope
    contact: str  # the verb on its card; {role} is the professional's word for themselves


KINDS = {
    kind.name: kind
    for kind in (
        SubjectKind("booking", "Booking", "connection", "Message about this booking"),
        SubjectKind("session", "Session", "connection", "Message about this session"),
        SubjectKind("coupon", "Coupon", "client", "Contact {role}"),
        SubjectKind("lead", "Lead", "subject", "Message about this lead"),
    )
}
