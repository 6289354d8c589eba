"""The scripts of a host's page: two classic scripts, which every site may load."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import cast

import brotli
from flask import Blueprint, Response, current_app, request

from wellchat.bundle import classic_script
from wellchat.compression import accepts_encoding
from wellchat.embed.shrinking import small
from wellchat.web import limiter

script = Blueprint("embed_script", __name__)

ENTRY = "embed/v1.js"
PANES = "embed/v1-panes.js"
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # The address is for ever; what is new comes within an hour.
    "Cache-Control": "public, max-age=3600",
}


@cache
def _content(folder: Path, entry: str) -> bytes:
    if entry == PANES:
        return small(classic_script(folder, PANES, after=ENTRY)).encode()
    # A new one asks for the other of its own time, not for one that the browser has kept.
    panes = Path(PANES).name
    version = hashlib.sha256(_content(folder, PANES)).hexdigest()[:8]
    return small(classic_script(folder, ENTRY)).replace(f'"{panes}"', f'"{panes}?{version}"').encode()


@cache
def _packed(folder: Path, entry: str, encoding: str) -> bytes:
    plain = _content(folder, entry)
    return bytes(brotli.compress(plain)) if encoding == "br" else gzip.compress(plain, 9, mtime=0)


def _sent(entry: str) -> Response:
    folder = Path(cast(str, current_app.static_folder))
    # Browsers take "br" over HTTPS only.
    encoding = next((one for one in ("br", "gzip") if accepts_encoding(one)), "")
    content = _packed(folder, entry, encoding) if encoding else _content(folder, entry)
    response = Response(content, mimetype="text/javascript")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.headers.update(HEADERS)
    response.set_etag(hashlib.sha256(content).hexdigest()[:16])
    return cast(Response, response.make_conditional(request))


@script.get("/embed/v1.js")
@limiter.exempt
def v1() -> Response:
    """Send the script, as it is or packed."""
    return _sent(ENTRY)


@script.get("/embed/v1-panes.js")
@limiter.exempt
def v1_panes() -> Response:
    """Send the second script, which shows conversations and comes when one is wanted."""
    return _sent(PANES)
