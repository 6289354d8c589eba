"""The JSON calls of what can be done with a message besides changing its words."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from wellchat import clock
from wellchat.messaging import actions, queries
from wellchat.messaging.forms import MarkUnread
from wellchat.messaging.models import Message
from wellchat.messaging.pinning import pin
from wellchat.messaging.reacting import react
from wellchat.messaging.schemas import OneMessage, Pins, ReadAnswer
from wellchat.messaging.serializers import membership_json, message_json
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint("message_api", __name__, url_prefix="/api/threads/<thread_id>", tag="Messages")


@api.put("/messages/<int:seq>/reactions/<emoji>")
@signed_in
@limiter.limit("120/minute")
@api.output(OneMessage)
def put_reaction(thread_id: str, seq: int, emoji: str) -> Response:
    """React to a message, anybody's, with one emoji. Several different ones may stand beside each other."""
    return _message(
        react(viewer=viewer(), thread_id=thread_id, seq=seq, emoji=emoji, on=True, now=clock.now())
    )


@api.delete("/messages/<int:seq>/reactions/<emoji>")
@signed_in
@limiter.limit("120/minute")
@api.output(OneMessage)
def delete_reaction(thread_id: str, seq: int, emoji: str) -> Response:
    """Take a reaction of mine away."""
    return _message(
        react(viewer=viewer(), thread_id=thread_id, seq=seq, emoji=emoji, on=False, now=clock.now())
    )


@api.put("/messages/<int:seq>/pin")
@signed_in
@limiter.limit("60/minute")
@api.output(OneMessage)
def put_pin(thread_id: str, seq: int) -> Response:
    """Pin a message for both people of the thread. At most 50 are pinned in one thread."""
    return _message(pin(viewer=viewer(), thread_id=thread_id, seq=seq, on=True, now=clock.now()))


@api.delete("/messages/<int:seq>/pin")
@signed_in
@limiter.limit("60/minute")
@api.output(OneMessage)
def delete_pin(thread_id: str, seq: int) -> Response:
    """Unpin a message, whoever pinned it."""
    return _message(pin(viewer=viewer(), thread_id=thread_id, seq=seq, on=False, now=clock.now()))


def _message(message: Message) -> Response:
    return json_response({"message": message_json(message, viewer().id)})


@api.get("/pins")
@signed_in
@api.output(Pins)
def list_pins(thread_id: str) -> Response:
    """The pinned messages of a thread, the latest pin first; all of them."""
    user = viewer()
    return json_response(
        {"messages": [message_json(message, user.id) for message in queries.pins_of(user, thread_id)]}
    )


@api.put("/unread")
@signed_in
@limiter.limit("60/minute")
@api.input(MarkUnread, location="json", arg_name="body")
@api.output(ReadAnswer)
def put_unread(thread_id: str, body: MarkUnread) -> Response:
    """Let a thread count as unread from a message on, for me alone, until I read it again.

    `last_read_seq` stays where it is, and so does what the other person sees as seen.
    """
    actions.mark_unread(viewer=viewer(), thread_id=thread_id, seq=body.seq)
    view = queries.thread_for(viewer(), thread_id)
    return json_response({"membership": membership_json(view), "unread": queries.unread_counts(viewer().id)})
