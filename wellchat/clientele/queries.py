"""Read clients, and the viewer's own notes and tags. What is somebody else's is not found."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.clientele.models import PREFERENCE, ClientNote, ClientTag, TaggedClient
from wellchat.clock import iso
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.hooks import TAGGED
from wellchat.places import SearchHit
from wellchat.search.matching import excerpt, find_highlights
from wellchat.search.names import SHOWN_NAME
from wellchat.search.normalise import split_words
from wellchat.templating import hue

MAX_SEARCHED = 2_000  # the latest notes that a search looks into


class TagCount(NamedTuple):
    """A tag, and how many clients have it."""

    tag: ClientTag
    clients: int


def connection_with(viewer: User, person_id: str) -> Connection:
    """Return the viewer's connection with somebody, both people loaded. Raises NotFound."""
    found = db.session.execute(
        select(Connection)
        .where(
            or_(
                (Connection.client_id == viewer.id) & (Connection.professional_id == person_id),
                (Connection.client_id == person_id) & (Connection.professional_id == viewer.id),
            )
        )
        .options(joinedload(Connection.client), joinedload(Connection.professional))
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def client_of(viewer: User, client_id: str) -> Connection:
    """Return the connection with a client of the viewer's. Raises NotFound for others, and once erased."""
    found = connection_with(viewer, client_id)
    if not viewer.is_professional or found.professional_id != viewer.id or found.client.is_gone:
        raise NotFound
    return found


def _own_notes(viewer: User) -> ColumnElement[bool]:
    return ClientNote.author_id == viewer.id


def notes_about(viewer: User, client_id: str) -> list[ClientNote]:
    """Return the viewer's notes about a client: preferences as they came, then the latest notes first."""
    query = select(ClientNote).where(_own_notes(viewer), ClientNote.client_id == client_id)
    found = db.session.execute(
        query.where(ClientNote.deleted_at.is_(None))
        .order_by(ClientNote.created_at, ClientNote.id)
        .execution_options(populate_existing=True)
    ).scalars()
    notes = list(found)
    lines = [note for note in notes if note.kind == PREFERENCE]
    return lines + [note for note in reversed(notes) if note.kind != PREFERENCE]


def just_deleted(viewer: User, client_id: str, note_id: str) -> ClientNote | None:
    """Return a note of the viewer's that was deleted and can be brought back; None if there is none."""
    query = select(ClientNote).where(_own_notes(viewer), ClientNote.client_id == client_id)
    query = query.where(ClientNote.id == note_id, ClientNote.deleted_at.is_not(None))
    return db.session.execute(query).scalar_one_or_none()


def tags_of(viewer: User, client_id: str) -> list[ClientTag]:
    """Return the viewer's tags on a client, by name."""
    query = (
        select(ClientTag)
        .join(TaggedClient, TaggedClient.tag_id == ClientTag.id)
        .where(ClientTag.owner_id == viewer.id, TaggedClient.client_id == client_id)
        .order_by(ClientTag.folded)
    )
    return list(db.session.execute(query).scalars())


def my_tags(viewer: User) -> list[TagCount]:
    """Return the viewer's tags with how many clients have them, by name."""
    query = (
        select(ClientTag, func.count(TaggedClient.client_id))
        .outerjoin(TaggedClient, TaggedClient.tag_id == ClientTag.id)
        .where(ClientTag.owner_id == viewer.id)
        .group_by(ClientTag.id)
        .order_by(ClientTag.folded)
    )
    return [TagCount(tag, number) for tag, number in db.session.execute(query)]


def has_tagged(user_id: str) -> tuple[str, ColumnElement[bool]]:
    """Return (TAGGED, the condition that this person has a tag on somebody), for messaging.inbox_facts."""
    mine = exists().where(ClientTag.owner_id == user_id, TaggedClient.tag_id == ClientTag.id)
    return TAGGED, mine


def tags_among(viewer: User, people: Collection[str]) -> dict[str, list[str]]:
    """Return person id -> the names of the viewer's own tags on them, by name, in one statement."""
    query = (
        select(TaggedClient.client_id, ClientTag.name)
        .join(ClientTag, ClientTag.id == TaggedClient.tag_id)
        .where(ClientTag.owner_id == viewer.id, TaggedClient.client_id.in_(people))
        .order_by(ClientTag.folded)
    )
    found: dict[str, list[str]] = {}
    for client_id, name in db.session.execute(query):
        found.setdefault(client_id, []).append(name)
    return found


def tag_named(viewer: User, tag_id: str) -> str | None:
    """Return the name of a tag of the viewer's; None if there is none."""
    query = select(ClientTag.name).where(ClientTag.id == tag_id, ClientTag.owner_id == viewer.id)
    return db.session.execute(query).scalar_one_or_none()


def with_tag(viewer: User, tag_id: str) -> Select[str]:
    """Return the query for the ids of the people who have this tag of the viewer's."""
    return (
        select(TaggedClient.client_id)
        .join(ClientTag, ClientTag.id == TaggedClient.tag_id)
        .where(ClientTag.id == tag_id, ClientTag.owner_id == viewer.id)
    )


def note_json(note: ClientNote) -> dict[str, Any]:
    """Return a note as schemas.NoteShape. For its author alone."""
    return {
        "id": note.id,
        "client_id": note.client_id,
        "kind": note.kind,
        "body": note.body,
        "version": note.version,
        "created_at": iso(note.created_at),
        "updated_at": iso(note.updated_at),
    }


def tag_json(tag: ClientTag, clients: int | None = None) -> dict[str, Any]:
    """Return a tag as schemas.TagShape. Its hue, from 0 to 359, follows from its name."""
    told = {"id": tag.id, "name": tag.name, "hue": hue(tag.folded)}
    return told if clients is None else told | {"clients": clients}


def find_notes(viewer: User, asked: str, limit: int) -> list[SearchHit]:
    """Return the viewer's own notes that have all the words, the latest first."""
    if not viewer.is_professional or not any(split_words(asked)):
        return []
    query = (
        select(ClientNote.id, ClientNote.client_id, ClientNote.body, SHOWN_NAME)
        .join(User, User.id == ClientNote.client_id)
        .where(_own_notes(viewer), ClientNote.deleted_at.is_(None))
        .order_by(ClientNote.updated_at.desc(), ClientNote.id)
        .limit(MAX_SEARCHED)
    )
    hits = []
    for note_id, client_id, body, name in db.session.execute(query):
        if (found := find_highlights(body, asked)) is not None:
            path = f"/people/{client_id}/notes#note-{note_id}"
            hits.append(SearchHit(name or "", path, excerpt(body, found).text))
        if len(hits) == limit:
            break
    return hits
