"""Serve the pictures of people to those who may see them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from wellchat.accounts.queries import avatar_of
from wellchat.connections.queries import person_for
from wellchat.errors import NotFound
from wellchat.web import signed_in, viewer

pages = Blueprint("connections", __name__)


@pages.get("/people/<user_id>/avatar")
@signed_in
def avatar(user_id: str) -> Response:
    """Return the picture, cached for a year under its newest version. Raises NotFound."""
    person = person_for(viewer(), user_id)
    picture = avatar_of(person)
    if picture is None:
        raise NotFound
    response = Response(picture, content_type="image/webp")
    newest = request.args.get("v") == person.avatar_version
    response.headers["Cache-Control"] = (
        "private, max-age=31536000, immutable" if newest else "private, no-cache"
    )
    # Uploaded content: no script in it may run, and no other site may embed it.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
