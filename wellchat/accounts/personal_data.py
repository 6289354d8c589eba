"""Export and erase what an account holds of a person, and run all features' parts of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, inspect, update

from wellchat.accounts.actions import lock_user
from wellchat.accounts.address_change import forget_mails
from wellchat.accounts.address_models import AddressChange
from wellchat.accounts.hooks import (
    availability_changed_in_transaction,
    erasure_forbidden,
    person_erased_in_transaction,
    profile_changed_in_transaction,
)
from wellchat.accounts.known_devices import KnownDevice
from wellchat.accounts.models import ADMIN, CLIENT, Avatar, Presence, Token, User
from wellchat.accounts.session_models import UserSession
from wellchat.accounts.standing import keep_an_owner
from wellchat.audit.actions import record
from wellchat.db import db, snapshot, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.event_types import tell_host
from wellchat.features import all_features
from wellchat.i18n import gettext
from wellchat.personal_data import Person, PersonalData, Rows, rows

Eraser = Callable[[Person, datetime], None]


def export_person(user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return everything that wellchat has of a person: rows by table name, ready for JSON.

    Conversations include what the other person wrote: it was written to this one. Secrets are left out, and
    so are the bytes of files: `attachments` lists them by id. Raises NotFound, and Conflict where a table
    refers to people and no feature declares it.
    """
    # One moment for all tables, and no lock: a large export must not keep anybody from writing.
    snapshot()
    return {name: list(found) for name, found in rows_of_person(user_id)}


def rows_of_person(user_id: str) -> Iterator[tuple[str, Rows]]:
    """Yield (table name, rows) of everything that wellchat has of a person; the rows are read when iterated.

    Raises NotFound and Conflict as `export_person`.
    """
    check_all_declared()
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    person = Person(user.id, user.email)
    for feature in all_features():
        if feature.personal_data:
            yield from feature.personal_data.export(person).items()


def erase_person(*, user_id: str, now: datetime) -> None:
    """Erase a person from every feature's tables, in one transaction. docs/operate.md says what stays.

    The account stays as "Gone", because the other people's conversations refer to it. Raises NotFound, and
    Conflict where a table refers to people and no feature declares it, a legal hold forbids it, or they are
    the last owner.
    """
    check_all_declared()
    if reasons := [reason for reason in erasure_forbidden(user_id, now) if reason]:
        raise Conflict(reasons[0])
    with transaction() as session:
        keep_an_owner(user_id)
        user = lock_user(user_id)
        person = Person(user.id, user.email)
        user.disabled_at = user.disabled_at or now
        session.flush()
        # Closed first: a message on its way waits for its thread, and would be left with its words. Locks are
        # taken in the same order as by whoever closes or writes there.
        availability_changed_in_transaction(user_id, now)
        # Before the rest: the log's own part of the erasing takes the name away again.
        record("person.erased", now=now, person_id=user.id)
        for erase in erasers().values():
            erase(person, now)
        person_erased_in_transaction(user_id, now)
        announce_erased(user_id, now)


def announce_erased(user_id: str, now: datetime) -> None:
    """Let open pages of the others drop the name, and close their composers. Call it last of all."""
    with transaction() as session:
        session.flush()
        session.expire_all()
        availability_changed_in_transaction(user_id, now)
        profile_changed_in_transaction(user_id)
        tell_host("user.erased", {"user": user_id}, now)


def erasers() -> Mapping[str, Eraser]:
    """Return name of a feature -> what erases a person from its tables, in the order in which they run."""
    # Highest first: what refers to a row goes before the row, and the account itself comes late.
    return {
        feature.name: feature.personal_data.erase
        for feature in reversed(all_features())
        if feature.personal_data
    }


def check_all_declared() -> None:
    """Raise Conflict where the database has a table about people that no known feature declares.

    A package outside this repository is known only while it is on, and its tables stay when it is off.
    """
    known = {column for each in all_features() if each.personal_data for column in each.personal_data.columns}
    inspector = inspect(db.session.connection())
    unknown = sorted(
        table
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
        if key["referred_table"] == "users" and f"{table}.{key['constrained_columns'][0]}" not in known
    )
    if unknown:
        tables = ", ".join(dict.fromkeys(unknown))
        text = gettext(
            "No feature that is on declares %(tables)s. Use the WELLCHAT_FEATURES of your installation.",
            tables=tables,
        )
        raise Conflict(text)


def _export(person: Person) -> dict[str, Rows]:
    return {
        "users": rows(User, User.id == person.id, omit=("password_hash", "session_epoch")),
        "tokens": rows(Token, Token.user_id == person.id, omit=("digest",)),
        "avatars": rows(Avatar, Avatar.user_id == person.id),
        "presences": rows(Presence, Presence.user_id == person.id),
        "known_devices": rows(KnownDevice, KnownDevice.user_id == person.id, omit=("digest",)),
        "address_changes": rows(AddressChange, AddressChange.user_id == person.id),
        "sessions": rows(UserSession, UserSession.user_id == person.id, omit=("digest",)),
    }


def _erase(person: Person, now: datetime) -> None:
    forget_mails(person.id)
    for model in (Token, Avatar, Presence, UserSession, KnownDevice, AddressChange):
        db.session.execute(delete(model).where(model.user_id == person.id))
    db.session.execute(
        update(User)
        .where(User.id == person.id)
        .values(
            email=person.erased_email,
            name="Gone",
            role=case((User.role == ADMIN, CLIENT), else_=User.role),
            role_label=None,
            bio=None,
            password_hash=None,
            verified_at=None,
            time_zone="UTC",
            locale=None,
            browser_locale=None,
            open_to_clients=False,
            avatar_version=None,
            admin_roles="",
            factor_since=None,
            factor_due_at=None,
            session_epoch=User.session_epoch + 1,
            # Nobody signs in as them, and nobody writes to them.
            disabled_at=func.coalesce(User.disabled_at, now),
            paused_until=None,
        )
        .execution_options(synchronize_session=False)
    )


personal_data = PersonalData(
    (
        "tokens.user_id",
        "avatars.user_id",
        "presences.user_id",
        "sessions.user_id",
        "known_devices.user_id",
        "address_changes.user_id",
    ),
    _export,
    _erase,
)
