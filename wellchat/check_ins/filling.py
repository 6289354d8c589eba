"""Fill names into the text of a rule: `Hello {first_name}`. A rule with an unknown placeholder is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wellchat.accounts.models import User
from wellchat.i18n import N_, gettext

PLACEHOLDERS = {
    "first_name": N_("the first name of the other person"),
    "name": N_("the whole name of the other person"),
    "my_name": N_("your own name"),
    "booking": N_("the booking that was the occasion"),
}
GAP = "…"  # in place of what has no value
_PATTERN = re.compile(r"\{([^{}\n]*)\}")


def _named(inside: str) -> str:
    return re.sub(r"[\s_]+", "_", inside.strip()).lower()


def refuse_unknown(text: str) -> str:
    """Return the text. Raises ValueError with a message for people if it has another placeholder."""
    for inside in _PATTERN.findall(text):
        if _named(inside) not in PLACEHOLDERS:
            choices = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise ValueError(
                gettext(
                    "There is no placeholder %(name)s. You can use %(choices)s.",
                    name=f"{{{inside}}}",
                    choices=choices,
                )
            )
    return text


def values_for(professional: User, client: User, booking: str | None) -> dict[str, str | None]:
    """Return placeholder -> value; None where there is none."""
    words = client.shown_name.split()
    return {
        "first_name": words[0] if words else None,
        "name": client.shown_name.strip() or None,
        "my_name": professional.shown_name.strip() or None,
        "booking": booking,
    }


def fill_in(text: str, values: Mapping[str, str | None]) -> str:
    """Return the text with the values. What has none becomes GAP; a value is never looked through again."""
    return _PATTERN.sub(lambda found: values.get(_named(found[1])) or GAP, text)
