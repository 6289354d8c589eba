"""JSON calls about clients. The docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from wellchat import clock
from wellchat.clientele import notes, queries, tags
from wellchat.clientele.forms import AddNote, JourneyPage, MergeTag, NameTag, SaveNote
from wellchat.clientele.journey import entry_json, journey
from wellchat.clientele.schemas import ClientNotes, ClientTags, Journey, MyTags, OneNote, SavedNote
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "clientele_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Clients", "description": "Private notes and tags, and the journey of two people."},
)
# Typing saves by itself, once a second at most.
writing = limiter.shared_limit("120/minute", scope="client_notes")


def _tags_of(person_id: str) -> list[dict[str, Any]]:
    return [queries.tag_json(tag) for tag in queries.tags_of(viewer(), person_id)]


def _my_tags() -> Response:
    found = queries.my_tags(viewer())
    return json_response({"tags": [queries.tag_json(tag, clients) for tag, clients in found]})


@api.get("/people/<person_id>/notes")
@signed_in
@api.output(ClientNotes)
def list_notes(person_id: str) -> Response:
    """List my private notes about a client, and my tags on them. For professionals."""
    user = viewer()
    queries.client_of(user, person_id)
    found = [queries.note_json(note) for note in queries.notes_about(user, person_id)]
    return json_response({"notes": found, "tags": _tags_of(person_id)})


@api.post("/people/<person_id>/notes")
@signed_in
@writing
@api.input(AddNote, location="json", arg_name="body")
@api.output(OneNote, status_code=201)
@api.doc(responses={409: "There are too many notes"})
def add_note(person_id: str, body: AddNote) -> Response:
    """Write a note about a client. At most 200 for each client. Nobody but me is ever shown it."""
    made = notes.add_note(viewer=viewer(), client_id=person_id, **body.model_dump(), now=clock.now())
    return json_response({"note": queries.note_json(made)}, 201)


@api.patch("/people/<person_id>/notes/<note_id>")
@signed_in
@writing
@api.input(SaveNote, location="json", arg_name="body")
@api.output(SavedNote)
@api.doc(responses={409: "There are too many notes to keep both"})
def save_note(person_id: str, note_id: str, body: SaveNote) -> Response:
    """Replace the words of a note.

    If it has changed since `version`, both texts are kept: this one becomes a note of its own.
    """
    note, is_copy = notes.save_note(
        viewer=viewer(), client_id=person_id, note_id=note_id, **body.model_dump(), now=clock.now()
    )
    return json_response({"note": queries.note_json(note), "kept_beside": is_copy})


@api.delete("/people/<person_id>/notes/<note_id>")
@signed_in
@writing
@api.output({}, status_code=204)
def delete_note(person_id: str, note_id: str) -> tuple[str, int]:
    """Delete a note. For an hour it can be brought back."""
    notes.delete_note(viewer=viewer(), client_id=person_id, note_id=note_id, now=clock.now())
    return "", 204


@api.post("/people/<person_id>/notes/<note_id>/restore")
@signed_in
@writing
@api.output(OneNote)
def restore_note(person_id: str, note_id: str) -> Response:
    """Bring a deleted note back."""
    note = notes.restore_note(viewer=viewer(), client_id=person_id, note_id=note_id)
    return json_response({"note": queries.note_json(note)})


@api.post("/people/<person_id>/tags")
@signed_in
@writing
@api.input(NameTag, location="json", arg_name="body")
@api.output(ClientTags)
@api.doc(responses={409: "There are too many tags"})
def tag_client(person_id: str, body: NameTag) -> Response:
    """Put a tag on a client. A new name makes a new tag; at most 50 of them, and 20 on one client."""
    tags.tag_client(viewer=viewer(), client_id=person_id, name=body.name)
    return json_response({"tags": _tags_of(person_id)})


@api.delete("/people/<person_id>/tags/<tag_id>")
@signed_in
@writing
@api.output(ClientTags)
def untag_client(person_id: str, tag_id: str) -> Response:
    """Take a tag off a client."""
    tags.untag_client(viewer=viewer(), client_id=person_id, tag_id=tag_id)
    return json_response({"tags": _tags_of(person_id)})


@api.get("/people/<person_id>/journey")
@signed_in
@api.input(JourneyPage, location="query", arg_name="page")
@api.output(Journey)
def get_journey(person_id: str, page: JourneyPage) -> Response:
    """List what happened between me and somebody, the latest first; 1,000 entries at a time."""
    found = journey(viewer(), person_id, before=page.before)
    return json_response({"entries": [entry_json(each) for each in found.entries], "next": found.following})


@api.get("/tags")
@signed_in
@api.output(MyTags)
def list_tags() -> Response:
    """List my tags, by name, with how many clients have each."""
    return _my_tags()


@api.patch("/tags/<tag_id>")
@signed_in
@writing
@api.input(NameTag, location="json", arg_name="body")
@api.output(MyTags)
@api.doc(responses={409: "Another tag has this name"})
def rename_tag(tag_id: str, body: NameTag) -> Response:
    """Rename a tag."""
    tags.rename_tag(viewer=viewer(), tag_id=tag_id, name=body.name)
    return _my_tags()


@api.post("/tags/<tag_id>/merge")
@signed_in
@writing
@api.input(MergeTag, location="json", arg_name="body")
@api.output(MyTags)
def merge_tags(tag_id: str, body: MergeTag) -> Response:
    """Put the tag `into` on all clients of this tag, and delete this one."""
    tags.merge_tags(viewer=viewer(), tag_id=tag_id, into_id=body.into)
    return _my_tags()


@api.delete("/tags/<tag_id>")
@signed_in
@writing
@api.output(MyTags)
def delete_tag(tag_id: str) -> Response:
    """Delete a tag, and take it off all clients."""
    tags.delete_tag(viewer=viewer(), tag_id=tag_id)
    return _my_tags()
