"""JSON calls of messages that are sent later. The docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock
from wellchat.messaging.queries import thread_for
from wellchat.messaging.schemas import OneMessage
from wellchat.messaging.serializers import message_json
from wellchat.scheduled import actions, queries, sending
from wellchat.scheduled.forms import ListScheduled, PatchScheduled, ScheduleMessage
from wellchat.shapes import Id, Moment, like
from wellchat.subjects.queries import visible_subject
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "scheduled_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Messages sent later", "description": "Written now, sent at a time that I choose."},
)
OnClock = Annotated[str, like("2026-01-31T09:00+01:00")]


class NamedSubject(BaseModel):
    kind: str
    external_id: str


class ScheduledShape(BaseModel):
    """A message that is sent later. Only its author sees it.

    `my_time` and `their_time` are `at` on the clocks of the two people. `state` is "refused" if it could not
    be sent when it was due: `reason` says why. Once it was sent, `message_seq` is its number and `body` is
    empty.
    """

    id: Id
    thread_id: Id
    body: Annotated[str, like("See you at ten!")]
    reply_to: int | None
    subject: NamedSubject | None
    at: Moment
    zone: Literal["mine", "theirs"]
    my_time: OnClock
    their_time: OnClock
    state: Literal["scheduled", "sent", "refused"]
    reason: str | None
    message_seq: int | None
    created_at: Moment


class OneScheduled(BaseModel):
    scheduled: ScheduledShape


class AllScheduled(BaseModel):
    scheduled: list[ScheduledShape]


def _one(scheduled_id: str, status: int = 200) -> Response:
    row = queries.scheduled_for(viewer(), scheduled_id)
    return json_response({"scheduled": queries.scheduled_json(row, viewer())}, status)


@api.get("/scheduled")
@signed_in
@api.input(ListScheduled, location="query", arg_name="page")
@api.output(AllScheduled)
def list_scheduled(page: ListScheduled) -> Response:
    """List what I have not sent yet, the refused first, then by time. `thread` lists only what is for it."""
    rows = queries.waiting_for(viewer(), page.thread)
    return json_response({"scheduled": [queries.scheduled_json(row, viewer()) for row in rows]})


@api.post("/threads/<thread_id>/scheduled")
@signed_in
@limiter.limit("60/minute")
@api.input(ScheduleMessage, location="json", arg_name="body")
@api.output(OneScheduled, status_code=201)
@api.doc(
    responses={
        200: "This client_key was sent before: the same message",
        409: "Another body under the same key",
    }
)
def schedule_message(thread_id: str, body: ScheduleMessage) -> Response:
    """Send a message later. It is checked again when it is sent, and sent once.

    Name a time by `at`, or by `local_at` and `zone`, or by `when`. 422 for a `local_at` that the clocks skip,
    and for one that they show twice without `which`.
    """
    user, now = viewer(), clock.now()
    view = thread_for(user, thread_id)
    send_at = body.moment(mine=user.time_zone, theirs=view.other.time_zone, now=now)
    subject = visible_subject(user, body.subject.kind, body.subject.external_id) if body.subject else None
    one, is_new = actions.schedule_message(
        author=user,
        thread_id=thread_id,
        body=body.body,
        client_key=body.client_key,
        send_at=send_at,
        zone_of=body.zone,
        reply_to=body.reply_to,
        subject=subject,
        now=now,
    )
    return _one(one.id, 201 if is_new else 200)


@api.get("/scheduled/<scheduled_id>")
@signed_in
@api.output(OneScheduled)
def get_scheduled(scheduled_id: str) -> Response:
    """Return one of mine."""
    return _one(scheduled_id)


@api.patch("/scheduled/<scheduled_id>")
@signed_in
@limiter.limit("60/minute")
@api.input(PatchScheduled, location="json", arg_name="body")
@api.output(OneScheduled)
@api.doc(responses={409: "It was sent already"})
def change_scheduled(scheduled_id: str, body: PatchScheduled) -> Response:
    """Change the text or the time. With a new time a refused one waits again."""
    user, now = viewer(), clock.now()
    _, other, _ = queries.scheduled_for(user, scheduled_id)
    zones = {"mine": user.time_zone, "theirs": other.time_zone}
    send_at = body.moment(**zones, now=now) if body.names_time else None
    actions.change_scheduled(
        viewer=user, scheduled_id=scheduled_id, body=body.body, send_at=send_at, zone_of=body.zone, now=now
    )
    return _one(scheduled_id)


@api.post("/scheduled/<scheduled_id>/send")
@signed_in
@limiter.limit("60/minute")
@api.output(OneMessage)
@api.doc(responses={409: "It was sent already"})
def send_scheduled(scheduled_id: str) -> Response:
    """Send one now, whatever its time."""
    user = viewer()
    message = sending.send_now(viewer=user, scheduled_id=scheduled_id, now=clock.now())
    return json_response({"message": message_json(message, user.id)})


@api.delete("/scheduled/<scheduled_id>")
@signed_in
@limiter.limit("60/minute")
@api.output({}, status_code=204)
@api.doc(responses={409: "It was sent already"})
def cancel_scheduled(scheduled_id: str) -> tuple[str, int]:
    """Cancel one. Its words are gone."""
    actions.cancel_scheduled(viewer=viewer(), scheduled_id=scheduled_id)
    return "", 204
