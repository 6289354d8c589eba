"""Upload files and discard unsent ones: the JSON calls."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from wellchat import clock
from wellchat.attachments import actions
from wellchat.attachments.schemas import OneAttachment
from wellchat.attachments.serializers import as_file, file_json
from wellchat.attachments.uploads import single_upload
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "attachments_api",
    __name__,
    url_prefix="/api/attachments",
    tag={"name": "Files", "description": "Upload first, then send the id with a message."},
)


@api.post("")
@signed_in
@limiter.limit("60/minute;600/hour")
@api.output(OneAttachment, status_code=201)
@api.doc(responses={413: "Larger than this installation takes", 422: "Not a file we take, and why"})
def upload_file() -> Response:
    """Upload a file: the field `file` of multipart/form-data.

    Then send its id with a message, within a day. `peaks` draws the wave of a recording.
    """
    upload = single_upload()
    taken = actions.accept_upload(
        owner=viewer(),
        name=upload.filename or "",
        content=upload.read(),
        peaks=request.form.get("peaks"),
        now=clock.now(),
    )
    return json_response({"attachment": file_json(as_file(taken))}, 201)


@api.delete("/<attachment_id>")
@signed_in
@api.output({}, status_code=204)
@api.doc(responses={409: "It was sent: delete its message instead"})
def discard_file(attachment_id: str) -> tuple[str, int]:
    """Take back a file of mine that was not sent."""
    actions.discard(owner=viewer(), attachment_id=attachment_id, now=clock.now())
    return "", 204
