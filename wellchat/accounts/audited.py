"""Name the acts of accounts for the security log."""

from wellchat.audit.kinds import EXPORT, HIGH, NOTICE, SIGN_IN, SIGN_IN_FAILED, AuditKind
from wellchat.i18n import N_

AUDITED = {
    "session.started": AuditKind(N_("Signed in"), signal=SIGN_IN),
    "session.refused": AuditKind(N_("Sign-in refused"), NOTICE, signal=SIGN_IN_FAILED),
    "session.ended": AuditKind(N_("Session ended")),
    "proof.refused": AuditKind(N_("Proof refused"), NOTICE),
    "device.new": AuditKind(N_("New device"), NOTICE),
    "device.denied": AuditKind(N_("Said that a new device is not theirs"), HIGH),
    "password.changed": AuditKind(N_("Password changed"), NOTICE),
    "password.reset_asked": AuditKind(N_("Asked for a new password")),
    "token.made": AuditKind(N_("Token made"), NOTICE),
    "token.ended": AuditKind(N_("Token ended")),
    "account.invited": AuditKind(N_("Somebody invited"), NOTICE),
    "account.confirmed": AuditKind(N_("Professional confirmed"), NOTICE),
    "address.change_asked": AuditKind(N_("Asked for another email address"), NOTICE),
    "address.changed": AuditKind(N_("Email address changed"), NOTICE),
    "address.restored": AuditKind(N_("Change of email address undone"), HIGH),
    "person.exported": AuditKind(N_("Personal data exported"), NOTICE, of_admin=True, signal=EXPORT),
    "person.erased": AuditKind(N_("Account erased"), NOTICE, of_admin=True),
}
