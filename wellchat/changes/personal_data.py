"""A person's change log: numbers and ids, which say nothing once the things they name are gone."""

from __future__ import annotations

from datetime import datetime

from wellchat.changes.actions import end_access
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData


def _erase(person: Person, _now: datetime) -> None:
    """End their sessions. Who wrote with them gets a resync (messaging.closing)."""
    end_access(user_id=person.id)


NUMBERS = N_("it holds only the numbers of what changed on your screen")

personal_data = PersonalData(
    ("changes.user_id", "change_logs.user_id"),
    erase=_erase,
    withheld=dict.fromkeys(("changes", "change_logs"), NUMBERS),
)
