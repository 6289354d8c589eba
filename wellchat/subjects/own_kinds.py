"""Put kinds of subjects of the host platform's own."""

from __future__ import annotations

from datetime import datetime
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import select

from wellchat.accounts.names import one_line
from wellchat.audit.actions import record
from wellchat.db import db, insert, transaction
from wellchat.errors import Conflict, Invalid
from wellchat.forms import Filled, Form
from wellchat.i18n import gettext
from wellchat.shapes import sample
from wellchat.subjects.kinds import KINDS, OWN, Scope
from wellchat.subjects.models import OwnSubjectKind, Subject

NAME = r"^[a-z][a-z0-9_]{0,19}$"
MAX_KINDS = 50
NEEDED = ("label", "scope", "visit", "contact")

Words = Annotated[
    Filled,
    StringConstraints(min_length=1, max_length=60),
    AfterValidator(one_line),
]


def _contact(text: str) -> str:
    try:
        fields = {tuple(each[1:]) for each in Formatter().parse(text)}
    except ValueError:
        fields = {()}
    # Nothing but the plain name: a format can reach into what it is given.
    if not fields <= {("role", "", None), (None, None, None)}:
        raise ValueError(gettext("In braces there may be {role} only."))
    return text


class PutKind(
    Form,
    json_schema_extra=sample(
        {"label": "Order", "scope": "subject", "visit": "Open the order", "contact": "Ask {role}"}
    ),
):
    """A kind of subject. All but `retention_days` are needed for a new one.

    `scope` says which messages share a conversation: `connection`, all of a pair; `client`, those of one
    client about one subject; `subject`, those about one subject. `visit` is the label of the link to the
    subject's address, `contact` that of the button on its card; `{role}` in it is what the professional is
    called. `retention_days`: how long its conversations are kept after their last message.
    """

    label: Words | None = None
    scope: Scope | None = None
    visit: Words | None = None
    contact: Annotated[Words, AfterValidator(_contact)] | None = None
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


def put_kind(name: str, form: PutKind, *, now: datetime) -> tuple[OwnSubjectKind, list[str] | None]:
    """Make a kind, or change what `form` names. Return (it, the names of what changed, None for a new one).

    Raises Invalid, and Conflict for another scope where there are subjects: their messages would have to
    move.
    """
    _check_name(name)
    with transaction() as session:
        query = select(OwnSubjectKind).where(OwnSubjectKind.name == name).with_for_update()
        kind = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
        if kind is None:
            made = _make(name, form, now)
            if made is not None:
                return made, None
            # Somebody has made it since.
            kind = session.execute(query).scalar_one()
        changed = _change(kind, form)
        if changed:
            session.flush()
            _put_down(name, now)
        return kind, changed


def _check_name(name: str) -> None:
    if name in KINDS:
        raise Invalid({"kind": gettext("%(name)s is one of our own kinds. Choose another name.", name=name)})


def _make(name: str, form: PutKind, now: datetime) -> OwnSubjectKind | None:
    missing = {each: gettext("This field is required.") for each in NEEDED if getattr(form, each) is None}
    if missing:
        raise Invalid(missing)
    _check_period(str(form.scope), form.retention_days)
    with transaction() as session:
        if len(OWN.look()) >= MAX_KINDS:
            raise Invalid({"kind": gettext("There are %(num)s kinds already.", num=MAX_KINDS)})
        new = insert(OwnSubjectKind).values(name=name, made_at=now, **form.model_dump())
        new = new.on_conflict_do_nothing(index_elements=[OwnSubjectKind.name]).returning(OwnSubjectKind.name)
        if session.execute(new).scalar_one_or_none() is None:
            return None
        _put_down(name, now)
        return session.get_one(OwnSubjectKind, name)


def keep_scope(name: str) -> None:
    """Keep the scope of a kind of the host's until the end of the transaction, which makes a subject of it.

    What this process knows of the kind may be older than its scope: it is read again then.
    """
    if name in KINDS:
        return
    query = select(OwnSubjectKind.scope).where(OwnSubjectKind.name == name).with_for_update(read=True)
    scope = db.session.execute(query).scalar()
    known = OWN.get(name)
    if known is None or known.scope != scope:
        OWN.look()


def _change(kind: OwnSubjectKind, form: PutKind) -> list[str]:
    given: dict[str, Any] = {name: getattr(form, name) for name in form.model_fields_set}
    for name in NEEDED:
        if name in given and given[name] is None:
            raise Invalid({name: gettext("This field is required.")})
    changed = [name for name, value in given.items() if value != getattr(kind, name)]
    if "scope" in changed and _has_subjects(kind.name):
        raise Conflict(gettext("There are subjects of this kind, so its scope stays as it is."))
    for name in changed:
        setattr(kind, name, given[name])
    _check_period(kind.scope, kind.retention_days)
    return changed


def _check_period(scope: str, days: int | None) -> None:
    if scope == "connection" and days is not None:
        text = gettext("Its messages are in the pair's one conversation, which has no period of its own.")
        raise Invalid({"retention_days": text})


def _has_subjects(name: str) -> bool:
    with transaction() as session:
        return session.execute(select(Subject.id).where(Subject.kind == name).limit(1)).first() is not None


def _put_down(name: str, now: datetime) -> None:
    record("subject_kind.put", now=now, about=("subject_kind", name))
    OWN.forget_after_commit()
