"""`GET /api/updates`, the poll."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app, jsonify

from wellchat import clock
from wellchat.accounts.actions import touch_presence
from wellchat.accounts.models import User
from wellchat.changes.cursor import Cursor, parse_cursor
from wellchat.changes.queries import check
from wellchat.db import snapshot
from wellchat.errors import problem
from wellchat.messaging.actions import acknowledge
from wellchat.updates.forms import Poll
from wellchat.updates.queries import update_after
from wellchat.updates.waiting import wait_for_news
from wellchat.web import signed_in, viewer

api = APIBlueprint("updates_api", __name__, url_prefix="/api", tag="Updates")

RESYNC = {
    "expired": "This cursor is older than what we keep.",
    "foreign": "This cursor belongs to another user.",
    "restored": "The database was restored since this cursor was given out.",
    "ahead": "This cursor is ahead of the log.",
}


@api.get("/updates")
@signed_in
@api.input(Poll, location="query", arg_name="poll")
@api.doc(responses={204: "Nothing changed", 410: "Reload your state, then go on from `cursor`"})
def updates(poll: Poll) -> Response:
    """The current state of everything that changed since a cursor.

    With `wait`, the answer comes the moment something changes, or 204 at the end. Obey `X-Poll-Interval`.
    """
    user = viewer()
    cursor = parse_cursor(poll.since)
    if poll.active:
        touch_presence(user_id=user.id, now=clock.now(), thread_id=poll.looking)
    response = _answer(user, cursor, poll)
    response.headers["X-Poll-Interval"] = f"{current_app.config['POLL_INTERVAL']:g}"
    return response


def _answer(user: User, cursor: Cursor, poll: Poll) -> Response:
    snapshot()
    head, reason = check(user.id, cursor)
    if reason is not None:
        response = problem(410, "Reload your state", RESYNC[reason])
        response.set_data(current_app.json.dumps({**response.get_json(), "reason": reason, "cursor": str(head)}))
        return response
    acknowledge(user_id=user.id, cursor_seq=cursor.seq)
    found = _update(user, cursor, poll) if head.seq > cursor.seq else None
    wait = min(poll.wait, current_app.config["MAX_WAIT"])
    if found is None and wait and wait_for_news(user.id, cursor.seq, wait):
        found = _update(user, cursor, poll)
    return jsonify(found) if found else Response(status=204)


def _update(user: User, cursor: Cursor, poll: Poll) -> dict[str, object] | None:
    snapshot()
    return update_after(user, cursor, limit=poll.limit, now=clock.now(), away_after=current_app.config["AWAY_AFTER"])
