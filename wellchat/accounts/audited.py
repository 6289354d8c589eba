"""Name the acts of accounts for the security log."""

from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.i18n import N_

AUDITED = {
    "session.started": AuditKind(N_("Signed in")),
    "session.refused": AuditKind(N_("Sign-in refused"), NOTICE),
    "session.ended": AuditKind(N_("Session ended")),
    "proof.refused": AuditKind(N_("Proof refused"), NOTICE),
    "device.new": AuditKind(N_("New device"), NOTICE),
    "device.denied": AuditKind(N_("Said that a new device is not theirs"), HIGH),
    "password.changed": AuditKind(N_("Password changed"), NOTICE),
    "password.reset_asked": AuditKind(N_("Asked for a new password")),
    "token.made": AuditKind(N_("Token made"), NOTICE),
    "token.ended": AuditKind(N_("Token ended")),
    "address.change_asked": AuditKind(N_("Asked for another email address"), NOTICE),
    "address.changed": AuditKind(N_("Email address changed"), NOTICE),
    "address.restored": AuditKind(N_("Change of email address undone"), HIGH),
}
