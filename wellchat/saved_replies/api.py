"""JSON calls of saved replies. The docstrings are published in /openapi.json."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from wellchat import clock
from wellchat.messaging.queries import thread_for
from wellchat.saved_replies import actions, queries
from wellchat.saved_replies.forms import ListReplies, SavedReplyForm
from wellchat.saved_replies.models import MAX_REPLIES
from wellchat.saved_replies.schemas import FilledReply, MenuReplies, OneSavedReply, SavedReplies
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "saved_replies_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Saved replies", "description": "Texts that a professional writes often."},
)


@api.get("/saved-replies")
@signed_in
@api.input(ListReplies, location="query", arg_name="query")
@api.output(SavedReplies)
@api.doc(responses={404: "You are no professional"})
def list_saved_replies(query: ListReplies) -> Response:
    """List my saved replies and those of the installation, what I use most first. 404 for clients."""
    found = queries.usable(viewer(), query.q, query.limit)
    return json_response({"saved_replies": [queries.reply_json(each) for each in found]})


@api.put("/saved-replies")
@signed_in
@limiter.limit("60/minute")
@api.input(SavedReplyForm, location="json", arg_name="body")
@api.output(OneSavedReply)
@api.doc(responses={201: "It is new", 404: "You are no professional"})
def put_saved_reply(body: SavedReplyForm) -> Response:
    """Make a saved reply of mine, or give the one with this title another text. 422: unknown placeholders."""
    queries.only_professionals(viewer())
    reply, is_new = actions.put_reply(viewer=viewer(), form=body, now=clock.now())
    (listed,) = [
        each for each in queries.usable(viewer(), limit=2 * MAX_REPLIES) if each.reply.id == reply.id
    ]
    return json_response({"saved_reply": queries.reply_json(listed)}, 201 if is_new else 200)


@api.delete("/saved-replies/<reply_id>")
@signed_in
@limiter.limit("60/minute")
@api.output({}, status_code=204)
def delete_saved_reply(reply_id: str) -> tuple[str, int]:
    """Delete a saved reply of mine. Those of the installation are changed by administrators alone."""
    queries.only_professionals(viewer())
    actions.delete_reply(shelf=viewer().id, reply_id=reply_id, now=clock.now())
    return "", 204


@api.get("/threads/<thread_id>/saved-replies")
@signed_in
@api.output(MenuReplies)
def list_replies_for_thread(thread_id: str) -> Response:
    """List what I can put into a message of this thread, filled in for the other person."""
    view, user = thread_for(viewer(), thread_id), viewer()
    found = queries.usable(user, limit=2 * MAX_REPLIES)
    return json_response({"saved_replies": queries.menu_json(user, view, found, clock.now())})


@api.post("/threads/<thread_id>/saved-replies/<reply_id>/use")
@signed_in
@limiter.limit("120/minute")
@api.output(FilledReply)
def use_saved_reply(thread_id: str, reply_id: str) -> Response:
    """Get a saved reply filled in for this thread, and count that I used it. It sends nothing."""
    view = thread_for(viewer(), thread_id)
    filled = actions.use_reply(viewer=viewer(), view=view, reply_id=reply_id, now=clock.now())
    return json_response({"text": filled.text, "missing": list(filled.missing)})
