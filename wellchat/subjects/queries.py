"""Read subjects.

A person sees the subjects that they are part of; clients also see coupons open to everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User, label_of
from wellchat.clock import iso
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.i18n import gettext
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

MAX_SUBJECTS = 100  # of one list


def _subjects() -> Select[Subject]:
    return select(Subject).options(joinedload(Subject.professional), joinedload(Subject.client))


def _newest_first(query: Select[Subject]) -> Sequence[Subject]:
    """Return at most MAX_SUBJECTS subjects that are not hidden; upcoming and latest ones first."""
    query = query.where(Subject.hidden_at.is_(None))
    # Coupons and leads have no time of their own. They are listed by when they were put here.
    at = func.coalesce(Subject.starts_at, Subject.created_at)
    return (
        db.session.execute(query.order_by(at.desc(), Subject.id.desc()).limit(MAX_SUBJECTS)).scalars().all()
    )


def _has_part(viewer: User) -> ColumnElement[bool]:
    return or_(Subject.professional_id == viewer.id, Subject.client_id == viewer.id)


def _for_everybody() -> ColumnElement[bool]:
    open_kinds = [kind.name for kind in kinds().values() if kind.scope == "client"]
    return and_(Subject.client_id.is_(None), Subject.kind.in_(open_kinds))


def _visible(viewer: User) -> ColumnElement[bool]:
    return or_(_has_part(viewer), _for_everybody()) if viewer.is_client else _has_part(viewer)


def visible_subject(viewer: User, kind: str, external_id: str) -> Subject:
    """Return the subject with the host platform's id. Raises NotFound if the viewer may not see it."""
    return _one(_subjects().where(Subject.kind == kind, Subject.external_id == external_id, _visible(viewer)))


def subject_by_id(viewer: User, subject_id: str) -> Subject:
    """Return a subject, with its two people loaded. Raises NotFound if the viewer may not see it."""
    return _one(_subjects().where(Subject.id == subject_id, _visible(viewer)))


def subjects_by_id(ids: Collection[str]) -> dict[str, Subject]:
    """Return {id: subject}, without checking the viewer: the caller shows messages that mention them."""
    if not ids:
        return {}
    found = db.session.execute(select(Subject).where(Subject.id.in_(ids))).scalars()
    return {subject.id: subject for subject in found}


def subject_with_people(subject_id: str) -> Subject:
    """Return a subject with its people loaded, without checking the viewer. Raises NotFound."""
    return _one(_subjects().where(Subject.id == subject_id))


def _one(query: Select[Subject]) -> Subject:
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def subjects_between(client_id: str, professional_id: str) -> Sequence[Subject]:
    """Return the subjects of a pair, newest first. Coupons open to every client are left out."""
    return _newest_first(
        _subjects().where(Subject.client_id == client_id, Subject.professional_id == professional_id)
    )


def subjects_of(viewer: User, *, apart: bool = False) -> Sequence[Subject]:
    """Return the viewer's subjects, and open coupons of professionals they know, newest first.

    `apart`: only those with a conversation of their own, which bookings have not.
    """
    # Open coupons of all professionals would be an endless list, so only those of connected ones are shown.
    # The others can still be opened by their address.
    connected = exists().where(
        Connection.client_id == viewer.id, Connection.professional_id == Subject.professional_id
    )
    query = _subjects().where(or_(_has_part(viewer), and_(_for_everybody(), connected)))
    if apart:
        query = query.where(
            Subject.kind.in_([kind.name for kind in kinds().values() if kind.scope != "connection"])
        )
    return _newest_first(query)


def subject_json(subject: Subject, viewer: User, trade: str | None = None) -> dict[str, Any]:
    """Return a subject as its card, with what the viewer can do. `trade`: that of its two people.

    Keys: those of the label (messaging.serializers.subject_json), scope, can_contact, can_claim,
    contact_label. `professional` must be loaded.
    """
    kind = subject.declared
    return {
        "id": subject.id,
        "kind": subject.kind,
        "kind_label": gettext(kind.label),
        "external_id": subject.external_id,
        "title": subject.title,
        "status": subject.status,
        "starts_at": iso(subject.starts_at),
        "url": subject.url,
        "scope": kind.scope,
        "can_contact": _can_contact(subject, viewer),
        "can_claim": subject.is_unclaimed and viewer.id == subject.professional_id,
        "contact_label": gettext(kind.contact).format(
            role=label_of(subject.professional.role, subject.professional.role_label, trade)
        ),
    }


def _can_contact(subject: Subject, viewer: User) -> bool:
    """Return whether the viewer can open its thread without naming anybody."""
    if subject.is_unclaimed or subject.is_over:
        return False
    if viewer.id == subject.professional_id:
        return subject.client_id is not None
    return viewer.is_client and subject.client_id in (None, viewer.id)
