"""The JSON call of office hours. Its docstring is published in /openapi.json."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock
from wellchat.automatic_messages.queries import note_json
from wellchat.messaging.queries import thread_for
from wellchat.shapes import Moment, like
from wellchat.web import json_response, signed_in, viewer

api = APIBlueprint(
    "automatic_messages_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Office hours", "description": "When a professional answers."},
)


class OfficeHoursShape(BaseModel):
    """`sentence` says in my language and time zone when the professional is back, for before I write.

    While `open` is true it is what to show from `closes_at` on. `back_at` is null if that is more than a year
    ahead.
    """

    open: bool
    closes_at: Moment | None = like(None)
    back_at: Moment | None
    sentence: str = like("Paul Professional is back tomorrow at 09:00.")


class OneOfficeHours(BaseModel):
    office_hours: OfficeHoursShape | None


@api.get("/threads/<thread_id>/office-hours")
@signed_in
@api.output(OneOfficeHours)
def get_office_hours(thread_id: str) -> Response:
    """Tell when the professional of a thread is at work. Null if they set no hours, and for themselves."""
    view = thread_for(viewer(), thread_id)
    return json_response({"office_hours": note_json(viewer(), view, clock.now())})
