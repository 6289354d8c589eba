"""Kinds of subjects: what threads and messages can be about, and which messages share a thread.

A new kind of the host platform is one more entry in KINDS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wellchat.i18n import N_, gettext

Scope = Literal["connection", "client", "subject"]


@dataclass(frozen=True)
class SubjectKind:
    """One kind of subject.

    `scope` decides about threads: one per pair, one per client, or one per subject.
    """

    name: str
    label: str
    scope: Scope
    visit: str  # label of the link to the host platform
    contact: str  # label of the button on its card; {role} is the professional's role_label


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
    """Return the name. Raises ValueError with a message for people if no such kind is declared."""
    if name not in KINDS:
        raise ValueError(gettext("Choose one of %(choices)s.", choices=", ".join(KINDS)))
    return name
