"""Serve OpenAPI documents: what APIFlask reads from the views, made fit for those who generate clients.

The calls below a prefix make one document: `/api/` has one, and a feature whose calls are for others adds its
own with `add_document`. A document is made when it is first asked for, and kept; so nothing of a request is
in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

from apiflask import APIFlask
from flask import Response, current_app, jsonify

import wellchat
from wellchat import api_docs, openapi_answers, openapi_shapes
from wellchat.feature import registry

BEARER = {"type": "http", "scheme": "bearer", "description": "A token: `Authorization: Bearer TOKEN`."}
EXTENSION = "openapi"


@dataclass(frozen=True)
class Document:
    """One OpenAPI document, served at `{prefix}openapi.json`, with a page for people at `{prefix}docs`.

    It holds the calls below `prefix`, without those of a document with a longer prefix. Its calls take any
    one of `security`; a view without a guard takes none.
    """

    name: str
    title: str
    prefix: str
    summary: str  # one sentence
    description: str  # in Markdown
    tags: tuple[str, ...] = ()  # those that come first, in order
    security: Mapping[str, dict[str, Any]] = field(default_factory=lambda: {"bearer": BEARER})
    # For calls that APIFlask does not know: returns the paths and the components of the document.
    make: Callable[[], dict[str, Any]] | None = None

    @property
    def path(self) -> str:
        """The path of the document itself."""
        return f"{self.prefix}openapi.json"

    def holds(self, path: str) -> bool:
        """Return whether a call of this application stands in this document."""
        longest = max(
            (len(d.prefix) for d in _state().documents.values() if path.startswith(d.prefix)), default=0
        )
        return path.startswith(self.prefix) and longest == len(self.prefix)


@dataclass
class Documents:
    """The documents of one application, by name, and what was made of them."""

    documents: dict[str, Document] = field(default_factory=dict)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)


def _state() -> Documents:
    return cast(Documents, current_app.extensions[EXTENSION])


def build(document: Document) -> dict[str, Any]:
    """Return the OpenAPI document as JSON. Made once for each application; do not change it."""
    made = _state().made
    if document.name not in made:
        made[document.name] = _make(document)
    return made[document.name]


def _make(document: Document) -> dict[str, Any]:
    if document.make is not None:
        return _finish(document, document.make())
    spec: dict[str, Any] = deepcopy(current_app.spec)  # type: ignore[attr-defined]
    openapi_shapes.tidy_document(spec)
    for feature in registry().features:
        if feature.openapi is not None:
            feature.openapi(spec)
    spec["paths"] = {path: calls for path, calls in spec["paths"].items() if document.holds(path)}
    places = {tag: place for place, tag in enumerate(document.tags)}
    spec["tags"].sort(key=lambda tag: places.get(tag["name"], len(places)))
    openapi_answers.add_answers(spec, public=_describe_routes(spec))
    return _finish(document, spec)


def _finish(document: Document, spec: dict[str, Any]) -> dict[str, Any]:
    spec["info"] = {
        "title": document.title,
        "version": wellchat.__version__,
        "summary": document.summary,
        "description": document.description,
    }
    spec["servers"] = [{"url": current_app.config["BASE_URL"]}]
    spec["security"] = [{name: []} for name in document.security]
    spec["components"]["securitySchemes"] = dict(document.security)
    openapi_shapes.add_examples(spec)
    openapi_shapes.drop_unused(spec)
    return spec


def _routes() -> Iterator[tuple[str, str, str]]:
    """Return (method, path, endpoint) of every route, as the document spells the first two."""
    for rule in current_app.url_map.iter_rules():
        for method in rule.methods or ():
            yield method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), rule.endpoint


def _describe_routes(spec: dict[str, Any]) -> set[tuple[str, str]]:
    """Name every operation after its view. Return the (method, path) of those that anybody may call."""
    public = set()
    for method, path, endpoint in _routes():
        if operation := spec["paths"].get(path, {}).get(method):
            operation.setdefault("operationId", endpoint.rpartition(".")[2])
        if not hasattr(current_app.view_functions[endpoint], "guard"):
            public.add((method, path))
    return public


def _serve(document: Document) -> Response:
    return jsonify(build(document))


def _show(document: Document) -> str:
    return api_docs.render(build(document), document.path)


def register_document(app: APIFlask, document: Document) -> None:
    """Let `build` know a document whose owner serves it itself."""
    app.extensions[EXTENSION].documents[document.name] = document


def add_document(app: APIFlask, document: Document, *, endpoints: tuple[str, str] | None = None) -> None:
    """Serve a document and its page. `endpoints` are the names of their routes."""
    register_document(app, document)
    spec_endpoint, page_endpoint = endpoints or (f"{document.name}_spec", f"{document.name}_docs")
    hidden = app.doc(hide=True)
    app.add_url_rule(document.path, spec_endpoint, hidden(lambda: _serve(document)))
    app.add_url_rule(f"{document.prefix}docs", page_endpoint, hidden(lambda: _show(document)))


INTRODUCTION = """\
Sign in with a bearer token. Times are ISO 8601 in UTC with `Z`. Ids are opaque text.

Errors are `application/problem+json` (RFC 9457). What is not yours is not found.

Lists come in pages: pass `next` of a page as `before`. New fields may be added to answers; ignore those
that you do not know.

Send again what got no answer, 429 (after `Retry-After`) or 503. Messages carry a `client_key`, so that a
retry is never a second message.

Files are downloaded from the `url` of an attachment, below the same address, with the same token.
"""
COOKIE = {
    "type": "apiKey",
    "in": "cookie",
    "description": "The session of a page. Calls that change something also need its CSRF token in "
    "`X-CSRFToken`, or come from the same origin.",
}


def init_app(app: APIFlask) -> None:
    """Serve the document of `/api/`."""
    app.extensions[EXTENSION] = Documents()
    app.config["AUTO_SERVERS"] = False  # it would keep the Host header of whoever asked first
    name = app.config["SESSION_COOKIE_NAME"]
    document = Document(
        name="api",
        title="wellchat",
        prefix="/api/",
        summary="Messages between a client and a professional, and what is new of them.",
        description=INTRODUCTION,
        tags=("Tokens", "Threads", "Messages", "Files", "Updates", "Notifications"),
        security={"bearer": BEARER, "cookie": {**COOKIE, "name": name}},
    )
    add_document(app, document, endpoints=("openapi.spec", "api_docs"))
