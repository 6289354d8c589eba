"""Safety between two people: block, end, report; moderators' queue; people for administrators."""

from wellchat.accounts.models import User
from wellchat.audit.kinds import HIGH, NOTICE, AuditKind
from wellchat.event_types import EventType
from wellchat.feature import Feature, MailType, NavItem, registry
from wellchat.i18n import N_
from wellchat.messaging.hooks import blocks_among
from wellchat.notifications.kinds import NotificationKind
from wellchat.safety import between, cli, people
from wellchat.safety.api import api
from wellchat.safety.mails import measure_content
from wellchat.safety.pages import blueprints
from wellchat.safety.personal_data import personal_data


def _may_moderate(viewer: User) -> bool:
    return viewer.may("moderate")


def _may_see_people(viewer: User) -> bool:
    return viewer.may("people")


def _is_without_oversight(viewer: User) -> bool:
    return viewer.may("people") and not registry().has("oversight")


AUDITED = {
    "block.made": AuditKind(N_("Blocked somebody"), shown_to_person=False),
    "block.undone": AuditKind(N_("Took a block back"), shown_to_person=False),
    "connection.ended": AuditKind(N_("Connection ended"), shown_to_person=False),
    "connection.reopened": AuditKind(N_("Connection opened again"), shown_to_person=False),
    "report.made": AuditKind(N_("Report made"), NOTICE, shown_to_person=False),
    "report.viewed": AuditKind(N_("Reported messages read"), NOTICE, shown_to_person=False, of_admin=True),
    "report.settled": AuditKind(N_("Report settled"), NOTICE, shown_to_person=False, of_admin=True),
    "person.disabled": AuditKind(N_("Account disabled"), HIGH, of_admin=True),
    "person.enabled": AuditKind(N_("Account enabled"), NOTICE, of_admin=True),
    "person.role_changed": AuditKind(N_("Role changed"), HIGH, of_admin=True),
    "person.signed_out": AuditKind(N_("Signed out everywhere by an administrator"), NOTICE, of_admin=True),
    "person.paused": AuditKind(N_("Stopped from sending"), NOTICE, of_admin=True),
    "people.searched": AuditKind(N_("People searched"), NOTICE, shown_to_person=False, of_admin=True),
    "people.opened": AuditKind(N_("Page of a person opened"), NOTICE, shown_to_person=False, of_admin=True),
}

_TWO = ("connection", "client", "professional")
_REPORT = ("report", "thread", "kind", "reporter", "about")
EVENTS = {
    "connection.ended": EventType("Two people write to each other no more.", (*_TWO, "by")),
    "connection.reopened": EventType("Two people may write to each other again.", _TWO),
    "report.opened": EventType("Somebody reported a message or a person.", _REPORT),
    "report.closed": EventType("A report was settled.", (*_REPORT, "outcome")),
}

feature = Feature(
    "safety",
    personal_data=personal_data,
    blueprints=(*blueprints, api),
    subcommands={"user": cli.commands},
    sweeps=(people.end_pauses,),
    notification_kinds=(
        NotificationKind(
            name="safety",
            label=N_("Safety"),
            title=N_("Safety"),
            discreet=N_("News about safety"),
            about=N_("What became of a report of yours, and warnings."),
            position=2,
        ),
    ),
    mails={"measure": MailType(N_("A decision about your account"), measure_content, to_disabled=True)},
    audited=AUDITED,
    events=EVENTS,
    handlers=((blocks_among, between.blocks_among),),
    account_menu=(
        NavItem("/oversight/reports", N_("Reports"), "warning", visible=_may_moderate),
        # Oversight has tabs for both; reports are near at hand, because somebody waits.
        NavItem("/oversight/people", N_("People"), "people", visible=_is_without_oversight),
    ),
    oversight_tabs=(
        NavItem("/oversight/reports", N_("Reports"), visible=_may_moderate),
        NavItem("/oversight/people", N_("People"), visible=_may_see_people),
    ),
    styles=("safety",),
    slots={
        "row_menu": "safety/_row_menu.html",
        "thread_menu": "safety/_thread_menu.html",
        "message_menu": "safety/_message_menu.html",
        "message_page": "safety/_message_page.html",
        "composer_closed": "safety/_composer_closed.html",
    },
)
