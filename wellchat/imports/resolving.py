"""Find the people, subjects and threads that chats name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select, tuple_

from wellchat.accounts.models import ADMIN, CLIENT, PROFESSIONAL, User
from wellchat.db import db
from wellchat.host.refs import OURS
from wellchat.identities.models import HOST, Identity
from wellchat.imports.models import SUBJECT, USER, ImportLine
from wellchat.imports.refusing import Refused
from wellchat.subjects.kinds import find_kind, kind_of
from wellchat.subjects.models import Subject

Key = tuple[str, str]  # (source, chat), or (kind, external id) of a subject


class Side(NamedTuple):
    """A person. `id` is None for one that is only in the file yet."""

    id: str | None
    role: str
    usable: bool = True
    waits: bool = False
    active: bool = True


class Resolved(NamedTuple):
    """A chat whose people and subject are known. `about` is None in the chat of a pair about nothing."""

    key: Key
    client: str  # the platform's ids
    professional: str
    client_side: Side
    professional_side: Side
    about: Subject | None
    scope: str


def sides(refs: Collection[str]) -> dict[str, Side]:
    """Return the people with these ids of the platform, or `id:` and ours. Administrators are nobody."""
    ours = {ref.removeprefix(OURS) for ref in refs if ref.startswith(OURS)}
    theirs = [ref for ref in refs if not ref.startswith(OURS)]
    found: dict[str, Side] = {}
    if theirs:
        named = select(Identity.external_id, User).join(User, User.id == Identity.user_id)
        named = named.where(
            Identity.source == HOST, Identity.external_id.in_(theirs), Identity.moved_at.is_(None)
        )
        found |= {ref: _side(user) for ref, user in db.session.execute(named).all()}
    if ours:
        users = db.session.execute(select(User).where(User.id.in_(ours))).scalars()
        found |= {OURS + user.id: _side(user) for user in users}
    return {ref: side for ref, side in found.items() if side.usable}


def _side(user: User) -> Side:
    return Side(user.id, user.role, user.role != ADMIN and not user.is_gone, user.waits, user.is_active)


def sides_in_file(import_id: str, refs: Collection[str]) -> dict[str, Side]:
    """Return those of these people whom the file itself describes."""
    few = ImportLine.kind != "message"
    query = select(ImportLine.item, ImportLine.content).where(
        ImportLine.import_id == import_id, few, ImportLine.kind == USER, ImportLine.item.in_(refs)
    )
    found = ((item, orjson.loads(content).get("role")) for item, content in db.session.execute(query))
    return {item: Side(None, role) for item, role in found if role in (CLIENT, PROFESSIONAL)}


def subjects(keys: Collection[Key]) -> dict[Key, Subject]:
    """Return the subjects with these kinds and ids."""
    if not keys:
        return {}
    query = select(Subject).where(tuple_(Subject.kind, Subject.external_id).in_(list(keys)))
    return {(each.kind, each.external_id): each for each in db.session.execute(query).scalars()}


def subjects_in_file(import_id: str, keys: Collection[Key]) -> set[Key]:
    """Return those of these subjects that the file itself describes."""
    few = ImportLine.kind != "message"
    query = select(ImportLine.source, ImportLine.item).where(
        ImportLine.import_id == import_id,
        few,
        ImportLine.kind == SUBJECT,
        ImportLine.item.in_([ext for _, ext in keys]),
    )
    return {(kind, ext) for kind, ext in db.session.execute(query) if (kind, ext) in keys}


def resolve(lines: Sequence[Any], *, within: str | None = None) -> Iterable[tuple[Any, Resolved | Refused]]:
    """Yield each chat line with what it means here, or why it means nothing.

    `within` is an import whose own lines count as done, for a check.
    """
    contents = [orjson.loads(line.content) for line in lines]
    refs = {ref for each in contents for ref in (each["client"], each["professional"])}
    people = (sides_in_file(within, refs) if within else {}) | sides(refs)
    keys = {(each["subject"][0], each["subject"][1]) for each in contents if each["subject"]}
    known = subjects(keys)
    promised = subjects_in_file(within, keys - known.keys()) if within else set()
    for line, content in zip(lines, contents, strict=True):
        try:
            yield line, _resolve_one(line, content, people, known, promised.__contains__)
        except Refused as refusal:
            yield line, refusal


def _resolve_one(
    line: Any,
    content: dict[str, Any],
    people: dict[str, Side],
    known: dict[Key, Subject],
    is_promised: Callable[[Key], bool],
) -> Resolved:
    client, professional = content["client"], content["professional"]
    two = [_person(people, client, CLIENT), _person(people, professional, PROFESSIONAL)]
    if two[1].waits:
        raise Refused(f"the professional {professional} is not confirmed yet")
    about, scope = None, "connection"
    if content["subject"]:
        key = (content["subject"][0], content["subject"][1])
        about = known.get(key)
        if find_kind(key[0]) is None or (about is None and not is_promised(key)):
            raise Refused(f"there is no subject {key[0]} {key[1]}")
        scope = kind_of(key[0]).scope
        if about is not None:
            _check_subject(about, two)
    return Resolved((line.source, line.chat), client, professional, two[0], two[1], about, scope)


def _person(people: dict[str, Side], ref: str, role: str) -> Side:
    found = people.get(ref)
    if found is None:
        raise Refused(f"nobody has the id {ref}")
    if found.role != role:
        raise Refused(f"{ref} is not a {role}")
    return found


def _check_subject(about: Subject, two: list[Side]) -> None:
    client, professional = two
    if about.is_unclaimed:
        raise Refused("nobody has claimed this lead")
    if about.professional_id != professional.id or about.client_id not in (None, client.id):
        raise Refused("the subject belongs to other people")
