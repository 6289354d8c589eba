"""The pages of notes and tags. The notes stand beside the thread too, fetched from their page when shown."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.queries import person_json
from wellchat.clientele import notes, queries, tags
from wellchat.clientele.api import writing
from wellchat.clientele.facts import beside_person
from wellchat.clientele.forms import AddNote, JourneyPage, MergeTag, NameTag, NotesPage, SaveNote
from wellchat.clientele.journey import drawing, entry_json, journey
from wellchat.clientele.models import MAX_NOTE, MAX_PREFERENCE, MAX_TAG, PREFERENCE
from wellchat.db import new_id
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.forms import read_form, read_query
from wellchat.messaging.queries import pair_threads
from wellchat.web import signed_in, viewer

pages = Blueprint("clientele", __name__)


@pages.get("/people/<person_id>/notes")
@signed_in
def client_notes(person_id: str) -> str:
    """Show the viewer's notes about a client and tags on them."""
    return _notes_page(person_id)


def _notes_page(person_id: str, refusal: Invalid | Conflict | None = None, at: str = "") -> str:
    """Return the page; after a refusal with what was typed at the place `at`: a kind, a note or "tag"."""
    user = viewer()
    connection = queries.client_of(user, person_id)
    asked = NotesPage() if refusal else read_query(NotesPage)
    found = [queries.note_json(note) for note in queries.notes_about(user, person_id)]
    on_client = queries.tags_of(user, person_id)
    threads = pair_threads(user, [connection.id])
    return render_template(
        "clientele/notes.html",
        person=person_json(connection.client, connection.trade),
        thread_id=threads.get(connection.id),
        preferences=[note for note in found if note["kind"] == PREFERENCE],
        notes=[note for note in found if note["kind"] != PREFERENCE],
        tags=[queries.tag_json(tag) for tag in on_client],
        known=[tag.name for tag, _ in queries.my_tags(user) if tag not in on_client],
        undo=queries.just_deleted(user, person_id, asked.undo) if asked.undo else None,
        kept=asked.kept,
        error=" ".join(refusal.errors.values()) or refusal.detail if refusal else "",
        error_at=at,
        typed=request.form.get("name" if at == "tag" else "body", "") if refusal else "",
        client_key=new_id(),
        most={"note": MAX_NOTE, "preference": MAX_PREFERENCE, "tag": MAX_TAG},
    )


def _back(person_id: str, **query: Any) -> Response:
    return redirect(url_for("clientele.client_notes", person_id=person_id, **query), 303)


@pages.post("/people/<person_id>/notes")
@signed_in
@writing
def add(person_id: str) -> Response | tuple[str, int]:
    """Write a note. If it is refused, show the page again with the words and the reason."""
    user = viewer()
    queries.client_of(user, person_id)  # 404 comes before what is wrong with the form
    try:
        form = read_form(AddNote)
        notes.add_note(viewer=user, client_id=person_id, **form.model_dump(), now=clock.now())
    except (Invalid, Conflict) as refusal:
        kind = "preference" if request.form.get("kind") == PREFERENCE else "note"
        return _notes_page(person_id, refusal, kind), refusal.status
    return _back(person_id)


@pages.post("/people/<person_id>/notes/<note_id>")
@signed_in
@writing
def save(person_id: str, note_id: str) -> Response | tuple[str, int]:
    """Save a note. If somebody has changed it meanwhile, both are kept, and the page says so."""
    user = viewer()
    if note_id not in {note.id for note in queries.notes_about(user, person_id)}:
        raise NotFound
    try:
        form = read_form(SaveNote)
        saved = notes.save_note(
            viewer=user, client_id=person_id, note_id=note_id, **form.model_dump(), now=clock.now()
        )
    except (Invalid, Conflict) as refusal:
        return _notes_page(person_id, refusal, note_id), refusal.status
    return _back(person_id, kept=saved.note.id if saved.is_copy else None)


@pages.post("/people/<person_id>/notes/<note_id>/delete")
@signed_in
@writing
def delete(person_id: str, note_id: str) -> Response:
    """Delete a note, and offer to bring it back."""
    notes.delete_note(viewer=viewer(), client_id=person_id, note_id=note_id, now=clock.now())
    return _back(person_id, undo=note_id)


@pages.post("/people/<person_id>/notes/<note_id>/restore")
@signed_in
@writing
def restore(person_id: str, note_id: str) -> Response:
    """Bring a deleted note back."""
    notes.restore_note(viewer=viewer(), client_id=person_id, note_id=note_id)
    return _back(person_id)


@pages.post("/people/<person_id>/tags")
@signed_in
@writing
def put_tag(person_id: str) -> Response | tuple[str, int]:
    """Put a tag on a client. If it is refused, show the page again with the name and the reason."""
    user = viewer()
    queries.client_of(user, person_id)
    try:
        tags.tag_client(viewer=user, client_id=person_id, name=read_form(NameTag).name)
    except (Invalid, Conflict) as refusal:
        return _notes_page(person_id, refusal, "tag"), refusal.status
    return _back(person_id)


@pages.post("/people/<person_id>/tags/<tag_id>/remove")
@signed_in
@writing
def take_tag_off(person_id: str, tag_id: str) -> Response:
    """Take a tag off a client."""
    tags.untag_client(viewer=viewer(), client_id=person_id, tag_id=tag_id)
    return _back(person_id)


@pages.get("/people/<person_id>/journey")
@signed_in
def journey_page(person_id: str) -> str:
    """Show the way of the viewer and somebody: a line of time, and the same as a list."""
    user, now = viewer(), clock.now()
    queries.connection_with(user, person_id)  # 404 comes before what is wrong with the query
    found = journey(user, person_id, before=read_query(JourneyPage).before)
    person = found.connection.other(user.id)
    return render_template(
        "clientele/journey.html",
        person=person_json(person, found.connection.trade),
        thread_id=pair_threads(user, [found.connection.id]).get(found.connection.id),
        told=beside_person(user, found.connection, now),
        entries=[entry_json(entry) for entry in found.entries],
        picture=drawing(found.entries, now),
        following=found.following,
        here=request.path,
    )


@pages.get("/tags")
@signed_in
def my_tags() -> str:
    """Show the viewer's tags, each with its clients in the inbox, and forms that change it."""
    return _tags_page()


def _tags_page(refusal: Invalid | Conflict | None = None, at: str = "") -> str:
    user = viewer()
    if not user.is_professional:
        raise NotFound
    return render_template(
        "clientele/tags.html",
        tags=[queries.tag_json(tag, clients) for tag, clients in queries.my_tags(user)],
        error=" ".join(refusal.errors.values()) or refusal.detail if refusal else "",
        error_at=at,
        typed=request.form.get("name", "") if refusal else "",
        most=MAX_TAG,
    )


def _change_tag(tag_id: str, change: Any) -> Response | tuple[str, int]:
    user = viewer()
    if queries.tag_named(user, tag_id) is None or not user.is_professional:
        raise NotFound
    try:
        change(user)
    except (Invalid, Conflict) as refusal:
        return _tags_page(refusal, tag_id), refusal.status
    return redirect(url_for("clientele.my_tags"), 303)


@pages.post("/tags/<tag_id>")
@signed_in
@writing
def rename_tag(tag_id: str) -> Response | tuple[str, int]:
    """Rename a tag. If it is refused, show the page again with the name and the reason."""
    return _change_tag(
        tag_id, lambda user: tags.rename_tag(viewer=user, tag_id=tag_id, name=read_form(NameTag).name)
    )


@pages.post("/tags/<tag_id>/merge")
@signed_in
@writing
def merge_tag(tag_id: str) -> Response | tuple[str, int]:
    """Merge a tag into another one."""
    return _change_tag(
        tag_id, lambda user: tags.merge_tags(viewer=user, tag_id=tag_id, into_id=read_form(MergeTag).into)
    )


@pages.post("/tags/<tag_id>/delete")
@signed_in
@writing
def delete_tag(tag_id: str) -> Response | tuple[str, int]:
    """Delete a tag. Its form says on how many clients it is."""
    return _change_tag(tag_id, lambda user: tags.delete_tag(viewer=user, tag_id=tag_id))
