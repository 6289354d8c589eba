"""The script of a host's page: one classic script, which any site may load, also an isolated one."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import cast

import brotli
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


# What stands between back quotes with a brace in it is a style sheet: rjsmin leaves it as it is.
SHEET = re.compile(r"`[^`]*\{[^`]*`|`[^`]*;[^`]*`")


def _without_blanks(sheet: re.Match[str]) -> str:
    return re.sub(r"\s*([{};,])\s*|(?<=:)\s+", r"\1", sheet[0])


@cache
def _content(folder: Path) -> bytes:
    return SHEET.sub(_without_blanks, str(jsmin(classic_script(folder, ENTRY)))).encode()


@cache
def _packed(folder: Path, encoding: str) -> bytes:
    plain = _content(folder)
    return bytes(brotli.compress(plain)) if encoding == "br" else gzip.compress(plain, 9, mtime=0)


@script.get("/embed/v1.js")
@limiter.exempt
def v1() -> Response:
    """Send the script, as it is or packed."""
    folder = Path(cast(str, current_app.static_folder))
    # Browsers take "br" over HTTPS only.
    encoding = next((one for one in ("br", "gzip") if accepts_encoding(one)), "")
    content = _packed(folder, encoding) if encoding else _content(folder)
    response = Response(content, mimetype="text/javascript")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.headers.update(HEADERS)
    response.set_etag(hashlib.sha256(content).hexdigest()[:16])
    return cast(Response, response.make_conditional(request))
