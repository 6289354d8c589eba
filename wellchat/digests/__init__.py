"""Digests: one email that gathers what a person missed. The rules are in decide.py."""

from wellchat.digests import runs, week, week_content
from wellchat.digests.actions import reschedule, schedule_for_messages
from wellchat.digests.cli import digest
from wellchat.digests.pages import pages
from wellchat.digests.personal_data import personal_data
from wellchat.digests.preview import test_content
from wellchat.digests.render import content
from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.messaging.hooks import recipient_notified_in_transaction
from wellchat.notifications.hooks import preferences_changed_in_transaction
from wellchat.notifications.kinds import NotificationKind

feature = Feature(
    "digests",
    personal_data=personal_data,
    blueprints=(pages,),
    commands=(digest,),
    tasks="worker.digests",
    sweeps=(runs.sweep, runs.sweep_weeks),
    notification_kinds=(
        NotificationKind(
            name="week",
            label=N_("Weekly summary"),
            title=N_("Your week"),
            channels={"bell": False, "push": False, "email": True},
            offered=("email",),
            about=N_("Once a week: who is waiting for an answer. Only sent if there were messages."),
            position=1,
            priority="low",
        ),
    ),
    mails={
        "digest": MailType(N_("New messages"), content),
        "week": MailType(N_("Weekly summary"), week_content.content),
        "test": MailType(N_("Test"), test_content),
    },
    handlers=(
        (recipient_notified_in_transaction, schedule_for_messages),
        (recipient_notified_in_transaction, week.schedule_for_messages),
        (preferences_changed_in_transaction, reschedule),
        (preferences_changed_in_transaction, week.reschedule),
    ),
)
