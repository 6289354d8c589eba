"""The calls of the host API about bookings and other subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.forms import fill
from wellchat.host import answer_shapes as shapes
from wellchat.host import times
from wellchat.host.calls import Answer, Caller, host_call
from wellchat.host.forms import PutSubjectOfHost
from wellchat.host.problems import HostRefusal
from wellchat.host.refs import OURS, checked_ref, people_by_field
from wellchat.i18n import gettext
from wellchat.identities.queries import external_ids
from wellchat.messaging.models import Thread
from wellchat.subjects.actions import hide_subject, put_form
from wellchat.subjects.forms import PutSubject
from wellchat.subjects.kinds import find_kind, kinds
from wellchat.subjects.models import Subject

CLEARABLE = ("url", "status", "starts_at", "ends_at", "cancelled_at", "amount_minor", "currency")
CANCELLED = "cancelled"
SIDES = ("professional", "client")
# What the columns are called in `changed`.
SHOWN = {"client_id": "client", "professional_id": "professional", "hidden_at": "deleted"}


@host_call(
    "PUT",
    "/subjects/<kind>/<ext:ext>",
    scope="subjects:write",
    body=PutSubjectOfHost,
    answers={
        200: ("Changed, or the same as before", shapes.PutSubjectAnswer),
        201: ("Made", shapes.PutSubjectAnswer),
    },
)
def put_subject(caller: Caller, kind: str, ext: str, body: PutSubjectOfHost) -> Answer:
    """Make or change a booking or another thing. Its two people are told, unless `silent`."""
    known = _locked(_kind(kind), checked_ref(ext))
    if known is not None and times.is_stale(times.SUBJECT, known.id, body.as_of):
        return Answer(200, {**_answer(known, {}), "changed": [], "stale": True})
    form, cleared = _form(kind, ext, body, known)
    # Held until the end: the session forgets people whom nobody holds, and would load them again.
    people = people_by_field({side: getattr(body, side) for side in SIDES}, now=caller.now)
    names = {
        people[side].id: getattr(body, side) for side in people if not getattr(body, side).startswith(OURS)
    }
    try:
        subject, changed = put_form(
            form,
            professional_id=_id_of(people, "professional", known) or "",
            client_id=_id_of(people, "client", known),
            cleared=cleared,
            notify=not body.silent,
            is_known=known is not None,
            now=caller.now,
        )
    except Conflict as error:
        raise HostRefusal(409, "subject_in_use", error.detail) from None
    times.take(times.SUBJECT, subject.id, body.as_of)
    if changed is None:
        return Answer(201, {**_answer(subject, names), "changed": []}, new="subject")
    return Answer(200, {**_answer(subject, names), "changed": [SHOWN.get(name, name) for name in changed]})


@host_call("DELETE", "/subjects/<kind>/<ext:ext>", scope="subjects:write", answers={204: ("Hidden", None)})
def delete_subject(caller: Caller, kind: str, ext: str) -> Answer:
    """Take a subject out of every list. Messages keep its title, and its conversation stays."""
    hide_subject(kind=_kind(kind), external_id=checked_ref(ext), now=caller.now)
    return Answer(204)


def _kind(name: str) -> str:
    if find_kind(name) is None:
        known = ", ".join(kinds())
        raise NotFound(gettext("There is no kind %(name)s. There are %(all)s.", name=name, all=known))
    return name


# As put_form locks it, and for the same reason. Built once: a host puts bookings by the thousand.
_LOCKED = (
    select(Subject)
    .where(Subject.kind == bindparam("kind"), Subject.external_id == bindparam("ext"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def _locked(kind: str, ext: str) -> Subject | None:
    return db.session.execute(_LOCKED, {"kind": kind, "ext": ext}).scalar_one_or_none()


def _id_of(people: Mapping[str, User], side: str, known: Subject | None) -> str | None:
    """Return the id of the person on this side; of whom it was before, where the body names nobody."""
    found = people.get(side)
    return found.id if found else getattr(known, f"{side}_id") if known else None


def _form(kind: str, ext: str, body: PutSubjectOfHost, known: Subject | None) -> tuple[PutSubject, list[str]]:
    """Return (the form of the action, the fields to clear). Raises Invalid."""
    given = {name: getattr(body, name) for name in CLEARABLE if name in body.model_fields_set}
    if known is None:
        needed = [name for name in ("title", "professional") if getattr(body, name) is None]
        if needed:
            raise Invalid({name: gettext("This field is required.") for name in needed})
    if given.get("cancelled_at") is not None and given.get("status") is None:
        given["status"] = CANCELLED
    title = body.title if body.title is not None else known.title if known else ""
    values = {"kind": kind, "external_id": ext, "title": title}
    values |= {name: value for name, value in given.items() if value is not None}
    return fill(PutSubject, values), [name for name, value in given.items() if value is None]


def _answer(subject: Subject, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the subject as JSON. `known`: the host's ids of people by ours, as the call named them."""
    people = [each for each in (subject.professional_id, subject.client_id) if each]
    names = known if set(people) <= set(known) else external_ids(people)
    shown = {
        "id": subject.id,
        "kind": subject.kind,
        "external_id": subject.external_id,
        "title": subject.title,
        "professional": _ref(subject.professional_id, names),
        "client": _ref(subject.client_id, names) if subject.client_id else None,
        "url": subject.url,
        "status": subject.status,
        "starts_at": iso(subject.starts_at),
        "ends_at": iso(subject.ends_at),
        "cancelled_at": iso(subject.cancelled_at),
        "amount_minor": subject.amount_minor,
        "currency": subject.currency,
    }
    return {"subject": shown, "thread": _thread_of(subject)}


def _ref(user_id: str, names: Mapping[str, str]) -> str:
    return names.get(user_id) or OURS + user_id


def _thread_of(subject: Subject) -> str | None:
    """Return the id of the conversation that is about this subject alone, if there is one."""
    if subject.declared.scope != "subject":
        return None
    return db.session.execute(select(Thread.id).where(Thread.subject_id == subject.id)).scalars().first()
