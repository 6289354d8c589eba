"""Erase what imports have of a person: lines of files that were not brought in yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, or_, select

from wellchat.db import db
from wellchat.host.refs import OURS
from wellchat.i18n import N_
from wellchat.identities.queries import external_ids
from wellchat.imports.models import ImportedChat, ImportLine
from wellchat.messaging.models import Thread
from wellchat.personal_data import Person, PersonalData, Rows


def _export(_person: Person) -> Mapping[str, Rows]:
    return {}


def _erase(person: Person, _now: datetime) -> None:
    """Forget every staged line about them: their own, and those of the chats that they are in."""
    # The ids of the platform go later: what refers to a row is erased before it.
    names = [*external_ids([person.id]).values(), OURS + person.id, person.id]
    theirs = or_(Thread.client_id == person.id, Thread.professional_id == person.id)
    chats = select(ImportedChat.chat).join(Thread, Thread.id == ImportedChat.thread_id).where(theirs)
    about = or_(ImportLine.sender.in_(names), ImportLine.item.in_(names), ImportLine.chat.in_(chats))
    db.session.execute(delete(ImportLine).where(about).execution_options(synchronize_session=False))


IDS = N_("it holds only ids: which message of an earlier system is which one here")
STAGED = N_("a file of the platform waits here for its run, a week at most")
AGAIN = N_("without these ids of an earlier system, its file would bring the conversation in again")

personal_data = PersonalData(
    (),
    _export,
    _erase,
    unlinked=("import_lines.sender",),
    kept=dict.fromkeys(
        (
            *("imported_chats.source", "imported_chats.chat"),
            *("imported_messages.source", "imported_messages.chat", "imported_messages.source_id"),
        ),
        AGAIN,
    ),
    withheld={
        "import_lines": STAGED,
        **dict.fromkeys(("import_threads", "imported_chats", "imported_messages"), IDS),
    },
)
