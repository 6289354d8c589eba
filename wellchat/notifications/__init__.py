"""The notification centre, and each person's preferences: about what, how and when they are notified."""

from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.mail.hooks import unsubscribe_kind
from wellchat.notifications.api import api
from wellchat.notifications.pages import pages
from wellchat.notifications.personal_data import personal_data
from wellchat.notifications.unsubscribe import kind_of_path

feature = Feature(
    "notifications",
    personal_data=personal_data,
    handlers=((unsubscribe_kind, kind_of_path),),
    blueprints=(api, pages),
    settings_tabs=(NavItem("/settings/notifications", N_("Notifications")),),
    icons={
        "bell": (
            '<path d="M5.5 8a4.5 4.5 0 0 1 9 0c0 4 1.75 5.25 1.75 5.25H3.75S5.5 12 5.5 8Z"/>'
            '<path d="M8.5 16a1.75 1.75 0 0 0 3 0"/>'
        ),
        "bell-off": (
            '<path d="M7.2 4.5A4.5 4.5 0 0 1 14.5 8c0 1.6.3 2.8.65 3.6"/>'
            '<path d="M5.6 7.2 5.5 8c0 4-1.75 5.25-1.75 5.25H13M8.5 16a1.75 1.75 0 0 0 3 0M3 3l14 14"/>'
        ),
    },
)
