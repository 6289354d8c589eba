"""Messages that are written now and sent later, by the worker, as their author."""

from datetime import timedelta
from typing import Any

from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.notifications.kinds import NotificationKind
from wellchat.scheduled import actions, sending
from wellchat.scheduled.api import api
from wellchat.scheduled.models import MINE, SEND_LATER
from wellchat.scheduled.pages import pages
from wellchat.scheduled.personal_data import personal_data

BELL_AND_PUSH = {"bell": True, "push": True, "email": False}


def samples(talk: Any) -> dict[str, Any]:
    """Return a message that Cara sends later, and bodies of calls, for the tests of who may see what."""
    later = talk.now + timedelta(days=30)
    one, _ = actions.schedule_message(
        author=talk.cara,
        thread_id=talk.id,
        body="Later",
        client_key="sample-later",
        send_at=later,
        zone_of=MINE,
        now=talk.now,
    )
    body = {"body": "Later", "client_key": "another", "when": "tomorrow"}
    return {
        "scheduled_id": one.id,
        "/api/threads/<thread_id>/scheduled": body,
        "/threads/<thread_id>/scheduled": body,
        "/threads/<thread_id>/scheduled/choose": {"body": "Later"},
        "/api/scheduled/<scheduled_id>": {"body": "Later still"},
        "/scheduled/<scheduled_id>": {"body": "Later still", "when": "monday"},
    }


feature = Feature(
    "scheduled",
    optional=True,
    blueprints=(api, pages),
    flags={SEND_LATER: N_("Scheduled messages")},
    sweeps=(sending.sweep,),
    tidies=(sending.tidy,),
    notification_kinds=(
        NotificationKind(
            name="scheduled",
            label=N_("Messages sent later"),
            title="",
            several="",
            discreet=N_("A message was not sent"),
            channels=BELL_AND_PUSH,
            offered=("bell", "push"),
            about=N_("When one of yours could not be sent at its time."),
        ),
    ),
    account_menu=(
        NavItem("/scheduled", N_("Scheduled"), "later", visible=lambda viewer: not viewer.is_admin),
    ),
    icons={"later": '<circle cx="10" cy="10" r="7.25"/><path d="M10 5.75V10l3 2"/>'},
    styles=("later",),
    scripts={"sendLater": "send_later", "scheduledMade": "scheduled_made"},
    slots={
        "composer_send": "scheduled/_composer.html",
        "thread_menu": "scheduled/_thread_menu.html",
    },
    personal_data=personal_data,
    samples=samples,
)
