"""Kinds of subjects: what threads and messages can be about, and which messages share a thread.

KINDS are ours. The host platform adds kinds of its own with `PUT /api/host/kinds/KIND` or `wellchat kind
put`. A process keeps those that it has met, so that no page pays for a statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from wellchat.db import db, table
from wellchat.i18n import N_, gettext
from wellchat.kept_rows import KeptRows

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
    retention_days: int | None = None  # of its conversations, after their last message; of own kinds alone


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


def _load_own() -> dict[str, SubjectKind]:
    from wellchat.subjects.models import OwnSubjectKind  # it imports this module

    columns = [table(OwnSubjectKind).c[name] for name in SubjectKind.__dataclass_fields__]
    rows = db.session.execute(select(*columns).order_by(OwnSubjectKind.name)).all()
    return {row.name: SubjectKind(**row._mapping) for row in rows}


OWN = KeptRows("subject_kinds", _load_own)


def kinds() -> dict[str, SubjectKind]:
    """Return name -> kind: ours, then those of the host that this process has met, by name."""
    return {**KINDS, **OWN.known()}


def find_kind(name: str) -> SubjectKind | None:
    """Return the kind of this name, or None."""
    return KINDS.get(name) or OWN.get(name)


def kind_of(name: str) -> SubjectKind:
    """Return the kind of this name; a plain one for the name of none, such as from another installation."""
    return find_kind(name) or SubjectKind(name, name, "connection", N_("Open"), name)


def known_kind(name: str) -> str:
    """Return the name. Raises ValueError with a message for people if there is no such kind."""
    if find_kind(name) is None:
        raise ValueError(gettext("Choose one of %(choices)s.", choices=", ".join(kinds())))
    return name


def kind_icon(name: str) -> str:
    """Return the name of the icon of a kind; those of the host have the one of a booking."""
    return name if name in KINDS else "booking"
