"""JSON calls of safety. The docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock
from wellchat.clock import iso
from wellchat.messaging.queries import thread_for
from wellchat.messaging.schemas import OneThread
from wellchat.messaging.serializers import thread_json
from wellchat.safety import between
from wellchat.safety.forms import MakeReport
from wellchat.safety.reports import make_report
from wellchat.shapes import Id, Moment
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "safety_api",
    __name__,
    url_prefix="/api/threads/<thread_id>",
    tag={"name": "Safety", "description": "Block, end, report."},
)


class ReportShape(BaseModel):
    """A report of mine. What a moderator decides is not told to its reporter."""

    id: Id
    thread_id: Id
    seq: int | None
    kind: Literal["harassment", "unsafe", "spam", "money", "other"]
    looked_at: bool
    created_at: Moment


class OneReport(BaseModel):
    report: ReportShape


def _thread(thread_id: str) -> Response:
    view = thread_for(viewer(), thread_id)
    return json_response({"thread": thread_json(view, viewer(), now=clock.now())})


@api.put("/block")
@signed_in
@limiter.limit("30/hour")
@api.output(OneThread)
def block_person(thread_id: str) -> Response:
    """Block the other person. Nobody writes in any thread of the two. They are not told."""
    between.block(viewer=viewer(), thread_id=thread_id, now=clock.now())
    return _thread(thread_id)


@api.delete("/block")
@signed_in
@limiter.limit("30/hour")
@api.output(OneThread)
def unblock_person(thread_id: str) -> Response:
    """Take back my block."""
    between.unblock(viewer=viewer(), thread_id=thread_id, now=clock.now())
    return _thread(thread_id)


@api.put("/end")
@signed_in
@limiter.limit("30/hour")
@api.output(OneThread)
@api.doc(responses={409: "Somebody else closed it"})
def end_connection(thread_id: str) -> Response:
    """End the connection: both can read the threads, nobody writes. 409 where nobody can write already."""
    between.end_connection(viewer=viewer(), thread_id=thread_id, now=clock.now())
    return _thread(thread_id)


@api.delete("/end")
@signed_in
@limiter.limit("30/hour")
@api.output(OneThread)
@api.doc(responses={409: "Somebody else closed it"})
def reopen_connection(thread_id: str) -> Response:
    """Open a connection again that I ended. 409 if somebody else ended it."""
    between.reopen_connection(viewer=viewer(), thread_id=thread_id, now=clock.now())
    return _thread(thread_id)


@api.post("/reports")
@signed_in
@limiter.limit("10/hour")
@api.input(MakeReport, location="json", arg_name="body")
@api.output(OneReport, status_code=201)
def report_person(thread_id: str, body: MakeReport) -> Response:
    """Report a message of the other person (`seq`), or the person. `show` shows moderators 20 messages."""
    made = make_report(viewer=viewer(), thread_id=thread_id, now=clock.now(), **body.model_dump())
    report = {
        "id": made.id,
        "thread_id": made.thread_id,
        "seq": made.seq,
        "kind": made.kind,
        "looked_at": made.taken_at is not None,
        "created_at": iso(made.created_at),
    }
    return json_response({"report": report}, 201)
