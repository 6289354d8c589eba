"""Answers made smaller on the wire, where that gives nothing away.

What is compressed together with a secret tells of it by its length (the attack called BREACH): whoever can put words
into an answer and see how long it is could guess the rest letter by letter. So a page is packed only when nothing of
the address can stand in it (it was asked for without a query), and is made longer by a random few bytes; its form token
is a new one every second. JSON goes as it is: the polls are small, and bring the words of other people. Static files
hold no secret.
"""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Response, request

MIN_SIZE = 1024  # bytes that are not worth it
GZIP_LEVEL = 5  # of pages, made anew each time
MAX_PADDING = 100  # bytes at most


def accepts_encoding(encoding: str) -> bool:
    return request.accept_encodings.quality(encoding) > 0


def padded_gzip(data: bytes) -> bytes:
    """With a file name in its header, which readers pass over, of a length nobody can foresee."""
    buffer = io.BytesIO()
    name = "a" * secrets.randbelow(MAX_PADDING)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=GZIP_LEVEL, fileobj=buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def compress_page(response: Response) -> Response:
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
