"""Serve files to the two people of their thread."""

from __future__ import annotations

from flask import Blueprint, Response

from wellchat.attachments.queries import file_for
from wellchat.attachments.serving import send_original, send_thumbnail
from wellchat.web import signed_in, viewer

pages = Blueprint("attachments", __name__, url_prefix="/attachments")


@pages.get("/<attachment_id>/<name>")
@signed_in
def show(attachment_id: str, name: str) -> Response:
    """Return a file. `name` is only for people: the id decides."""
    return send_original(file_for(viewer(), attachment_id))


@pages.get("/<attachment_id>/thumbnail")
@signed_in
def thumbnail(attachment_id: str) -> Response:
    """Return the thumbnail of a picture."""
    return send_thumbnail(file_for(viewer(), attachment_id))
