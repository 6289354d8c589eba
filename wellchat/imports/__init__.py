"""Bring over the conversations of an earlier system, with their history, in order, and quietly."""

from wellchat.attachments.hooks import stored_by_others
from wellchat.audit.kinds import HIGH, AuditKind
from wellchat.event_types import EventType
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.imports import calls, cli, running
from wellchat.imports.files import stored_here
from wellchat.imports.holding import held_among as held_here
from wellchat.imports.personal_data import personal_data
from wellchat.messaging.hooks import held_among

feature = Feature(
    "imports",
    personal_data=personal_data,
    commands=(cli.imports,),
    tasks="worker.imports",
    sweeps=(running.sweep,),
    tidies=(running.tidy,),
    host_calls=tuple(calls.CALLS),
    handlers=((held_among, held_here), (stored_by_others, stored_here)),
    events={
        "import.finished": EventType(
            "Earlier conversations were brought over.", ("import", "made", "same", "refused", "threads")
        ),
    },
    audited={
        "import.run": AuditKind(N_("Import run"), HIGH, shown_to_person=False, of_admin=True),
        "import.undone": AuditKind(N_("Import taken back"), HIGH, shown_to_person=False, of_admin=True),
        "import.opened": AuditKind(
            N_("Imported conversations opened"), HIGH, shown_to_person=False, of_admin=True
        ),
    },
)
