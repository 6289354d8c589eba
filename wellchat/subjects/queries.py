"""Which subjects a person may see, and what their card offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.subjects.kinds import KINDS
from wellchat.subjects.models import Subject

FOR_EVERY_CLIENT = [kind.name for kind in KINDS.values() if kind.scope == "client"]


def _visible(viewer: User) -> ColumnElement[bool]:
    """Its two people; and any client, for what is offered to all of them, such as a coupon."""
    own = or_(Subject.professional_id == viewer.id, Subject.client_id == viewer.id)
    if not viewer.is_client:
        return own
    return or_(own, and_(Subject.client_id.is_(None), Subject.kind.in_(FOR_EVERY_CLIENT)))


def visible_subject(viewer: User, kind: str, external_id: str) -> Subject:
    """Raises NotFound where there is none, or it is not the viewer's business."""
    return _one(viewer, and_(Subject.kind == kind, Subject.external_id == external_id))


def subject_by_id(viewer: User, subject_id: str) -> Subject:
    """Raises NotFound where there is none, or it is not the viewer's business."""
    return _one(viewer, Subject.id == subject_id)


def _one(viewer: User, which: ColumnElement[bool]) -> Subject:
    query = select(Subject).where(which, _visible(viewer))
    found = db.session.execute(
        query.options(joinedload(Subject.professional), joinedload(Subject.client))
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def subjects_between(client_id: str, professional_id: str) -> Sequence[Subject]:
    """What the two share, the next or latest first."""
    return _latest(and_(Subject.client_id == client_id, Subject.professional_id == professional_id))


def subjects_of(viewer: User) -> Sequence[Subject]:
    """What concerns the viewer by name, the next or latest first; offers to everybody are reached by their card."""
    return _latest(or_(Subject.client_id == viewer.id, Subject.professional_id == viewer.id))


def _latest(which: ColumnElement[bool], limit: int = 100) -> Sequence[Subject]:
    query = (
        select(Subject)
        .where(which)
        .order_by(Subject.starts_at.desc().nulls_last(), Subject.created_at.desc(), Subject.id)
        .limit(limit)
        .options(joinedload(Subject.professional), joinedload(Subject.client))
    )
    return db.session.execute(query).scalars().all()


def subject_json(subject: Subject, viewer: User) -> dict[str, Any]:
    """A subject as a card: what it is, and the one thing the viewer can do about it. Its people must be loaded."""
    kind = subject.declared
    mine = viewer.id == subject.professional_id
    can_claim = mine and subject.is_unclaimed
    has_other_side = subject.client_id is not None or viewer.is_client
    return {
        "id": subject.id,
        "kind": subject.kind,
        "kind_label": kind.label,
        "external_id": subject.external_id,
        "title": subject.title,
        "status": subject.status,
        "starts_at": iso(subject.starts_at),
        "url": subject.url,
        "scope": kind.scope,
        "can_claim": can_claim,
        "can_contact": has_other_side and not subject.is_unclaimed,
        "contact_label": kind.contact.format(role=subject.professional.label),
    }
