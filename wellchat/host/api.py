"""Serve the host API: one view for all of its calls, and problem documents with a code for all refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, g, jsonify, request
from flask.blueprints import BlueprintSetupState

from wellchat.errors import WellchatError
from wellchat.guard import LimitReached
from wellchat.host import (
    batch,
    connections_calls,
    guarding,
    kinds_calls,
    me_calls,
    messages_calls,
    notifications_calls,
    people_calls,
    subjects_calls,
    threads_calls,
)
from wellchat.host.calls import MAX_BODY, Answer, HostCall, all_calls
from wellchat.host.guarding import is_host_call
from wellchat.host.openapi import docs, document, register
from wellchat.host.paths import PREFIX, IdConverter, keep_slashes
from wellchat.host.performing import Given, perform
from wellchat.host.problems import BY_STATUS, HostRefusal, problem_of
from wellchat.web import json_response, limiter

# Their calls are declared when they are imported.
MODULES = (
    batch,
    connections_calls,
    kinds_calls,
    me_calls,
    messages_calls,
    notifications_calls,
    people_calls,
    subjects_calls,
    threads_calls,
)

# Its document is apart: openapi.py.
api = APIBlueprint("host_api", __name__, url_prefix=PREFIX, enable_openapi=False)
# It has budgets of its own, by key: a host's night job must not slow people.
limiter.exempt(api)
api.before_request(guarding.admit)
api.after_request(guarding.note_key)


def _view_of(call: HostCall) -> Callable[..., Response]:
    """Return the view of a call, under its name."""

    def view(**args: Any) -> Response:
        body = request.get_data() if call.raw else _json()
        query = request.args.to_dict()
        dry_run = query.pop("dry_run", "") == "1"
        given = Given(request.path, args, body, query, request.headers.get("Idempotency-Key"), dry_run)
        return _respond(perform(call, g.host_caller, given))

    view.__name__ = view.__qualname__ = call.name
    view.room = call.room  # type: ignore[attr-defined]
    return view


def _json() -> Any:
    """Return the JSON of the body; None without a body. What is no JSON is refused by Flask."""
    return request.get_json() if request.get_data() else None


def _respond(answer: Answer) -> Response:
    response = json_response(answer.body or {}, answer.status) if answer.body is not None else Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    return response


@api.record_once
def _declare(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["ext"] = IdConverter
    for call in all_calls(state.app.extensions["features"]):
        state.add_url_rule(call.rule, call.name, _view_of(call), methods=[call.method])


@api.get("/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI document of the host API."""
    return jsonify(document(current_app))


@api.get("/docs")
def reference() -> str:
    """Show it to people."""
    return docs(current_app)


@api.url_value_preprocessor
def _room(endpoint: str | None, _values: object) -> None:
    """Set the limit of the body before anything reads it."""
    room = getattr(current_app.view_functions.get(endpoint or ""), "room", None)
    request.max_content_length = room() if room else MAX_BODY


@api.errorhandler(WellchatError)
@api.errorhandler(LimitReached)
def _on_refusal(error: Exception) -> Response:
    response = jsonify(problem_of(error))
    response.status_code = response.json["status"] if response.json else 500
    response.content_type = "application/problem+json"
    if isinstance(error, LimitReached):
        g.retry_after = error.seconds
    if isinstance(error, HostRefusal):
        response.headers.update(error.headers)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if response.status_code == 503:
        response.headers["Retry-After"] = "1"
    return response


def _add_code(response: Response) -> Response:
    """Give a refusal that came from below the routes its code: an unknown address, a body that is no JSON."""
    is_problem = response.status_code >= 400 and response.content_type == "application/problem+json"
    if not is_problem or not is_host_call():
        return response
    body = response.get_json()
    if "code" not in body:
        body["code"] = BY_STATUS.get(response.status_code, "invalid")
        response.set_data(response.json_module.dumps(body))
    return response


def init_app(app: Flask) -> None:
    """Register what works before and behind the routes."""
    guarding.init_app(app)
    register(app)
    app.after_request(_add_code)
    app.wsgi_app = keep_slashes(app.wsgi_app)  # type: ignore[assignment,method-assign]
