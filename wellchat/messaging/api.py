"""JSON calls of threads, messages, reactions, pins and files.

The docstrings are published in /openapi.json.
"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from wellchat import clock
from wellchat.accounts.queries import person_json
from wellchat.attachments.schemas import AttachmentPage
from wellchat.changes.queries import cursor_now
from wellchat.forms import read_query
from wellchat.messaging import (
    files,
    memberships,
    messages,
    navigation,
    queries,
    reactions,
    receipts,
    threads,
    triage,
    worklist,
)
from wellchat.messaging.forms import (
    ChangeThreads,
    EditMessage,
    ListFiles,
    ListMessages,
    ListThreads,
    MarkRead,
    MarkUnread,
    OpenThread,
    PatchMembership,
    SendMessage,
)
from wellchat.messaging.models import Message
from wellchat.messaging.schemas import (
    Me,
    MembershipAnswer,
    MessagePage,
    OneMessage,
    OneThread,
    Pins,
    ReadAnswer,
    ThreadPage,
    ThreadsAnswer,
)
from wellchat.messaging.serializers import (
    attachment_json,
    membership_json,
    message_json,
    messages_json,
    state_json,
    thread_json,
)
from wellchat.messaging.unread import counts, unread_counts
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "messaging_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Messages", "description": "What is said in a thread, and what is done with it."},
)
of_threads = api.doc(tags=["Threads"])


@api.get("/me")
@signed_in
@api.doc(tags=["Updates"])
@api.output(Me)
def get_me() -> Response:
    """Return who I am, the position in my change log, and how much I have not read."""
    user = viewer()
    cursor = cursor_now(user.id)
    unread, inbox = counts(user.id)
    return json_response({"user": person_json(user), "cursor": str(cursor), "unread": unread, "inbox": inbox})


@api.get("/threads")
@signed_in
@of_threads
@api.input(ListThreads, location="query", arg_name="page")
@api.output(ThreadPage)
def list_threads(page: ListThreads) -> Response:
    """List my threads, pinned ones first, then the latest.

    `cursor` was read before the list; pass it to /api/updates to continue from there. `unread`, `waiting`
    (for my reply), `pinned`, `snoozed`, `archived`, `kind`, `subject` and `q` list only those. `sort=longest`
    lists those that wait for my reply, who waits longest first.
    """
    user = viewer()
    if "sealed" in request.args:
        # The words of a searched inbox, whose page loads more of it.
        page = read_query(ListThreads)
    cursor = cursor_now(user.id)
    threads, following = worklist.list_threads(
        user, page, sort=page.sort or "latest", before=page.before, now=clock.now()
    )
    return json_response({"threads": threads, "next": following, "cursor": str(cursor)})


@api.post("/threads")
@signed_in
@limiter.limit("60/minute")
@api.input(OpenThread, location="json", arg_name="body")
@api.output(OneThread, status_code=201)
@api.doc(tags=["Threads"], responses={200: "It existed already", 404: "Nobody and nothing of yours"})
def open_thread(body: OpenThread) -> Response:
    """Open the thread with somebody, or about a subject. 201 if it is new, 200 if it existed."""
    subject = (body.subject.kind, body.subject.external_id) if body.subject else None
    thread_id, made = threads.open_thread(
        viewer=viewer(), with_id=body.with_, subject=subject, now=clock.now()
    )
    return json_response(
        {"thread": thread_json(queries.thread_for(viewer(), thread_id), viewer(), now=clock.now())},
        201 if made else 200,
    )


@api.patch("/threads")
@signed_in
@of_threads
@limiter.limit("120/minute")
@api.input(ChangeThreads, location="json", arg_name="body")
@api.output(ThreadsAnswer)
def change_threads(body: ChangeThreads) -> Response:
    """Archive, pin, mute, snooze or mark as read up to 300 of my threads at once, or undo that.

    Give `before` of the answer as `restore`, and its `fields`, in another call to undo it. What was read is
    then unread for me again; the other people still see it as read.
    """
    user, now = viewer(), clock.now()
    before: list[triage.State] = []
    fields: list[str] = []
    if body.restore:
        states = [triage.State(**each.model_dump()) for each in body.restore]
        triage.restore(viewer=user, states=states, fields=body.fields)
    else:
        changes, read = body.given(now=now, zone=user.time_zone), bool(body.read)
        fields = triage.fields_of(changes, read=read)
        before = triage.change_many(viewer=user, thread_ids=body.ids, changes=changes, read=read, now=now)
    unread, inbox = counts(viewer().id)
    return json_response(
        {"before": [state_json(each) for each in before], "fields": fields, "unread": unread, "inbox": inbox}
    )


@api.get("/threads/<thread_id>")
@signed_in
@of_threads
@api.output(OneThread)
def get_thread(thread_id: str) -> Response:
    """Return one of my threads."""
    return json_response(
        {"thread": thread_json(queries.thread_for(viewer(), thread_id), viewer(), now=clock.now())}
    )


@api.get("/threads/<thread_id>/messages")
@signed_in
@api.input(ListMessages, location="query", arg_name="page")
@api.output(MessagePage)
def list_messages(thread_id: str, page: ListMessages) -> Response:
    """List messages of a thread, ascending: the latest, or those before, after or around a position.

    `before`, `after` and `around` are seqs and `date` is a day in my time zone, such as 2026-01-31; only one
    of them is taken. With `around` or `date`, `has_more` tells whether there are messages before the list.
    `subject` leaves only messages about one, from `before` or `after` on.
    """
    user = viewer()
    cursor = cursor_now(user.id)
    at = navigation.first_of_day(user, thread_id, page.day) if page.day else page.around
    if at is not None:
        found, more = navigation.messages_around(user, thread_id, at, limit=page.limit)
    else:
        found, more = queries.messages_of(
            user,
            thread_id,
            before=page.before,
            after=page.after,
            subject_id=page.subject,
            limit=page.limit,
        )
    answer = {"messages": messages_json(found, user.id), "has_more": more, "cursor": str(cursor)}
    return json_response(answer if at is None else answer | {"at": at})


@api.post("/threads/<thread_id>/messages")
@signed_in
@limiter.limit("20/second;300/minute")
@api.input(SendMessage, location="json", arg_name="body")
@api.output(OneMessage, status_code=201)
@api.doc(
    responses={
        200: "This client_key was sent before: the same message",
        409: "Another body under the same key",
    }
)
def send_message(thread_id: str, body: SendMessage) -> Response:
    """Send a message. Retry with the same `client_key` until a response arrives: it is never sent twice."""
    message, new = messages.send_message(
        sender=viewer(),
        thread_id=thread_id,
        body=body.body,
        client_key=body.client_key,
        subject=(body.subject.kind, body.subject.external_id) if body.subject else None,
        reply_to=body.reply_to,
        attachments=body.attachments,
        now=clock.now(),
    )
    return _message(message, 201 if new else 200)


@api.patch("/threads/<thread_id>/messages/<int:seq>")
@signed_in
@limiter.limit("60/minute")
@api.input(EditMessage, location="json", arg_name="body")
@api.output(OneMessage)
def edit_message(thread_id: str, seq: int, body: EditMessage) -> Response:
    """Change the text of a message of mine, within five minutes of sending it."""
    return _message(
        messages.edit_message(viewer=viewer(), thread_id=thread_id, seq=seq, body=body.body, now=clock.now())
    )


@api.delete("/threads/<thread_id>/messages/<int:seq>")
@signed_in
@limiter.limit("60/minute")
@api.output(OneMessage)
def delete_message(thread_id: str, seq: int) -> Response:
    """Delete a message of mine. A tombstone stays in its place."""
    return _message(messages.delete_message(viewer=viewer(), thread_id=thread_id, seq=seq, now=clock.now()))


def _message(message: Message, status: int = 200) -> Response:
    return json_response({"message": message_json(message, viewer().id)}, status)


@api.put("/threads/<thread_id>/read")
@signed_in
@of_threads
@api.input(MarkRead, location="json", arg_name="body")
@api.output(ReadAnswer)
def mark_read(thread_id: str, body: MarkRead) -> Response:
    """Mark messages as read up to one that I was shown. The watermark never moves back."""
    receipts.mark_read(viewer=viewer(), thread_id=thread_id, seq=body.seq, now=clock.now())
    return json_response({"membership": _membership(thread_id), "unread": unread_counts(viewer().id)})


def _membership(thread_id: str) -> dict[str, Any]:
    return membership_json(queries.thread_for(viewer(), thread_id))


@api.put("/threads/<thread_id>/typing")
@signed_in
@of_threads
@api.output({}, status_code=204)
def show_typing(thread_id: str) -> tuple[str, int]:
    """Show that I am typing, for six seconds."""
    memberships.set_typing(viewer=viewer(), thread_id=thread_id, now=clock.now())
    return "", 204


@api.patch("/threads/<thread_id>/membership")
@signed_in
@of_threads
@api.input(PatchMembership, location="json", arg_name="body")
@api.output(MembershipAnswer)
def change_membership(thread_id: str, body: PatchMembership) -> Response:
    """Archive, pin, mute or snooze a thread, for me only."""
    user = viewer()
    changes = body.given(now=clock.now(), zone=user.time_zone)
    memberships.change_membership(viewer=user, thread_id=thread_id, changes=changes)
    return json_response({"membership": _membership(thread_id)})


@api.put("/threads/<thread_id>/messages/<int:seq>/reactions/<emoji>")
@signed_in
@limiter.limit("120/minute")
@api.output(OneMessage)
@api.doc(responses={422: "Not one emoji, too many, or a deleted message"})
def add_reaction(thread_id: str, seq: int, emoji: str) -> Response:
    """React to a message with one emoji. I can put several different ones on a message."""
    return _message(
        reactions.react(viewer=viewer(), thread_id=thread_id, seq=seq, emoji=emoji, on=True, now=clock.now())
    )


@api.delete("/threads/<thread_id>/messages/<int:seq>/reactions/<emoji>")
@signed_in
@limiter.limit("120/minute")
@api.output(OneMessage)
@api.doc(responses={422: "Not one emoji, too many, or a deleted message"})
def remove_reaction(thread_id: str, seq: int, emoji: str) -> Response:
    """Remove a reaction of mine."""
    return _message(
        reactions.react(viewer=viewer(), thread_id=thread_id, seq=seq, emoji=emoji, on=False, now=clock.now())
    )


@api.put("/threads/<thread_id>/messages/<int:seq>/pin")
@signed_in
@limiter.limit("60/minute")
@api.output(OneMessage)
@api.doc(responses={422: "A deleted message, or too many pins"})
def pin_message(thread_id: str, seq: int) -> Response:
    """Pin a message for both people of the thread. At most 50 messages of a thread can be pinned."""
    return _message(messages.pin(viewer=viewer(), thread_id=thread_id, seq=seq, on=True, now=clock.now()))


@api.delete("/threads/<thread_id>/messages/<int:seq>/pin")
@signed_in
@limiter.limit("60/minute")
@api.output(OneMessage)
@api.doc(responses={422: "A deleted message, or too many pins"})
def unpin_message(thread_id: str, seq: int) -> Response:
    """Unpin a message, no matter who pinned it."""
    return _message(messages.pin(viewer=viewer(), thread_id=thread_id, seq=seq, on=False, now=clock.now()))


@api.get("/threads/<thread_id>/pins")
@signed_in
@api.output(Pins)
def list_pins(thread_id: str) -> Response:
    """List all pinned messages of a thread, the latest pin first."""
    user = viewer()
    return json_response({"messages": messages_json(queries.pins_of(user, thread_id), user.id)})


@api.put("/threads/<thread_id>/unread")
@signed_in
@of_threads
@limiter.limit("60/minute")
@api.input(MarkUnread, location="json", arg_name="body")
@api.output(ReadAnswer)
def mark_unread(thread_id: str, body: MarkUnread) -> Response:
    """Mark a thread as unread from a message on, for me only, until I read it again.

    `last_read_seq` does not change, and neither does what the other person sees as read.
    """
    receipts.mark_unread(viewer=viewer(), thread_id=thread_id, seq=body.seq)
    view = queries.thread_for(viewer(), thread_id)
    return json_response({"membership": membership_json(view), "unread": unread_counts(viewer().id)})


@api.get("/threads/<thread_id>/attachments")
@signed_in
@api.input(ListFiles, location="query", arg_name="page")
@api.output(AttachmentPage)
@api.doc(tags=["Files"])
def list_files(thread_id: str, page: ListFiles) -> Response:
    """List the pictures and documents of a thread, latest first."""
    found, following = files.thread_files(
        viewer(), thread_id, kind=page.kind, before=page.before, limit=page.limit
    )
    return json_response({"attachments": [attachment_json(row) for row in found], "next": following})
