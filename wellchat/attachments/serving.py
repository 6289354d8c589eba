"""Serve files: with the detected type, in a sandbox, in ranges if asked (RFC 9110)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import quote

from flask import Response, request

from wellchat.attachments.models import READY, SCANNING, Attachment
from wellchat.attachments.storage import Missing, get_store, key_of, thumbnail_key
from wellchat.db import release_connection
from wellchat.errors import Busy, Conflict, NotFound
from wellchat.i18n import gettext
from wellchat.security_headers import picture_caching

log = logging.getLogger(__name__)

# re-encoded by us, so safe to show; all others are downloaded
INLINE_TYPES = {
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
}


def send_original(file: Attachment) -> Response:
    """Return the response with the file.

    Raises NotFound if its bytes are missing, and Conflict while the scanner has not answered.
    """
    _check_scanned(file)
    response = _file_response(key_of(file.id), file.size, f'"{file.digest[:32]}"', file.media_type)
    response.headers["Content-Disposition"] = _disposition(file)
    return response


def send_thumbnail(file: Attachment) -> Response:
    """Return the response with the thumbnail. Raises NotFound if there is none yet."""
    _check_scanned(file)
    if not file.is_picture or file.state != READY:
        raise NotFound
    tag = f'"{file.digest[:32]}-thumbnail"'
    if request.if_none_match.contains_weak(tag.strip('"')):
        return _with_headers(Response(status=304), tag)
    release_connection()
    content = b"".join(_read(thumbnail_key(file.id)))
    return _with_headers(Response(content, content_type="image/webp"), tag)


def _check_scanned(file: Attachment) -> None:
    if file.state == SCANNING:
        raise Conflict(gettext("This file is still being checked for viruses. Try again in a moment."))


def _file_response(key: str, size: int, tag: str, media_type: str) -> Response:
    # A proxy that compresses makes a strong tag weak (RFC 9110, 8.8.1).
    if request.if_none_match.contains_weak(tag.strip('"')):
        return _with_headers(Response(status=304), tag)
    start, stop, status = 0, size, 200
    # If-Range: a range of an older version would be glued to the wrong file.
    asked = request.range if request.headers.get("If-Range", tag) == tag else None
    if asked is not None and asked.units == "bytes" and len(asked.ranges) == 1:
        part = asked.range_for_length(size)
        if part is None:
            return _with_headers(Response(status=416, headers={"Content-Range": f"bytes */{size}"}))
        start, stop, status = part[0], part[1], 206
    # A slow client may take minutes to download: no database connection waits for it.
    release_connection()
    chunks = _read(key, start, stop) if request.method != "HEAD" else iter(())
    response = Response(chunks, status=status, content_type=_content_type(media_type))
    response.content_length = stop - start
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.headers["Accept-Ranges"] = "bytes"
    return _with_headers(response, tag)


def _read(key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Return the bytes in chunks. Raises NotFound, and Busy if the store does not answer."""
    try:
        return get_store().read(key, start, stop)
    except Missing:
        raise NotFound from None
    except Exception as error:
        log.warning("the store of files does not answer: %s", error)
        raise Busy(gettext("Files cannot be read right now. Try again in a moment.")) from None


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _disposition(file: Attachment) -> str:
    """Return Content-Disposition (RFC 6266): the name in ASCII for old clients, and in UTF-8."""
    how = "inline" if file.media_type in INLINE_TYPES else "attachment"
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in file.name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"


def _with_headers(response: Response, tag: str | None = None) -> Response:
    response.headers["Cache-Control"] = picture_caching() if response.status_code < 400 else "no-store"
    # Even if a browser treats the file as a page, no script in it runs.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if tag:
        response.headers["ETag"] = tag
    return response
