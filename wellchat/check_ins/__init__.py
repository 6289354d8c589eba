"""Check-ins: messages that a professional's rules send to clients, on their birthday or after a visit."""

from typing import Any

from wellchat.check_ins import actions, mail_links, sending
from wellchat.check_ins.api import api
from wellchat.check_ins.pages import pages
from wellchat.check_ins.personal_data import personal_data
from wellchat.digests.hooks import ways_to_end
from wellchat.feature import Feature, NavItem
from wellchat.i18n import N_
from wellchat.places import ConnectionPanel


def samples(talk: Any) -> dict[str, Any]:
    """Return a rule of Paul's, and bodies of calls, for the tests of who may see what."""
    rule: dict[str, Any] = {"name": "Six weeks", "occasion": "last_booking", "days": 42, "hour": 10}
    rule["body"] = "Hello {name}"
    made = actions.make_rule(viewer=talk.paul, now=talk.now, **rule)
    return {
        "rule_id": made.id,
        "/check-ins/rules/<rule_id>": rule,
        "/check-ins/rules/<rule_id>/pause": {"paused": "1"},
        "/check-ins/rules/<rule_id>/leave-out": {"connection": "x", "occasion": "subject:x", "on": "1"},
        "/threads/<thread_id>/check-ins": {"refused": "1"},
        "/threads/<thread_id>/birthday": {"day": "3", "month": "5"},
    }


feature = Feature(
    "check_ins",
    optional=True,
    blueprints=(api, pages),
    sweeps=(sending.sweep,),
    handlers=((ways_to_end, mail_links.ways_to_end),),
    account_menu=(
        NavItem("/check-ins", N_("Check-ins"), "check_in", visible=lambda viewer: viewer.is_professional),
    ),
    icons={
        "check_in": '<path d="M3.75 5.5h12.5v8.75H9.5L6.25 17v-2.75h-2.5Z"/>'
        '<path d="m7.25 9.75 2 2 3.5-3.75"/>'
    },
    styles=("later",),
    connection_panels=(
        ConnectionPanel(
            N_("Check-ins"),
            "check_ins/_person.html",
            actions.may_come,
            visible=lambda viewer: viewer.is_client,
        ),
    ),
    slots={"thread_menu": "check_ins/_thread_menu.html"},
    personal_data=personal_data,
    samples=samples,
)
