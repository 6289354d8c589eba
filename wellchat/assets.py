"""Serve static files as browsers need them: joined, minified, compressed, and cached for a year.

There is no build step. Style sheets and modules (bundle.py) are joined and minified when first requested, and
the process keeps the result. The address contains a hash of all files. /static serves the files unchanged.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path, PurePosixPath
from typing import cast

import brotli
from apiflask import APIFlask
from flask import Response, current_app, request, send_from_directory, url_for
from rjsmin import jsmin

from wellchat.bundle import bundle, dependencies, lazy_module
from wellchat.compression import accepts_encoding
from wellchat.errors import NotFound
from wellchat.feature import registry
from wellchat.web import limiter

ALL_STYLESHEETS = "css/all.css"  # all stylesheets() in one response
CORE_STYLESHEETS = (
    *("tokens", "color-classes", "reset", "base", "layout", "topbar", "button", "field", "avatar", "menu"),
    *("feedback", "cards", "conversations", "inbox", "thread", "message", "message-decorations", "composer"),
    *("emoji", "files", "recordings", "lightbox", "panel", "notifications"),
)
TEXT_SUFFIXES = {".css", ".js", ".svg"}
ENTRY = "js/app.js"  # the script of every page
ENTRIES = (
    ENTRY,
    "embed/frame.js",
    "embed/hub.js",
    "embed/v1.js",
    "embed/v1-panes.js",
)  # those of frames in pages of other sites, see wellchat/embed


def _fingerprint(folder: Path, styles: tuple[str, ...]) -> str:
    """Return a hash over all static files: modules import each other by relative path, so all share it."""
    whole = hashlib.sha256(repr(styles).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:12]


def stylesheets() -> tuple[str, ...]:
    """Return the names of all style sheets in order: the core's, the features', then forced-colors."""
    return (*CORE_STYLESHEETS, *registry().styles, "forced-colors")


def asset(name: str) -> str:
    """Return the address of a static file. It changes when any file changes, so browsers cache it."""
    return url_for("asset", version=current_app.extensions["assets"], filename=name)


def asset_names() -> list[str]:
    """Return the names of all text files that pages load, sorted, as `asset` takes them."""
    joined = {f"css/{sheet}.css" for sheet in stylesheets()}
    for entry in ENTRIES:
        joined |= {*dependencies(_folder(), entry)} - {entry}
    return sorted(_text_files(_folder(), cast(str, current_app.extensions["assets"])) - joined)


def shell_names() -> list[str]:
    """Return what a device keeps of a version: `asset_names` but what is off, the worker's and frames'."""
    declared = {f"js/features/{module}.js" for module in registry().scripts.values()}
    return [
        name
        for name in asset_names()
        if not name.startswith(("sw/", "embed/"))
        and (name in declared or not name.startswith("js/features/"))
    ]


def _folder() -> Path:
    return Path(cast(str, current_app.static_folder))


@cache
def _text_files(folder: Path, version: str) -> frozenset[str]:
    """Return the names of all text files. `version` is part of the cache key only."""
    found = (
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in TEXT_SUFFIXES
    )
    return frozenset((ALL_STYLESHEETS, *found))


@cache
def _content(folder: Path, version: str, name: str, encoding: str) -> bytes:
    # The smaller form is made from the plain one, which is cached too.
    if encoding:
        plain = _content(folder, version, name, "")
        return bytes(brotli.compress(plain)) if encoding == "br" else gzip.compress(plain, 9, mtime=0)
    if name == ALL_STYLESHEETS:
        return "\n".join((folder / f"css/{sheet}.css").read_text("utf-8") for sheet in stylesheets()).encode()
    if name in ENTRIES:
        text = bundle(folder, name)
    elif name.startswith("js/"):
        text = lazy_module(folder, name, ENTRY)
    else:
        text = (folder / name).read_text("utf-8")
    return (str(jsmin(text)) if name.endswith(".js") else text).encode()


@limiter.exempt  # as Flask's own static files are: a page loads forty, and they are cheap
def _send_asset(version: str, filename: str) -> Response:
    current = cast(str, current_app.extensions["assets"])
    if PurePosixPath(filename).suffix not in TEXT_SUFFIXES:
        response = send_from_directory(_folder(), filename)
    elif filename not in _text_files(_folder(), current):
        raise NotFound
    else:
        response = _send_text(current, filename)
    # A page of an older version may still request its files: it gets today's, but must not keep them.
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if version == current else "no-cache"
    )
    return response


def _send_text(version: str, name: str) -> Response:
    # browsers take "br" over HTTPS only
    encoding = next((one for one in ("br", "gzip") if accepts_encoding(one)), "")
    response = Response(_content(_folder(), version, name, encoding), mimetype=mimetypes.guess_type(name)[0])
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{version}-{name.replace('/', '-')}-{encoding}")
    return cast(Response, response.make_conditional(request))


def init_app(app: APIFlask) -> None:
    """Compute the version of the assets and add the route that serves them."""
    styles = app.extensions["features"].styles
    app.extensions["assets"] = _fingerprint(Path(cast(str, app.static_folder)), styles)
    app.add_url_rule("/assets/<version>/<path:filename>", "asset", app.doc(hide=True)(_send_asset))
