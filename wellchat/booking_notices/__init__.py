"""Notices about bookings and sessions: when they are made, moved or cancelled, and before they begin."""

from wellchat.booking_notices import actions
from wellchat.booking_notices.personal_data import personal_data
from wellchat.booking_notices.render import content
from wellchat.feature import Feature, MailType
from wellchat.i18n import N_
from wellchat.notifications.kinds import CHANNELS, NotificationKind
from wellchat.subjects.hooks import subject_put_in_transaction

feature = Feature(
    "booking_notices",
    personal_data=personal_data,
    tasks="worker.booking_notices",
    sweeps=(actions.sweep,),
    notification_kinds=(
        NotificationKind(
            name="appointment",
            label=N_("Bookings and sessions"),
            title="{actor}",
            several="",
            discreet=N_("News of an appointment"),
            partial="notifications/_kinds/appointment.html",
            channels={"bell": True, "push": True, "email": False},
            offered=CHANNELS,
            about=N_("When one is made, moved or cancelled."),
        ),
        NotificationKind(
            name="reminder",
            label=N_("Reminders"),
            title="{actor}",
            several="",
            discreet=N_("An appointment is near"),
            partial="notifications/_kinds/appointment.html",
            channels={"bell": True, "push": True, "email": False},
            offered=CHANNELS,
            about=N_("A day and an hour before a booking or session."),
            priority="high",
        ),
    ),
    mails={"appointment": MailType(N_("Bookings and sessions"), content)},
    optional=True,
    handlers=((subject_put_in_transaction, actions.plan_notices),),
)
