"""Declare kinds of acts: each feature names its own in `Feature.audited`."""

from __future__ import annotations

from dataclasses import dataclass

from wellchat.i18n import N_

SEVERITIES = INFO, NOTICE, HIGH = ("info", "notice", "high")

SIGNALS = SIGN_IN, SIGN_IN_FAILED, FACTOR_RESET, EXPORT, LOOK, READING = (
    "sign_in",
    "sign_in_failed",
    "factor_reset",
    "export",  # of a person's data, or of the log
    "look",  # an administrator opened a conversation
    "reading",  # a page, a file or a search within a look
)


@dataclass(frozen=True)
class AuditKind:
    """One kind of act in the security log. The name is `area.act`, such as `session.started`."""

    label: str  # what a page shows: "Signed in"
    severity: str = INFO
    # Whether the person whom it is about sees it under "Recent activity".
    shown_to_person: bool = True
    # Whether it is an act of administrators: kept for WELLCHAT_AUDIT_ADMIN_DAYS, as acts of the operator are.
    of_admin: bool = False
    # What the rules of suspicion take it for, one of SIGNALS.
    signal: str = ""


KINDS = {
    "access.refused": AuditKind(N_("Access refused"), NOTICE, shown_to_person=False),
    "input.refused": AuditKind(N_("Input refused"), shown_to_person=False),
    "limit.reached": AuditKind(N_("Limit reached"), NOTICE, shown_to_person=False),
    "audit.exported": AuditKind(
        N_("Security log exported"), NOTICE, shown_to_person=False, of_admin=True, signal=EXPORT
    ),
    "audit.trimmed": AuditKind(N_("Security log trimmed"), NOTICE, shown_to_person=False, of_admin=True),
    "audit.key_changed": AuditKind(N_("Key of the security log changed"), NOTICE, shown_to_person=False),
}
