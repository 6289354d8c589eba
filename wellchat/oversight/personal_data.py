"""Export a person's searches and accesses as an administrator. They are a record: nothing erases them."""

from __future__ import annotations

from wellchat.oversight.models import AccessGrant, OversightSearch
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    return {
        "looks": rows(AccessGrant, AccessGrant.admin_id == person.id),
        "oversight_searches": rows(OversightSearch, OversightSearch.admin_id == person.id),
    }


personal_data = PersonalData(
    ("looks.admin_id", "looks.approved_by_id", "oversight_searches.admin_id"), _export
)
