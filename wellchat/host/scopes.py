"""Say what a key of the host may do: one scope for each call."""

from __future__ import annotations

from collections.abc import Iterable

from wellchat.errors import Invalid
from wellchat.i18n import N_, gettext

SCOPES: dict[str, str] = {
    "people:read": N_("Read people, without their words"),
    "people:write": N_("Make and change people"),
    "people:erase": N_("Erase people"),
    "connections:write": N_("Connect people, and end connections"),
    "subjects:read": N_("Read bookings and other subjects"),
    "subjects:write": N_("Make and change bookings and other subjects"),
    "threads:read": N_("Read conversations, without their words"),
    "messages:read": N_("Read what people wrote; each page is on record"),
    "messages:write": N_("Write as the system"),
    "messages:write_as": N_("Write in a person's name"),
    "notifications:write": N_("Notify people"),
    "imports": N_("Bring over earlier conversations"),
    "sign_in": N_("Sign people in and out"),
    "webhooks": N_("Manage webhooks"),
    "events": N_("Read events"),
    "figures": N_("Read figures"),
    "audit:read": N_("Read the security log"),
}


def checked(scopes: Iterable[str]) -> list[str]:
    """Return these scopes in our order, each once. Raises Invalid for none and for an unknown one."""
    given = set(scopes)
    if unknown := sorted(given - set(SCOPES)):
        choices = ", ".join(SCOPES)
        text = gettext(
            "There is no scope %(name)s. Choose from %(choices)s.", name=unknown[0], choices=choices
        )
        raise Invalid({"scopes": text})
    if not given:
        raise Invalid({"scopes": gettext("Choose at least one scope.")})
    return [name for name in SCOPES if name in given]
