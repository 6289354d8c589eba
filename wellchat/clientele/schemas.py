"""Schemas of the answers about clients, for the OpenAPI document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wellchat.shapes import Id, Moment, NextPage, like


class NoteShape(BaseModel):
    """A private note of mine about a client. Nobody else is shown it. `version` grows with each change."""

    id: Id
    client_id: Id
    kind: Literal["note", "preference"]
    body: str = like("Hates the smell of coconut.")
    version: int = like(3)
    created_at: Moment
    updated_at: Moment


class TagShape(BaseModel):
    """A private tag of mine. `hue` is its colour in degrees, and follows from its name."""

    id: Id
    name: str = like("sensitive scalp")
    hue: int = like(210)


class CountedTag(TagShape):
    """`clients`: how many have it."""

    clients: int = like(12)


class OneNote(BaseModel):
    note: NoteShape


class SavedNote(OneNote):
    """`kept_beside`: the note had other words by now, so these are kept in a note of their own."""

    note: NoteShape
    kept_beside: bool


class ClientNotes(BaseModel):
    """Preferences first, in the order of writing; then the latest notes."""

    notes: list[NoteShape]
    tags: list[TagShape]


class ClientTags(BaseModel):
    tags: list[TagShape]


class MyTags(BaseModel):
    tags: list[CountedTag]


class JourneyEntry(BaseModel):
    """Something on the way of two people.

    A `break` ends at `at` and began at `since`. `pictures` is their number on one day. `subject_id` and
    `title` are those of a booking, which `called_off` says was cancelled or the like.
    """

    kind: Literal["first_message", "booking", "pictures", "break"]
    at: Moment
    since: Moment | None = None
    subject_id: Id | None = None
    title: str | None = like("Balayage refresh", default=None)
    status: str | None = like("completed", default=None)
    called_off: bool | None = like(False, default=None)
    pictures: int | None = like(3, default=None)


class Journey(BaseModel):
    """The latest first. `next` is the `before` of the next page, null on the last one."""

    entries: list[JourneyEntry]
    next: NextPage | None
