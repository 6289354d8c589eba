"""JSON calls of masking. The docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock
from wellchat.i18n import N_, gettext
from wellchat.masking import showing
from wellchat.masking.forms import CheckText
from wellchat.masking.reading import Judged, judge
from wellchat.messaging.queries import thread_for
from wellchat.messaging.schemas import OneMessage
from wellchat.messaging.serializers import message_json
from wellchat.shapes import like
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "masking_api",
    __name__,
    url_prefix="/api/threads/<thread_id>",
    tag={"name": "Masking", "description": "Contact data that is hidden until two people have booked."},
)

SENTENCES = {
    "phone": N_("Phone numbers are hidden until you have booked. Send anyway?"),
    "email": N_("Email addresses are hidden until you have booked. Send anyway?"),
    "link": N_("Links are hidden until you have booked. Send anyway?"),
    "handle": N_("Names in other messengers are hidden until you have booked. Send anyway?"),
}
SEVERAL = N_("Contact data is hidden until you have booked. Send anyway?")


class MaskCheck(BaseModel):
    """What the other person would not see of a text. `sentence` says it to its writer; null: they see all."""

    applies: bool
    kinds: list[Literal["phone", "email", "link", "handle"]]
    sentence: str | None = like(SENTENCES["phone"])


@api.post("/mask-check")
@signed_in
@limiter.limit("120/minute")
@api.input(CheckText, location="json", arg_name="body")
@api.output(MaskCheck)
def mask_check(thread_id: str, body: CheckText) -> Response:
    """Ask what would be hidden in a text before it is sent. Nothing is kept, and nothing is sent.

    `applies` is false once the two people have booked: then nothing is hidden.
    """
    thread = thread_for(viewer(), thread_id).thread
    found = judge(thread.client_id, thread.professional_id, body.body)
    return json_response({**found._asdict(), "sentence": _sentence(found)})


def _sentence(found: Judged) -> str | None:
    if not found.kinds:
        return None
    return gettext(SENTENCES[found.kinds[0]] if len(found.kinds) == 1 else SEVERAL)


@api.put("/messages/<int:seq>/mask-dispute")
@signed_in
@limiter.limit("10/minute;60/day")
@api.output(OneMessage)
def mask_dispute(thread_id: str, seq: int) -> Response:
    """Say that nothing in a message of mine is contact data: the other person then sees all of it.

    Only a professional can. It is counted.
    """
    user = viewer()
    message = showing.dispute(viewer=user, thread_id=thread_id, seq=seq, now=clock.now())
    return json_response({"message": message_json(message, user.id)})
