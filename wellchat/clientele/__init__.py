"""Who somebody is: regular or new, private notes and tags on clients, and the journey of two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wellchat.accounts.models import User
from wellchat.clientele import facts, notes, queries, tags
from wellchat.clientele.api import api
from wellchat.clientele.pages import pages
from wellchat.clientele.personal_data import personal_data
from wellchat.feature import Feature
from wellchat.i18n import N_
from wellchat.messaging.hooks import inbox_facts, people_with_tag, tag_named, tags_among, thread_facts
from wellchat.messaging.queries import ThreadView
from wellchat.places import ConnectionPanel, SearchSource, ThreadPanel
from wellchat.subjects.hooks import subject_hidden_in_transaction, subject_put_in_transaction


def _beside_thread(viewer: User, view: ThreadView, now: datetime) -> dict[str, Any] | None:
    """Return whose notes the panel fetches once it is in sight; None where there can be none."""
    of_client = viewer.id == view.thread.professional_id and not view.other.is_gone
    return {"person_id": view.other.id} if of_client else None


def samples(talk: Any) -> dict[str, Any]:
    """Return what stands for the arguments of the routes: a note and a tag of Paul's, for tests of access."""
    note = notes.add_note(
        viewer=talk.paul, client_id=talk.cara.id, kind="note", body="n", client_key="sample", now=talk.now
    )
    tag = tags.tag_client(viewer=talk.paul, client_id=talk.cara.id, name="sample")
    about, words = "/people/<person_id>", {"body": "n", "client_key": "k"}
    return {
        "person_id": talk.cara.id,
        "note_id": note.id,
        "tag_id": tag.id,
        f"/api{about}/notes": words,
        f"/api{about}/notes/<note_id>": {"body": "n", "version": 1},
        f"/api{about}/tags": {"name": "t"},
        "/api/tags/<tag_id>": {"name": "t"},
        "/api/tags/<tag_id>/merge": {"into": tag.id},
    }


feature = Feature(
    "clientele",
    optional=True,
    personal_data=personal_data,
    blueprints=(api, pages),
    sweeps=(facts.sweep,),
    tidies=(notes.tidy,),
    handlers=(
        (thread_facts, facts.thread_facts),
        (people_with_tag, queries.with_tag),
        (tag_named, queries.tag_named),
        (inbox_facts, queries.has_tagged),
        (tags_among, queries.tags_among),
        (subject_put_in_transaction, facts.count_bookings),
        (subject_hidden_in_transaction, facts.count_without),
    ),
    styles=("clientele",),
    scripts={"clientNotes": "client_notes"},
    slots={"panel_person": "clientele/_thread_facts.html"},
    thread_panels=(ThreadPanel(N_("Notes and tags"), "clientele/_panel.html", _beside_thread),),
    connection_panels=(
        ConnectionPanel(N_("Who this is"), "clientele/_person_facts.html", facts.beside_person),
    ),
    search_sources=(SearchSource(N_("My notes"), queries.find_notes),),
    samples=samples,
)
