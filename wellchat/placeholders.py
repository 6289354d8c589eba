"""Fill names and times into texts that people keep: `Hello {first_name}`.

A placeholder is anything between braces on one line. Its name is written in small letters; blanks and
capitals are forgiven. What has no value is never sent as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wellchat.i18n import N_, gettext

if TYPE_CHECKING:
    from wellchat.accounts.models import User

FIRST_NAME, NAME, MY_NAME = ("first_name", "name", "my_name")
NAMES = {
    FIRST_NAME: N_("the first name of the other person"),
    NAME: N_("the whole name of the other person"),
    MY_NAME: N_("your own name"),
}
"""Placeholder -> what stands in its place, for every text of this kind."""

GAP = "…"  # in place of what has no value
_PATTERN = re.compile(r"\{([^{}\n]*)\}")


class Filled(NamedTuple):
    """A text with its values. `missing`: the placeholders that have none; each of them is GAP in the text."""

    text: str
    missing: tuple[str, ...]


def _named(inside: str) -> str:
    return re.sub(r"[\s_]+", "_", inside.strip()).lower()


def placeholders_in(text: str) -> list[str]:
    """Return the names between braces, each once, in order."""
    return list(dict.fromkeys(_named(inside) for inside in _PATTERN.findall(text)))


def refuse_unknown(text: str, known: Sequence[str]) -> str:
    """Return the text. Raises ValueError with a message for people if it has another placeholder."""
    for name in placeholders_in(text):
        if name not in known:
            choices = ", ".join(f"{{{each}}}" for each in known)
            raise ValueError(
                gettext(
                    "There is no placeholder %(name)s. You can use %(choices)s.",
                    name=f"{{{name}}}",
                    choices=choices,
                )
            )
    return text


def fill_in(text: str, values: Mapping[str, str | None]) -> Filled:
    """Return the text with the values. What has none becomes GAP; a value is never looked through again."""
    missing: dict[str, None] = {}

    def value_of(found: re.Match[str]) -> str:
        value = values.get(_named(found[1]))
        if not value:
            missing[_named(found[1])] = None
        return value or GAP

    return Filled(_PATTERN.sub(value_of, text), tuple(missing))


def names_between(writer: User, reader: User) -> dict[str, str | None]:
    """Return the values of NAMES in a text of `writer` for `reader`."""
    words = reader.shown_name.split()
    return {
        FIRST_NAME: words[0] if words else None,
        NAME: reader.shown_name.strip() or None,
        MY_NAME: writer.shown_name.strip() or None,
    }
