"""Serve the pictures of people to those who may see them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from wellchat.accounts.models import User
from wellchat.accounts.queries import avatar_of
from wellchat.connections.queries import person_for
from wellchat.errors import NotFound
from wellchat.security_headers import picture_caching
from wellchat.web import signed_in, viewer

pages = Blueprint("connections", __name__)


@pages.get("/people/<user_id>/avatar")
@signed_in
def avatar(user_id: str) -> Response:
    """Return the picture, or 304 to a browser that has it. Raises NotFound.

    A browser keeps it and asks each time: who may see it can change.
    """
    return picture_of(person_for(viewer(), user_id))


def picture_of(person: User) -> Response:
    """Return a person's picture to somebody who may see it. Raises NotFound if there is none."""
    version = person.avatar_version
    if version and request.if_none_match.contains_weak(version):
        response = Response(status=304)
    elif (picture := avatar_of(person)) is not None:
        response = Response(picture, content_type="image/webp")
    else:
        raise NotFound
    response.headers["Cache-Control"] = picture_caching()
    response.headers["ETag"] = f'"{version}"'
    # Uploaded content: no script in it may run, and no other site may embed it.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
