"""The script of a host's page: one classic script, which any site may load, also an isolated one."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, current_app, request
from rjsmin import jsmin

from wellchat.bundle import classic_script
from wellchat.compression import accepts_encoding
from wellchat.web import limiter

script = Blueprint("embed_script", __name__)

ENTRY = "embed/v1.js"
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # The address is for ever; what is new comes within an hour.
    "Cache-Control": "public, max-age=3600",
}


@cache
def _content(folder: Path) -> bytes:
    return str(jsmin(classic_script(folder, ENTRY))).encode()


@cache
def _packed(folder: Path) -> bytes:
    return gzip.compress(_content(folder), 9, mtime=0)


@script.get("/embed/v1.js")
@limiter.exempt
def v1() -> Response:
    """Send the script, as it is or packed."""
    folder = Path(cast(str, current_app.static_folder))
    packs = accepts_encoding("gzip")
    response = Response(_packed(folder) if packs else _content(folder), mimetype="text/javascript")
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers.update(HEADERS)
    digest = hashlib.sha256(_content(folder)).hexdigest()[:16]
    response.set_etag(f"{digest}-gzip" if packs else digest)
    return cast(Response, response.make_conditional(request))
