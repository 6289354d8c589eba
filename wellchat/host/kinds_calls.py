"""The calls of the host API about kinds of subjects of the host's own."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel

from wellchat.errors import Invalid
from wellchat.host.answer_shapes import Written
from wellchat.host.calls import Answer, Caller, host_call
from wellchat.i18n import gettext
from wellchat.subjects.kinds import KINDS, OWN, SubjectKind
from wellchat.subjects.models import OwnSubjectKind
from wellchat.subjects.own_kinds import NAME, PutKind, put_kind


class KindShape(BaseModel):
    """A kind of subject. `own`: you added it; ours stay as they are."""

    name: str
    label: str
    scope: Literal["connection", "client", "subject"]
    visit: str
    contact: str
    retention_days: int | None
    own: bool


class KindsAnswer(BaseModel):
    """All kinds: ours, then yours."""

    kinds: list[KindShape]


class PutKindAnswer(Written):
    """The answer to a PUT of a kind."""

    kind: KindShape


@host_call("GET", "/kinds", scope="subjects:read", answers={200: ("All kinds", KindsAnswer)})
def get_kinds(caller: Caller) -> Answer:
    """List the kinds of subjects: ours, then yours."""
    return Answer(200, {"kinds": [kind_json(each) for each in (*KINDS.values(), *OWN.look().values())]})


@host_call(
    "PUT",
    "/kinds/<kind>",
    scope="subjects:write",
    body=PutKind,
    answers={
        200: ("Changed, or the same as before", PutKindAnswer),
        201: ("Made", PutKindAnswer),
    },
)
def put_subject_kind(caller: Caller, kind: str, body: PutKind) -> Answer:
    """Make or change a kind of subject of your own. Its scope stays once there is a subject of it."""
    checked_name(kind, NAME)
    found, changed = put_kind(kind, body, now=caller.now)
    shown = {"kind": kind_json(found), "changed": changed or []}
    return Answer(201 if changed is None else 200, shown)


def checked_name(name: str, pattern: str) -> None:
    """Raise Invalid for a name of a kind that cannot be."""
    if not re.fullmatch(pattern, name):
        text = gettext("A name has small letters, digits and _, and begins with a letter. It is short.")
        raise Invalid({"kind": text})


def kind_json(kind: SubjectKind | OwnSubjectKind) -> dict[str, Any]:
    """Return a kind as JSON."""
    fields = SubjectKind.__dataclass_fields__
    return {name: getattr(kind, name) for name in fields} | {"own": kind.name not in KINDS}
