"""Export a person's searches and accesses as an administrator. They are a record: nothing erases them."""

from __future__ import annotations

from wellchat.i18n import N_
from wellchat.oversight.models import AccessGrant, OversightSearch
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {
        "looks": rows(AccessGrant, AccessGrant.admin_id == person.id),
        "oversight_searches": rows(OversightSearch, OversightSearch.admin_id == person.id),
    }


REASON = N_("what an administrator looked for, and the reason, stay on record")

personal_data = PersonalData(
    ("looks.admin_id", "looks.approved_by_id", "oversight_searches.admin_id"),
    _export,
    kept=dict.fromkeys(("looks.reason", "oversight_searches.reason", "oversight_searches.term"), REASON),
)
