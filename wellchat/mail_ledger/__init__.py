"""The pages of the mail ledger: one's own emails and why they came, and everybody's for administrators."""

from wellchat.accounts.models import User
from wellchat.audit.kinds import NOTICE, AuditKind
from wellchat.feature import Feature, NavItem, registry
from wellchat.i18n import N_
from wellchat.mail_ledger.pages import ledger


def _is_without_oversight(viewer: User) -> bool:
    return viewer.may("mail") and not registry().has("oversight")


feature = Feature(
    "mail_ledger",
    audited={
        "mails.listed": AuditKind(N_("List of emails opened"), NOTICE, shown_to_person=False, of_admin=True),
        "mails.resent": AuditKind(N_("Email sent again"), NOTICE, of_admin=True),
    },
    blueprints=(ledger,),
    # Oversight links to the page of all emails; without it administrators find it here.
    account_menu=(NavItem("/oversight/emails", N_("Emails"), "mail", visible=_is_without_oversight),),
    settings_tabs=(NavItem("/settings/emails", N_("Emails")),),
    oversight_tabs=(NavItem("/oversight/emails", N_("Emails"), visible=lambda viewer: viewer.may("mail")),),
)
