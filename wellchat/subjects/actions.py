"""Put subjects as the host platform describes them, and claim leads.

A claimed lead opens a thread: messaging handles the hook lead_claimed_in_transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session, make_transient_to_detached

from wellchat.accounts.models import User
from wellchat.connections.actions import connect
from wellchat.db import execute, insert, is_postgresql, new_id, table, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.event_types import tell_host
from wellchat.forms import fill
from wellchat.i18n import gettext
from wellchat.subjects.forms import PutSubject
from wellchat.subjects.hooks import (
    lead_claimed_in_transaction,
    subject_hidden_in_transaction,
    subject_put_in_transaction,
)
from wellchat.subjects.kinds import kind_of
from wellchat.subjects.models import CLAIMED, OPEN, Subject
from wellchat.subjects.own_kinds import keep_scope


class SubjectSnapshot(NamedTuple):
    """A subject before it was put again or claimed."""

    client_id: str | None
    professional_id: str
    starts_at: datetime | None
    is_cancelled: bool
    shown: tuple[object, ...]  # visible_fields, which threads and messages show


def visible_fields(subject: Subject) -> tuple[object, ...]:
    """Return the fields that a subject's label shows."""
    return (subject.title, subject.status, subject.starts_at, subject.url)


def put_subject(
    *,
    kind: str,
    external_id: str,
    title: str,
    professional_id: str,
    now: datetime,
    client_id: str | None = None,
    url: str | None = None,
    starts_at: datetime | None = None,
    status: str | None = None,
    notify: bool = True,
) -> Subject:
    """Create or update the subject of this kind and external id. Return it.

    Arguments that are not given leave the fields as they are. A new lead without a status counts as claimed,
    and a claimed lead is never offered again. A booking or session connects its two people, who are notified
    unless `notify` is false. Raises Invalid, and Conflict if the people of an existing thread would change.
    """
    given = {"kind": kind, "external_id": external_id, "title": title}
    given |= {"url": url, "status": status, "starts_at": starts_at}  # type: ignore[dict-item]
    form = fill(PutSubject, given)
    return put_form(form, professional_id=professional_id, client_id=client_id, notify=notify, now=now)[0]


def put_form(
    form: PutSubject,
    *,
    professional_id: str,
    now: datetime,
    client_id: str | None = None,
    cleared: Collection[str] = (),
    notify: bool = True,
    is_known: bool = False,
) -> tuple[Subject, list[str] | None]:
    """Do what `put_subject` does. Return (the subject, the names of what changed, None for a new one).

    `cleared` names fields that have no value any more. A hidden subject is there again. `is_known` says that
    the caller holds its row.
    """
    with transaction() as session:
        _check_people(session, professional_id, client_id)
        people = {"professional_id": professional_id, "client_id": client_id}
        previous, changed = None, None
        subject = None if is_known else _insert(session, form, people, now)
        if subject is None:
            subject, previous, changed = _update(session, form, people, cleared, now)
        # A connection is never deleted: what is as it was has its own.
        if changed != [] and subject.declared.scope == "connection" and subject.client_id is not None:
            connect(client_id=subject.client_id, professional_id=professional_id, now=now)
        session.flush()  # handlers read the new state by their own statements
        if changed != []:
            subject_put_in_transaction(subject, previous, notify, now)
        _open_thread_of_lead(subject, notify, now)
    return subject, changed


def hide_subject(*, kind: str, external_id: str, now: datetime) -> None:
    """Take a subject out of every list, as one that the host has deleted. Twice is the same as once.

    Messages keep its title, and its thread stays. Raises NotFound.
    """
    with transaction() as session:
        one = (Subject.kind == kind, Subject.external_id == external_id)
        found = session.execute(select(Subject).where(*one)).scalar()
        if found is None:
            raise NotFound
        session.execute(
            update(Subject)
            .where(Subject.id == found.id, Subject.hidden_at.is_(None))
            .values(hidden_at=now, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        subject_hidden_in_transaction(found, now)


def _open_thread_of_lead(subject: Subject, notify: bool, now: datetime) -> str | None:
    """Return the thread's id; None where the subject is no lead, or is not claimed yet, or has no client."""
    if subject.declared.scope != "subject" or subject.is_unclaimed or subject.client_id is None:
        return None
    return next(iter(lead_claimed_in_transaction(subject, notify, now)), None)


def _check_people(session: Session, professional_id: str, client_id: str | None) -> None:
    professional = session.get(User, professional_id)
    if professional is None or not professional.is_professional:
        raise Invalid({"professional": gettext("This is not a professional's account.")})
    client = session.get(User, client_id) if client_id is not None else None
    if client_id is not None and (client is None or not client.is_client):
        raise Invalid({"client": gettext("This is not a client's account.")})


def _insert(session: Session, form: PutSubject, people: dict[str, Any], now: datetime) -> Subject | None:
    """Return the new subject, or None if the subject exists, perhaps since a moment ago."""
    keep_scope(form.kind)
    values = form.model_dump() | people | {"id": new_id(), "hidden_at": None}
    values |= {"created_at": now, "updated_at": now}
    if kind_of(form.kind).scope == "subject" and form.status is None:
        values["status"] = CLAIMED
    # Of two scripts that put the same subject at once, one inserts. The other waits here for its commit, and
    # updates.
    if execute(_new_subject(is_postgresql()), values).scalar() is None:
        return None
    made = Subject(**values)
    make_transient_to_detached(made)  # its row is there
    session.add(made)
    return made


@cache
def _new_subject(_on_postgresql: bool) -> Any:
    """Return the statement, built once for each database: a host puts bookings by the thousand."""
    key = [Subject.kind, Subject.external_id]
    return insert(table(Subject)).on_conflict_do_nothing(index_elements=key).returning(Subject.id)


def _update(
    session: Session, form: PutSubject, people: dict[str, Any], cleared: Collection[str], now: datetime
) -> tuple[Subject, SubjectSnapshot, list[str]]:
    """Lock and update the subject. Return (it, how it was before, the names of what changed)."""
    subject = session.execute(
        select(Subject)
        .where(Subject.kind == form.kind, Subject.external_id == form.external_id)
        # FOR NO KEY UPDATE on PostgreSQL. A message that mentions the subject holds its thread and takes a
        # key share lock on the subject (foreign key). A stronger lock here would wait for it, and then want
        # its thread.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()
    previous = _snapshot(subject)
    given = {name: value for name, value in (form.model_dump() | people).items() if value is not None}
    if subject.declared.scope != "connection" and not subject.is_unclaimed:
        _refuse_other_people(subject, given)
    if subject.declared.scope == "subject" and subject.status != OPEN and given.get("status") == OPEN:
        # A host platform that sends its list again does not know yet that the lead was claimed here.
        del given["status"]
    given |= {**dict.fromkeys(cleared), "hidden_at": None}
    changed = [name for name, value in given.items() if value != getattr(subject, name)]
    for name in changed:
        setattr(subject, name, given[name])
    if changed:
        subject.updated_at = now
    return subject, previous, changed


def _snapshot(subject: Subject) -> SubjectSnapshot:
    return SubjectSnapshot(
        subject.client_id,
        subject.professional_id,
        subject.starts_at,
        subject.is_cancelled,
        visible_fields(subject),
    )


def _refuse_other_people(subject: Subject, given: dict[str, Any]) -> None:
    """Raise Conflict if the update names other people than those of the subject's thread.

    They would read what the earlier people wrote.
    """
    for name in ("professional_id", "client_id"):
        current = getattr(subject, name)
        if name in given and given[name] != current and not (name == "client_id" and current is None):
            raise Conflict(
                gettext(
                    "%(kind)s: this one belongs to other people. Create a new one for these people.",
                    kind=gettext(subject.declared.label),
                )
            )


def claim(
    *, viewer: User, subject_id: str, now: datetime, notify: bool = True
) -> tuple[Subject, str | None, bool]:
    """Claim a lead that is offered to the viewer. Claiming it twice is the same as once.

    Return (the lead, the id of its thread or None if it has no client yet, whether this call claimed it). Its
    client is told, unless `notify` is false. Raises NotFound if the lead is
    not offered to the viewer, Conflict if it is no longer on offer.
    """
    with transaction() as session:
        # The conditions are part of the update, so of two claims at once only one changes the row.
        taken = session.execute(
            update(Subject)
            .where(Subject.id == subject_id, Subject.professional_id == viewer.id, Subject.status == OPEN)
            .values(status=CLAIMED, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        subject = session.get(Subject, subject_id, populate_existing=True)
        if subject is None or subject.professional_id != viewer.id or subject.declared.scope != "subject":
            raise NotFound
        if subject.status not in (CLAIMED, None):
            words = gettext(
                "This lead is no longer available and cannot be claimed. Its status is “%(status)s”.",
                status=subject.status,
            )
            raise Conflict(words)
        claimed_now = bool(taken.rowcount)  # type: ignore[attr-defined]
        if claimed_now:
            # An empty `shown` differs from every state, so the change is recorded.
            previous = _snapshot(subject)._replace(shown=())
            subject_put_in_transaction(subject, previous, notify, now)
            people = {"professional": subject.professional_id, "client": subject.client_id}
            tell_host("subject.claimed", {"subject": subject.named} | people, now)
        return subject, _open_thread_of_lead(subject, notify, now), claimed_now
