"""Compress pages, unless the size could reveal a secret.

The compressed size depends on the content. An attacker who can put text into a response and see its size
could guess a secret in it, letter by letter (BREACH). Therefore a page is compressed only if the request has
no query string, its size is padded by a random number of bytes, and its CSRF token changes every second. JSON
is not compressed: polls are small and contain text of other people. Static files contain no secret.
"""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Response, request

MIN_SIZE = 1024  # bytes; compressing less is not worth it
GZIP_LEVEL = 5  # for pages, which are compressed at each request
MAX_PADDING = 100  # bytes


def accepts_encoding(encoding: str) -> bool:
    """Return whether the client accepts this content coding."""
    return request.accept_encodings.quality(encoding) > 0


def padded_gzip(data: bytes) -> bytes:
    """Return `data` as gzip with a FNAME header of random length (RFC 1952): it hides the exact size."""
    buffer = io.BytesIO()
    name = "a" * secrets.randbelow(MAX_PADDING)
    # mtime=0 leaves the time of compression out of the header.
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=GZIP_LEVEL, fileobj=buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def compress_page(response: Response) -> Response:
    """Compress an HTML page if that is safe (see above). Return the response."""
    if response.mimetype != "text/html" or response.direct_passthrough or response.is_streamed:
        return response
    response.vary.add("Accept-Encoding")
    send_plain = request.method != "GET" or request.query_string or response.status_code != 200
    if send_plain or "Content-Encoding" in response.headers or not accepts_encoding("gzip"):
        return response
    data = response.get_data()
    if len(data) >= MIN_SIZE:
        response.set_data(padded_gzip(data))
        response.headers["Content-Encoding"] = "gzip"
    return response
