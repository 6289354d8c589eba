"""Declare kinds of acts: each feature names its own in `Feature.audited`."""

from __future__ import annotations

from dataclasses import dataclass

from wellchat.i18n import N_

SEVERITIES = INFO, NOTICE, HIGH = ("info", "notice", "high")


@dataclass(frozen=True)
class AuditKind:
    """One kind of act in the security log. The name is `area.act`, such as `session.started`."""

    label: str  # what a page shows: "Signed in"
    severity: str = INFO
    # Whether the person whom it is about sees it under "Recent activity".
    shown_to_person: bool = True


KINDS = {
    "access.refused": AuditKind(N_("Access refused"), NOTICE, shown_to_person=False),
    "limit.reached": AuditKind(N_("Limit reached"), NOTICE, shown_to_person=False),
}
