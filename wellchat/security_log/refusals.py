"""Count what is refused to people: by their rights, by limits, and for what they sent."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from werkzeug.routing import Rule

from wellchat import clock
from wellchat.audit.counting import count_refusal
from wellchat.audit.origin import current_origin

INPUT = frozenset({400, 413, 415, 422})  # OWASP ASVS 16.3.3
RESERVED = "/oversight"  # for everybody else it does not exist, so it answers 404


def _count(response: Response) -> Response:
    if response.status_code < 400:
        return response
    rule = request.url_rule
    if rule is not None and (kind := _kind(response.status_code, rule)):
        # The rule, not the path: a path holds ids, and a flood of other ids would be as many rows.
        route = f"{request.method} {rule.rule}"
        count_refusal(kind, what=route, now=clock.now(), detail={"route": route})
    return response


def _kind(status: int, rule: Rule) -> str | None:
    """Return as what a refusal is counted. None: it is none, or nobody's rights are in question."""
    if status == 429:
        return "limit.reached"
    if status in INPUT:
        return "input.refused"
    if status == 401:
        # A wrong bearer token. Who has none at all is only asked to sign in.
        return "access.refused" if g.get("bearer") else None
    # A thing of somebody else and one that is not there look the same, here too.
    if status == 403 or (status == 404 and (rule.rule.startswith(RESERVED) or _is_of_somebody(rule))):
        origin = current_origin.get()
        # Strangers are sent to sign in; only people with an account have rights that can be refused.
        return "access.refused" if origin is not None and origin().actor_id else None
    return None


def _is_of_somebody(rule: Rule) -> bool:
    """Return whether the route is about one thing, which has its people."""
    view = current_app.view_functions[rule.endpoint]
    return bool(rule.arguments) and getattr(view, "guard", None) == "signed_in"


def init_app(app: Flask) -> None:
    """Look at every response. Only a refused one costs a statement, and at most one a second."""
    app.after_request(_count)
