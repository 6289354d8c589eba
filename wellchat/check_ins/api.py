"""JSON calls of check-ins. The docstrings are published in /openapi.json."""

from __future__ import annotations

from apiflask import APIBlueprint

from wellchat import clock
from wellchat.check_ins import actions
from wellchat.web import limiter, signed_in, viewer

api = APIBlueprint(
    "check_ins_api",
    __name__,
    url_prefix="/api/threads/<thread_id>",
    tag={"name": "Check-ins", "description": "Messages that a professional's rules send to clients."},
)


@api.put("/check-ins/refusal")
@signed_in
@limiter.limit("30/minute")
@api.output({}, status_code=204)
def refuse_check_ins(thread_id: str) -> tuple[str, int]:
    """Want no check-ins of this professional any more. For clients; messages they write still arrive."""
    actions.refuse(viewer=viewer(), thread_id=thread_id, on=True, now=clock.now())
    return "", 204


@api.delete("/check-ins/refusal")
@signed_in
@limiter.limit("30/minute")
@api.output({}, status_code=204)
def allow_check_ins(thread_id: str) -> tuple[str, int]:
    """Want check-ins of this professional again."""
    actions.refuse(viewer=viewer(), thread_id=thread_id, on=False, now=clock.now())
    return "", 204
