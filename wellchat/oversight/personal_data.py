"""Export a person's accesses as an administrator. They are a record, so they are never erased."""

from __future__ import annotations

from wellchat.i18n import N_
from wellchat.oversight.models import AccessGrant
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {"looks": rows(AccessGrant, AccessGrant.admin_id == person.id)}


personal_data = PersonalData(
    ("looks.admin_id",),
    _export,
    kept={"looks.reason": N_("an administrator's reason to open a conversation stays on record")},
)
