"""Subjects, as the host platform tells of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import select, update

from wellchat.accounts.models import User
from wellchat.db import insert, new_id, transaction
from wellchat.errors import Invalid, NotFound, errors_by_field
from wellchat.subjects.forms import PutSubject
from wellchat.subjects.models import CLAIMED, OPEN, Subject


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
) -> Subject:
    """Create or update the subject known by (kind, external id). A lead put without a status counts as claimed.

    Raises Invalid, field by field.
    """
    try:
        shape = PutSubject(kind=kind, external_id=external_id, title=title, url=url, starts_at=starts_at, status=status)
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None
    with transaction() as session:
        professional = session.get(User, professional_id)
        if professional is None or not professional.is_professional:
            raise Invalid({"professional": "This is not a professional's account."})
        client = session.get(User, client_id) if client_id else None
        if client_id and (client is None or not client.is_client):
            raise Invalid({"client": "This is not a client's account."})
        told = shape.model_dump() | {"professional_id": professional_id, "client_id": client_id, "updated_at": now}
        session.execute(
            insert(Subject)
            .values(id=new_id(), created_at=now, **told)
            .on_conflict_do_update(index_elements=[Subject.kind, Subject.external_id], set_=told)
        )
        return session.execute(
            select(Subject)
            .where(Subject.kind == kind, Subject.external_id == external_id)
            .execution_options(populate_existing=True)
        ).scalar_one()


def claim(*, viewer: User, subject_id: str, now: datetime) -> Subject:
    """Take a lead that is offered to the viewer. Taking it twice is the same as once. Raises NotFound."""
    with transaction() as session:
        session.execute(
            update(Subject)
            .where(Subject.id == subject_id, Subject.professional_id == viewer.id, Subject.status == OPEN)
            .values(status=CLAIMED, updated_at=now)
        )
        subject = session.get(Subject, subject_id, populate_existing=True)
        if subject is None or subject.professional_id != viewer.id or subject.declared.scope != "subject":
            raise NotFound
        return subject
