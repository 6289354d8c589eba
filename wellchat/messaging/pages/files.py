"""The pictures and files of a thread on a page of their own."""

from __future__ import annotations

from flask import Blueprint, render_template

from wellchat.forms import read_query
from wellchat.messaging.files import thread_files
from wellchat.messaging.forms import ListFiles
from wellchat.messaging.queries import thread_for
from wellchat.messaging.serializers import attachment_json
from wellchat.web import signed_in, viewer

pages = Blueprint("thread_files", __name__, url_prefix="/threads")


@pages.get("/<thread_id>/files")
@signed_in
def files(thread_id: str) -> str:
    """Show all files of a thread. The panel beside the thread shows the latest ones."""
    user, page = viewer(), read_query(ListFiles)
    view = thread_for(user, thread_id)
    found, following = thread_files(user, thread_id, kind=page.kind, before=page.before, limit=60)
    return render_template(
        "attachments/files.html",
        thread_id=thread_id,
        last_seq=view.thread.last_seq,
        person=view.other,
        kind=page.kind,
        files=[attachment_json(row) for row in found],
        next=following,
    )
