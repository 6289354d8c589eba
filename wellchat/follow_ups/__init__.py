"""Reminders to oneself of a conversation. The other person never hears of them."""

from datetime import timedelta
from typing import Any

from wellchat.feature import Feature, MailType, NavItem
from wellchat.follow_ups import actions
from wellchat.follow_ups.api import api
from wellchat.follow_ups.pages import pages
from wellchat.follow_ups.personal_data import personal_data
from wellchat.follow_ups.render import content
from wellchat.i18n import N_
from wellchat.notifications.kinds import CHANNELS, NotificationKind


def samples(talk: Any) -> dict[str, Any]:
    """Return a reminder of Cara's, and bodies of calls, for the tests of who may see what."""
    at = talk.now + timedelta(days=30)
    one = actions.remind(viewer=talk.cara, thread_id=talk.id, note="Ask", remind_at=at, now=talk.now)
    return {
        "follow_up_id": one.id,
        "/api/threads/<thread_id>/reminders": {"note": "Ask", "when": "monday"},
        "/threads/<thread_id>/reminders": {"note": "Ask", "when": "monday"},
        "/api/reminders/<follow_up_id>": {"done": True},
        "/reminders/<follow_up_id>": {"when": "monday"},
    }


feature = Feature(
    "follow_ups",
    optional=True,
    blueprints=(api, pages),
    sweeps=(actions.sweep,),
    tidies=(actions.tidy,),
    notification_kinds=(
        NotificationKind(
            name="follow_up",
            label=N_("Reminders to me"),
            title="{actor}",
            several="",
            discreet=N_("You asked to be reminded"),
            channels={"bell": True, "push": True, "email": False},
            offered=CHANNELS,
            about=N_("Of conversations, at times that you set yourself."),
            priority="high",
        ),
    ),
    mails={"follow_up": MailType(N_("Reminders to me"), content)},
    account_menu=(
        NavItem("/reminders", N_("Reminders to me"), "follow_up", visible=lambda viewer: not viewer.is_admin),
    ),
    icons={
        "follow_up": '<path d="M4.5 14.25h11c-1-1.1-1.5-2.3-1.5-4.5a4 4 0 0 0-8 0c0 2.2-.5 3.4-1.5 4.5Z"/>'
        '<path d="M8.5 16.75c.8.7 2.2.7 3 0M10 5.5V3.75"/>'
    },
    slots={"thread_menu": "follow_ups/_thread_menu.html"},
    personal_data=personal_data,
    samples=samples,
)
