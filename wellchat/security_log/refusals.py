"""Count what is refused to people: by their rights, and by limits."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from werkzeug.routing import Rule

from wellchat import clock
from wellchat.audit.counting import count_refusal
from wellchat.audit.origin import current_origin

RESERVED = "/oversight"  # for everybody else it does not exist, so it answers 404


def _count(response: Response) -> Response:
    status, rule = response.status_code, request.url_rule
    if status not in (401, 403, 404, 429) or rule is None:
        return response
    route = f"{request.method} {rule.rule}"
    if status == 429:
        count_refusal("limit.reached", what=route, now=clock.now(), detail={"route": route})
    elif status == 401:
        # A wrong bearer token. Who has none at all is only asked to sign in.
        if g.get("bearer"):
            count_refusal("access.refused", what=route, now=clock.now(), detail={"route": route})
    elif status == 403 or rule.rule.startswith(RESERVED) or _is_of_somebody(rule):
        # A thing of somebody else and one that is not there look the same, here too.
        origin = current_origin.get()
        # Strangers are sent to sign in; only people with an account have rights that can be refused.
        if origin is not None and origin().actor_id:
            count_refusal("access.refused", what=route, now=clock.now(), detail={"route": route})
    return response


def _is_of_somebody(rule: Rule) -> bool:
    """Return whether the route is about one thing, which has its people."""
    view = current_app.view_functions[rule.endpoint]
    return bool(rule.arguments) and getattr(view, "guard", None) == "signed_in"


def init_app(app: Flask) -> None:
    """Look at every response. Only a refused one costs a statement, and at most one a second."""
    app.after_request(_count)
