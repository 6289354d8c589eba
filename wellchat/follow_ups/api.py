"""JSON calls of reminders to oneself. The docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock
from wellchat.follow_ups import actions, queries
from wellchat.follow_ups.forms import ListReminders, PatchReminder, Remind
from wellchat.follow_ups.models import FollowUp
from wellchat.shapes import Id, Moment, like
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "follow_ups_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Reminders to me", "description": "Of conversations. The other person never sees them."},
)


class ReminderShape(BaseModel):
    """A reminder of a conversation. `state`: waiting for its time, told, or done."""

    id: Id
    thread_id: Id
    note: Annotated[str, like("Ask about the colour")]
    at: Moment
    state: Literal["waiting", "told", "done"]
    created_at: Moment


class OneReminder(BaseModel):
    reminder: ReminderShape


class AllReminders(BaseModel):
    reminders: list[ReminderShape]


def _one(one: FollowUp, status: int = 200) -> Response:
    return json_response({"reminder": queries.reminder_json(one)}, status)


@api.get("/reminders")
@signed_in
@api.input(ListReminders, location="query", arg_name="page")
@api.output(AllReminders)
def list_reminders(page: ListReminders) -> Response:
    """List my reminders that are not done, by time. `thread` lists only those of one conversation."""
    rows = queries.open_reminders(viewer(), page.thread)
    return json_response({"reminders": [queries.reminder_json(one) for one, _ in rows]})


@api.post("/threads/<thread_id>/reminders")
@signed_in
@limiter.limit("60/minute")
@api.input(Remind, location="json", arg_name="body")
@api.output(OneReminder, status_code=201)
def make_reminder(thread_id: str, body: Remind) -> Response:
    """Remind me of a conversation, by `at`, `local_at` or `when`. Nobody else sees it."""
    user, now = viewer(), clock.now()
    at = body.moment(mine=user.time_zone, theirs=user.time_zone, now=now)
    made = actions.remind(viewer=user, thread_id=thread_id, note=body.note, remind_at=at, now=now)
    return _one(made, 201)


@api.patch("/reminders/<follow_up_id>")
@signed_in
@limiter.limit("60/minute")
@api.input(PatchReminder, location="json", arg_name="body")
@api.output(OneReminder)
def change_reminder(follow_up_id: str, body: PatchReminder) -> Response:
    """Move a reminder, change its note, or end it."""
    user, now = viewer(), clock.now()
    zones = {"mine": user.time_zone, "theirs": user.time_zone}
    queries.reminder_of(user.id, follow_up_id)
    at = body.moment(**zones, now=now) if body.names_time else None
    return _one(
        actions.change_reminder(
            viewer=user, follow_up_id=follow_up_id, note=body.note, remind_at=at, done=body.done
        )
    )


@api.delete("/reminders/<follow_up_id>")
@signed_in
@limiter.limit("60/minute")
@api.output({}, status_code=204)
def delete_reminder(follow_up_id: str) -> tuple[str, int]:
    """Delete a reminder."""
    actions.delete_reminder(viewer=viewer(), follow_up_id=follow_up_id)
    return "", 204
