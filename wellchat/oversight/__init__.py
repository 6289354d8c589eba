"""Oversight: administrators may open any conversation, with a reason, and every access stays on record."""

from wellchat.audit.kinds import LOOK, NOTICE, READING, AuditKind
from wellchat.feature import Feature, MailType, NavItem
from wellchat.i18n import N_
from wellchat.oversight import notices
from wellchat.oversight.pages import pages
from wellchat.oversight.personal_data import personal_data
from wellchat.privacy.hooks import looks_told


def _kind(label: str, signal: str = "") -> AuditKind:
    # The two people learn of a look by its notice, not at once.
    return AuditKind(label, NOTICE, shown_to_person=False, of_admin=True, signal=signal)


feature = Feature(
    "oversight",
    personal_data=personal_data,
    blueprints=(pages,),
    sweeps=(notices.sweep,),
    handlers=((looks_told, notices.told_looks),),
    account_menu=(NavItem("/oversight", N_("Oversight"), "search", visible=lambda viewer: viewer.is_admin),),
    oversight_tabs=(
        NavItem("/oversight", N_("Conversations"), visible=lambda viewer: viewer.is_admin),
        NavItem("/oversight/quality", N_("Quality"), visible=lambda viewer: viewer.may("audit")),
    ),
    mails={"look_notice": MailType(N_("Your conversation was opened"), notices.content)},
    audited={
        "oversight.searched": _kind(N_("Searched for conversations"), READING),
        "oversight.listed": _kind(N_("Saw results of a search"), READING),
        "look.asked": _kind(N_("Asked to open a conversation"), LOOK),
        "look.approved": _kind(N_("Agreed that a conversation is opened")),
        "look.opened": _kind(N_("Opened a conversation"), LOOK),
        "look.page_read": _kind(N_("Read messages of a conversation"), READING),
        "look.file_read": _kind(N_("Read a file of a conversation"), READING),
        "look.ended": _kind(N_("Closed a conversation")),
        "look.told": _kind(N_("Told two people that their conversation was opened")),
    },
    optional=True,
)
