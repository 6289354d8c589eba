"""The pages of the mail ledger: one's own emails and why they came, and everybody's for administrators."""

from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.mail_ledger.pages import ledger

feature = Feature(
    "mail_ledger",
    blueprints=(ledger,),
    settings_tabs=(NavItem("/settings/emails", N_("Emails")),),
)
