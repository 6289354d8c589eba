"""Put people as the host knows them. Existing actions do the rest: accounts, safety, privacy."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from wellchat.accounts import profile
from wellchat.accounts.actions import insert_user, lock_user
from wellchat.accounts.models import User
from wellchat.accounts.standing import change_role
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.host import times
from wellchat.host.calls import TryAgain
from wellchat.host.forms import PutPerson
from wellchat.host.problems import HostRefusal
from wellchat.host.refs import OURS, checked_ref, find_person_of_host, new_id_of_host
from wellchat.i18n import gettext
from wellchat.identities.actions import person_for
from wellchat.identities.models import HOST
from wellchat.mail.actions import queue_mail
from wellchat.safety.people import has_business

NEEDED = ("name", "role")


class Put(NamedTuple):
    """What came of a PUT. `changed` is None for somebody new."""

    user: User
    changed: list[str] | None
    stale: bool = False


def put_person(ref: str, form: PutPerson, *, now: datetime) -> Put:
    """Make the person with this id of the host, or change what `form` names. Call in a transaction.

    Absent is kept, None clears. A change that is older (`as_of`) than the last one taken does nothing. Raises
    Invalid, NotFound for an unknown `id:`, Moved, EmailTaken, and HostRefusal `role_in_use`.
    """
    given = form.model_fields_set
    # To clear what everybody has is a mistake.
    for name in NEEDED:
        if name in given and getattr(form, name) is None:
            raise Invalid({name: gettext("This field is required.")})
    checked_ref(ref)
    if ref.startswith(OURS):
        found = find_person_of_host(ref, now=now)
        if found is None:
            raise NotFound(gettext("Nobody has the id %(id)s.", id=ref))
        return _change(found, form, now)
    user, is_new = person_for(source=HOST, external_id=ref, make=lambda: _make(ref, form, now), now=now)
    if user.is_admin:
        # It could make itself an administrator, or take one's address.
        raise NotFound(gettext("Nobody has the id %(id)s.", id=ref))
    if not is_new:
        return _change(user, form, now)
    times.take(times.PERSON, user.id, form.as_of)
    record("host_person.made", now=now, person_id=user.id)
    if form.notify:
        context = {"name": user.name, "role": user.role}
        queue_mail(user_id=user.id, address=user.email, name="welcome", context=context, now=now)
    return Put(user, None)


def _make(ref: str, form: PutPerson, now: datetime) -> User:
    missing = {name: gettext("This field is required.") for name in NEEDED if getattr(form, name) is None}
    if missing:
        raise Invalid(missing)
    new_id_of_host(ref)
    if form.email is not None:
        profile.check_address(form.email, user_id=None, now=now)
    made = insert_user(
        email=form.email,
        name=form.name,
        role=form.role,
        role_label=form.role_label,
        locale=form.locale,
        time_zone=form.time_zone or "UTC",
        verified_at=now if form.email_verified and form.email else None,
        created_at=now,
    )
    if made is None:
        # Somebody took the address since it was looked up: perhaps the same call, a moment earlier.
        raise TryAgain
    if not form.open_to_clients:
        made.open_to_clients = False
    return made


def _change(user: User, form: PutPerson, now: datetime) -> Put:
    values = _values(form)
    # What is the same already, as most are when a host sends its list again, needs no lock.
    if form.as_of is None and not _differs(user, form, values):
        return Put(user, [])
    user = lock_user(user.id)
    if times.is_stale(times.PERSON, user.id, form.as_of):
        return Put(user, [], stale=True)
    changed = _set_role(user, form, now)
    changed += profile.set_values(user, values)
    if {"email", "email_verified"} & form.model_fields_set:
        email = form.email if "email" in form.model_fields_set else user.email
        verified = form.email_verified if "email_verified" in form.model_fields_set else None
        changed += profile.set_address(user, email=email, verified=verified and email is not None, now=now)
    times.take(times.PERSON, user.id, form.as_of)
    if changed:
        record("host_person.changed", now=now, person_id=user.id, detail={"changed": " ".join(changed)})
    return Put(user, changed)


def _values(form: PutPerson) -> dict[str, Any]:
    given = {name: getattr(form, name) for name in profile.FIELDS if name in form.model_fields_set}
    if "time_zone" in given:
        given["time_zone"] = given["time_zone"] or "UTC"
    return given


def _differs(user: User, form: PutPerson, values: dict[str, Any]) -> bool:
    given = form.model_fields_set
    return (
        any(getattr(user, name) != value for name, value in values.items())
        or ("role" in given and user.role != form.role)
        or ("email" in given and user.email != form.email)
        or ("email_verified" in given and form.email_verified != (user.verified_at is not None))
    )


def _set_role(user: User, form: PutPerson, now: datetime) -> list[str]:
    if form.role is None or form.role == user.role:
        return []
    if has_business(user.id):
        text = gettext("They have conversations or bookings as what they are now.")
        raise HostRefusal(409, "role_in_use", text)
    with transaction():
        change_role(user_id=user.id, role=form.role, now=now)
        db.session.flush()
    return ["role"]
