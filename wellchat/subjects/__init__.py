"""Things of the host platform that threads and messages are about."""

from wellchat.audit.kinds import AuditKind
from wellchat.event_types import EventType
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.subjects.cli import subject
from wellchat.subjects.kind_cli import kind
from wellchat.subjects.kinds import kind_icon
from wellchat.subjects.pages import pages
from wellchat.subjects.personal_data import personal_data

feature = Feature(
    "subjects",
    personal_data=personal_data,
    blueprints=(pages,),
    commands=(subject, kind),
    filters={"kind_icon": kind_icon},
    audited={
        "subject_kind.put": AuditKind(N_("Kind of subject put"), shown_to_person=False, of_admin=True),
    },
    events={
        "subject.claimed": EventType("A professional claimed a lead.", ("subject", "professional", "client")),
    },
    icons={
        "booking": (
            '<rect x="3.5" y="4.5" width="13" height="12" rx="2.5"/>'
            '<path d="M3.5 8.5h13M7 2.75v3M13 2.75v3"/>'
        ),
        "session": '<circle cx="10" cy="10" r="6.75"/><path d="M10 6v4l2.5 1.75"/>',
        "coupon": (
            '<path d="M3 7V6a1.5 1.5 0 0 1 1.5-1.5h11A1.5 1.5 0 0 1 17 6v1.5a2.5 2.5 0 0 0 0 5V14a1.5 1.5 0 '
            '0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 14v-1.5a2.5 2.5 0 0 0 0-5V7Z"/>'
            '<path d="M11.5 7.5v.01M11.5 10v.01M11.5 12.5v.01"/>'
        ),
        "lead": (
            '<path d="m3.5 9 6.5-5.5L16.5 9v6a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 15V9Z"/>'
            '<path d="M8 16.5v-4.5h4v4.5"/>'
        ),
    },
)
