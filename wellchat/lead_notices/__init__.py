"""Notices to the owner of a lead: that a professional has claimed it."""

from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.lead_notices.actions import tell_owner
from wellchat.lead_notices.render import content
from wellchat.messaging.hooks import lead_thread_opened_in_transaction
from wellchat.notifications.kinds import CHANNELS, NotificationKind

feature = Feature(
    "lead_notices",
    optional=True,
    notification_kinds=(
        NotificationKind(
            name="lead",
            label=N_("Leads"),
            title="{actor}",
            several="",
            discreet=N_("News of a lead"),
            partial="notifications/_kinds/lead.html",
            channels={"bell": True, "push": True, "email": False},
            offered=CHANNELS,
            about=N_("When somebody claims one of yours."),
            priority="high",
        ),
    ),
    mails={"lead_claimed": MailType(N_("Leads"), content)},
    handlers=((lead_thread_opened_in_transaction, tell_owner),),
)
