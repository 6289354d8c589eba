"""Find the person that a call names: by the host's id, or by `id:` and ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.forms import Text
from wellchat.i18n import gettext
from wellchat.identities.models import HOST
from wellchat.identities.queries import find_people, find_person

OURS = "id:"
MAX_ID = 120  # characters of an id of the host


def checked_id(text: str) -> str:
    """Return an id of the host. Raises ValueError for one that cannot be: empty, too long, unprintable."""
    if not 0 < len(text) <= MAX_ID:
        raise ValueError(gettext("An id has 1 to %(num)s characters.", num=MAX_ID))
    if not text.isprintable():
        raise ValueError(gettext("An id has only characters that can be printed."))
    if text in (".", ".."):
        raise ValueError(gettext("Dots alone are no id: programs take them out of addresses."))
    return text


def new_id_of_host(text: str) -> str:
    """Return an id that the host gives to somebody. Raises ValueError also for one that begins with `id:`."""
    if text.startswith(OURS):
        raise ValueError(gettext("Ids that begin with “id:” are ours. Choose another."))
    return checked_id(text)


PersonRef = Annotated[Text, AfterValidator(checked_id)]
NewRef = Annotated[Text, AfterValidator(new_id_of_host)]


def checked_ref(text: str) -> str:
    """Return an id of the host as `checked_id`. Raises Invalid."""
    try:
        return checked_id(text)
    except ValueError as error:
        raise Invalid({"external_id": str(error)}) from None


def person(ref: str, *, now: datetime, field: str | None = None) -> User:
    """Return the client or professional with this id. Administrators and erased people are not found.

    Raises NotFound, Moved, and Invalid for an id that cannot be. With `field`, somebody unknown is Invalid
    there: the id came in a body.
    """
    checked_ref(ref)
    found = find_person_of_host(ref, now=now)
    if found is not None:
        return found
    text = gettext("Nobody has the id %(id)s.", id=ref)
    raise Invalid({field: text}) if field else NotFound(text)


def people_by_field(refs: Mapping[str, str | None], *, now: datetime) -> dict[str, User]:
    """Return field -> the client or professional whom a body names there, in one statement.

    Raises Moved, and Invalid for somebody unknown.
    """
    named = {field: ref for field, ref in refs.items() if ref is not None}
    if len(named) < 2 or any(ref.startswith(OURS) for ref in named.values()):
        return {field: person(ref, now=now, field=field) for field, ref in named.items()}
    found = find_people(HOST, named.values(), now=now)
    missing = {
        field: gettext("Nobody has the id %(id)s.", id=ref)
        for field, ref in named.items()
        if _shown(found.get(ref)) is None
    }
    if missing:
        raise Invalid(missing)
    return {field: found[ref] for field, ref in named.items()}


def find_person_of_host(ref: str, *, now: datetime) -> User | None:
    """Return the client or professional with this id, or None. Raises Moved."""
    if ref.startswith(OURS):
        found = db.session.get(User, ref.removeprefix(OURS), populate_existing=True)
    else:
        found = find_person(HOST, ref, now=now)
    return _shown(found)


def _shown(found: User | None) -> User | None:
    # A key never acts on administrators: it could make itself one.
    return None if found is None or found.is_admin or found.is_system or found.is_gone else found
