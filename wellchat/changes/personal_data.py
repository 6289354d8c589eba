"""A person's change log: numbers and ids, which say nothing once the things they name are gone."""

from __future__ import annotations

from datetime import datetime

from wellchat.changes.actions import end_access, renew_epoch
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData


def _erase(person: Person, _now: datetime) -> None:
    """End their sessions. Send every open page a resync, so that nobody goes on seeing what was erased."""
    end_access(user_id=person.id)
    renew_epoch()


NUMBERS = N_("it holds only the numbers of what changed on your screen")

personal_data = PersonalData(
    ("changes.user_id", "change_logs.user_id"),
    erase=_erase,
    withheld=dict.fromkeys(("changes", "change_logs"), NUMBERS),
)
