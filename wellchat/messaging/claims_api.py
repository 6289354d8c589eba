"""The JSON call that claims a lead. Its docstring is published in /openapi.json."""

from __future__ import annotations

from flask import Response

from wellchat import clock
from wellchat.messaging.api import api
from wellchat.messaging.forms import ClaimLead
from wellchat.messaging.queries import thread_for
from wellchat.messaging.schemas import ClaimAnswer
from wellchat.messaging.serializers import subject_json, thread_json
from wellchat.subjects.actions import claim
from wellchat.subjects.queries import visible_subject
from wellchat.web import json_response, limiter, signed_in, viewer

__all__ = ["api", "claim_lead"]


@api.post("/claims")
@signed_in
@limiter.limit("60/minute")
@api.input(ClaimLead, location="json", arg_name="body")
@api.output(ClaimAnswer, status_code=201)
@api.doc(
    tags=["Threads"],
    responses={
        200: "I have claimed it before",
        404: "No lead that is offered to me",
        409: "It is no longer on offer",
    },
)
def claim_lead(body: ClaimLead) -> Response:
    """Claim a lead that is offered to me. Its thread is open then, and its client is told.

    `thread` is null for a lead whose client has no account yet.
    """
    now = clock.now()
    lead = visible_subject(viewer(), body.subject.kind, body.subject.external_id)
    lead, thread_id, claimed = claim(viewer=viewer(), subject_id=lead.id, now=now)
    subject = subject_json(lead)
    thread = thread_json(thread_for(viewer(), thread_id), viewer(), now=now) if thread_id else None
    return json_response({"subject": subject, "thread": thread}, 201 if claimed else 200)
