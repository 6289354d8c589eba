"""The public page of a professional. Nothing of it is kept anywhere: each picture is asked for anew."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, render_template

from wellchat.attachments.models import READY, Attachment
from wellchat.attachments.storage import Missing, get_store, key_of, thumbnail_key
from wellchat.db import release_connection
from wellchat.errors import Busy, NotFound
from wellchat.i18n import gettext
from wellchat.portfolio import queries
from wellchat.portfolio.models import LABEL_WORDS
from wellchat.web import limiter, place_key

log = logging.getLogger(__name__)

pages = Blueprint("portfolio_public", __name__, url_prefix="/gallery/<address>")


@pages.get("")
@limiter.limit("120/minute", key_func=place_key)
def page(address: str) -> Response:
    """Show the public page to anybody. It names the professional, and no client."""
    person = queries.public_page(address)
    pictures = [
        {
            "address": f"/gallery/{address}/{picture.public_id}",
            "label": gettext(LABEL_WORDS[label]) if label else None,
            "width": file.width,
            "height": file.height,
            "small": file.state == READY,
        }
        for picture, file, label in queries.public_pictures(person.id)
    ]
    shown = {"id": address, "name": person.name, "role_label": person.label, "bio": person.bio}
    response = Response(render_template("portfolio/public.html", person=shown, pictures=pictures))
    return _kept_nowhere(response)


@pages.get("/<public_id>")
@limiter.limit("600/minute", key_func=place_key)
def picture(address: str, public_id: str) -> Response:
    """Return a picture, without a name and without metadata."""
    file = queries.public_file(address, public_id)
    return _bytes(file, key_of(file.id), file.media_type)


@pages.get("/<public_id>/small")
@limiter.limit("600/minute", key_func=place_key)
def thumbnail(address: str, public_id: str) -> Response:
    """Return a small copy of a picture."""
    file = queries.public_file(address, public_id)
    if file.state != READY:
        raise NotFound
    return _bytes(file, thumbnail_key(file.id), "image/webp")


def _bytes(file: Attachment, key: str, media_type: str) -> Response:
    # Stored pictures were written anew when they came: no place, device or name is in them.
    release_connection()
    try:
        chunks = get_store().read(key)
    except Missing:
        raise NotFound from None
    except Exception as error:
        log.warning("the store of files does not answer: %s", error)
        raise Busy(gettext("Files cannot be read right now. Try again in a moment.")) from None
    response = Response(chunks, content_type=media_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return _kept_nowhere(response)


def _kept_nowhere(response: Response) -> Response:
    """Forbid every cache and every search engine to keep it: a consent may end in the next second."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, noarchive, noimageindex"
    return response
