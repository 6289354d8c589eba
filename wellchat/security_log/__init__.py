"""Show the security log on pages, for administrators and oneself, and tell of suspicions."""

from flask import Flask

from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.feature import Feature, MailType, NavItem
from wellchat.i18n import N_
from wellchat.security_log import commands, refusals, suspicion
from wellchat.security_log.pages import pages


def _setup(app: Flask) -> None:
    refusals.init_app(app)
    commands.init_app(app)


feature = Feature(
    "security_log",
    blueprints=(pages,),
    sweeps=(suspicion.sweep,),
    tidies=(suspicion.check_chain,),
    audited={
        "suspicion.raised": AuditKind(N_("Suspicion"), HIGH, shown_to_person=False, of_admin=True),
        "operator.command": AuditKind(N_("Command of the operator"), NOTICE, of_admin=True),
        "system.started": AuditKind(N_("Started"), shown_to_person=False, of_admin=True),
        "system.migrated": AuditKind(N_("Database migrated"), NOTICE, shown_to_person=False, of_admin=True),
    },
    mails={"suspicion": MailType(N_("Suspicion in the security log"), suspicion.mail_context)},
    oversight_tabs=(NavItem("/oversight/audit", N_("Security log"), visible=lambda v: v.may("audit")),),
    settings_tabs=(NavItem("/settings/activity", N_("Activity")),),
    setup=_setup,
)
