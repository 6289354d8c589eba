"""The files themselves, for the two people of their thread."""

from __future__ import annotations

from flask import Blueprint, Response

from wellchat.attachments.queries import file_for
from wellchat.attachments.serving import small, whole
from wellchat.web import signed_in, viewer

pages = Blueprint("attachments", __name__, url_prefix="/attachments")


@pages.get("/<attachment_id>/<name>")
@signed_in
def show(attachment_id: str, name: str) -> Response:
    return whole(file_for(viewer(), attachment_id))


@pages.get("/<attachment_id>/thumbnail")
@signed_in
def thumbnail(attachment_id: str) -> Response:
    return small(file_for(viewer(), attachment_id))
