"""`GET /api/updates`, the poll. How a poll waits is decided in wellchat/longpoll."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request

from wellchat import clock, metrics
from wellchat.accounts.models import User
from wellchat.accounts.presence import presence_known, touch_presence
from wellchat.changes.cursor import Cursor, parse_cursor
from wellchat.changes.queries import Resync, check_cursor
from wellchat.db import db, snapshot
from wellchat.errors import is_unavailable, problem
from wellchat.i18n import N_
from wellchat.longpoll.heads import Head, KnownHead
from wellchat.longpoll.middleware import ENVIRON_KEY, CachedPoll
from wellchat.longpoll.wakeups import poll_notifier
from wellchat.messaging.receipts import is_confirmed, mark_delivered
from wellchat.updates.forms import Poll
from wellchat.updates.queries import update_after
from wellchat.updates.schemas import Update
from wellchat.web import json_response, signed_in, viewer

log = logging.getLogger(__name__)

api = APIBlueprint(
    "updates_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Updates", "description": "The poll: what changed since a cursor."},
)

RESYNC: dict[Resync, str] = {
    "expired": N_("This cursor is older than what we keep."),
    "foreign": N_("This cursor belongs to another user."),
    "restored": N_("The database was restored since this cursor was given out."),
    "ahead": N_("This cursor is ahead of the log."),
}


@api.get("/updates")
@signed_in
@api.input(Poll, location="query", arg_name="poll")
@api.output(Update)
@api.doc(responses={204: "Nothing changed", 410: "Reload your state, then go on from `cursor`"})
def get_updates(poll: Poll) -> Response:
    """Return the current state of everything that changed since a cursor.

    With `wait`, the response comes when something changes, or is 204 after that many seconds. Clients must
    poll no more often than `X-Poll-Interval` says.
    """
    user = viewer()
    cursor = parse_cursor(poll.since)
    if poll.active:
        with _noting():
            touch_presence(user_id=user.id, now=clock.now(), thread_id=poll.looking)
    # The cached head is created before the log is read. A wake-up in between raises it, so no change is
    # missed.
    known_head = poll_notifier().known_head(user.id)
    snapshot()
    head, access, acknowledged, refusal = check_cursor(user.id, cursor)
    known_head.update(Head(head.seq, access))
    if refusal is not None:
        return _resync(head, refusal)
    if cursor.seq > max(acknowledged, known_head.acknowledged):
        # The client sends the cursor of an update that it has received: its messages have arrived on a
        # device.
        with _noting():
            known_head.acknowledged = mark_delivered(user_id=user.id, after=acknowledged, up_to=cursor.seq)
        snapshot()  # the write ended the snapshot in which the cursor was checked
    # What is not confirmed yet must be asked for again, by the application.
    is_kept = access == user.access_seq and cursor.seq <= max(acknowledged, known_head.acknowledged)
    if head.seq == cursor.seq:
        request.environ[ENVIRON_KEY] = _cached(user, cursor, known_head, poll, is_kept=is_kept)
        return Response(status=204)
    with metrics.UPDATE_SECONDS.time():
        update = _news(user, cursor, poll)
    # The next poll confirms what came: the application must see it.
    if not update["has_more"] and not any(is_confirmed(each, user.id) for each in update["messages"]):
        after = parse_cursor(update["cursor"])
        request.environ[ENVIRON_KEY] = _cached(
            user, after, known_head, poll, is_kept=is_kept, since=update["cursor"]
        )
    return json_response(update)


@contextmanager
def _noting() -> Iterator[None]:
    """Let a poll be answered though nothing can be written, as in a database that is read-only for a while.

    The next poll notes it. If the database cannot be read either, the next statement says so.
    """
    try:
        yield
    except Exception as error:
        if not is_unavailable(error):
            raise
        log.warning("a poll could not be noted: %s", error)
        db.session.rollback()


def _cached(
    user: User, cursor: Cursor, known_head: KnownHead, poll: Poll, *, is_kept: bool, since: str | None = None
) -> CachedPoll:
    """Return what the server may know of this poll when it comes again, or of the one with `since`."""
    now = clock.now()
    # What ends by time must not be answered from the cache beyond.
    ends_at = user.access_ends_at or now + timedelta(days=1)
    seconds = (ends_at - now).total_seconds() if is_kept else 0.0
    holds = None
    if poll.active:
        until, holds = presence_known(user_id=user.id, now=now, thread_id=poll.looking)
        seconds = min(seconds, until)
    return CachedPoll(user.id, cursor.seq, known_head, seconds=seconds, since=since, holds=holds)


def _news(user: User, cursor: Cursor, poll: Poll) -> dict[str, Any]:
    """Return the update after the cursor, and measure how old its newest message is."""
    now = clock.now()
    update, newest = update_after(user, cursor, limit=poll.limit, now=now)
    if newest is not None:
        metrics.UPDATE_AGE.observe(max(0.0, (now - newest).total_seconds()))
    return update


def _resync(head: Cursor, reason: Resync) -> Response:
    """Return 410 with the reason (a key of RESYNC) and the cursor to continue from after reloading."""
    response = problem(410, RESYNC[reason])
    response.set_data(current_app.json.dumps({**response.get_json(), "reason": reason, "cursor": str(head)}))
    return response
