"""The pictures and files of a thread, as JSON and as a page."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response, render_template

from wellchat.accounts.models import User
from wellchat.attachments.models import Attachment
from wellchat.attachments.queries import files_of
from wellchat.attachments.schemas import AttachmentPage
from wellchat.attachments.serializers import as_file, file_json
from wellchat.clock import iso
from wellchat.forms import read_query
from wellchat.messaging.files import thread_files
from wellchat.messaging.forms import ListFiles
from wellchat.messaging.queries import thread_for
from wellchat.web import json_response, signed_in, viewer

gallery_api = APIBlueprint("gallery_api", __name__, url_prefix="/api/threads", tag="Files")
gallery = Blueprint("gallery", __name__, url_prefix="/threads")


def sent_json(row: Attachment) -> dict[str, Any]:
    return file_json(as_file(row)) | {
        "seq": row.message_seq,
        "sender_id": row.owner_id,
        "created_at": iso(row.created_at),
    }


@gallery_api.get("/<thread_id>/attachments")
@signed_in
@gallery_api.input(ListFiles, location="query", arg_name="page")
@gallery_api.output(AttachmentPage)
def list_files(thread_id: str, page: ListFiles) -> Response:
    """The pictures and documents of a thread, latest first."""
    found, following = thread_files(viewer(), thread_id, kind=page.kind, before=page.before, limit=page.limit)
    return json_response({"attachments": [sent_json(row) for row in found], "next": following})


@gallery.get("/<thread_id>/files")
@signed_in
def files(thread_id: str) -> str:
    """All of them on a page of its own: what the side panel shows the latest of."""
    user, page = viewer(), read_query(ListFiles)
    view = thread_for(user, thread_id)
    found, following = thread_files(user, thread_id, kind=page.kind, before=page.before, limit=60)
    return render_template(
        "attachments/files.html",
        thread_id=thread_id,
        last_seq=view.thread.last_seq,
        person=view.other,
        kind=page.kind,
        files=[sent_json(row) for row in found],
        next=following,
    )


PANEL_PICTURES = 9  # pictures, and four documents


def panel_files(viewer: User, thread_id: str) -> dict[str, Any]:
    """The latest pictures and documents, for the panel beside a thread; whether there are more of each."""
    pictures, more_pictures = files_of(viewer, thread_id, kind="picture", before=None, limit=PANEL_PICTURES)
    documents, more_documents = files_of(viewer, thread_id, kind="document", before=None, limit=4)
    return {
        "pictures": [sent_json(row) for row in pictures],
        "more_pictures": more_pictures,
        "documents": [sent_json(row) for row in documents],
        "more_documents": more_documents,
    }
