"""Subject kinds: what a thread or a message can be about, and what counts as the same conversation about it.

A host platform's new kind is one more line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wellchat.i18n import N_, gettext

Scope = Literal["connection", "client", "subject"]


@dataclass(frozen=True)
class SubjectKind:
    """`scope` decides the thread: the pair's one thread, one per client, or one for the subject."""

    name: str
    label: str
    scope: Scope
    visit: str  # to where the host platform shows it
    contact: str  # the verb on its card; {role} is the professional's word for themselves


KINDS = {
    kind.name: kind
    for kind in (
        SubjectKind(
            "booking", N_("Booking"), "connection", N_("Open the booking"), N_("Message about this booking")
        ),
        SubjectKind(
            "session", N_("Session"), "connection", N_("Open the session"), N_("Message about this session")
        ),
        SubjectKind("coupon", N_("Coupon"), "client", N_("Open the coupon"), N_("Contact {role}")),
        SubjectKind("lead", N_("Lead"), "subject", N_("Open the lead"), N_("Message about this lead")),
    )
}


def known_kind(name: str) -> str:
    """The name of a declared kind. Raises ValueError, in words, for any other."""
    if name not in KINDS:
        raise ValueError(gettext("Choose one of %(choices)s.", choices=", ".join(KINDS)))
    return name
