"""The JSON calls by which a browser subscribes to pushes."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g, request

from wellchat import clock
from wellchat.accounts.sessions import note_session
from wellchat.errors import NotSignedIn
from wellchat.push import actions, queries
from wellchat.push.forms import DeleteDevice, PostDevice
from wellchat.push.keys import public_key
from wellchat.push.labels import label_of
from wellchat.push.schemas import DeviceAnswer, DevicesAnswer, KeyAnswer
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "push_api",
    __name__,
    url_prefix="/api/push",
    tag={"name": "Push", "description": "Browsers that are pushed to (RFC 8030)."},
)


@api.get("/key")
@signed_in
@api.output(KeyAnswer)
def get_push_key() -> Response:
    """Get the `applicationServerKey` to subscribe with."""
    return json_response({"public_key": public_key()})


@api.get("/devices")
@signed_in
@api.output(DevicesAnswer)
def list_devices() -> Response:
    """List my devices that are pushed to."""
    return json_response({"devices": [queries.device_json(device) for device in queries.devices(viewer())]})


@api.post("/devices")
@signed_in
@limiter.limit("60/hour")
@api.input(PostDevice, location="json", arg_name="body")
@api.output(DeviceAnswer, status_code=201)
@api.doc(responses={200: "Known already; its keys are the new ones"})
def add_device(body: PostDevice) -> Response:
    """Push to this browser from now on, for as long as this session or token lasts."""
    user, bearer = viewer(), g.get("bearer", False)
    if not bearer:
        # A cookie from before there were rows gets its own first.
        note_session(user)
        if user.session is None:
            raise NotSignedIn
    device, fresh = actions.register(
        user=user,
        endpoint=body.endpoint,
        p256dh=body.keys.p256dh,
        auth=body.keys.auth,
        label=label_of(request.user_agent.string),
        expires_at=body.expires_at(),
        replaces=body.replaces,
        session=user.session.id if user.session else None,
        token_id=g.token_id if bearer else None,
        now=clock.now(),
    )
    return json_response({"device": queries.device_json(device)}, 201 if fresh else 200)


@api.delete("/devices")
@signed_in
@api.input(DeleteDevice, location="json", arg_name="body")
@api.output({}, status_code=204)
def remove_device(body: DeleteDevice) -> Response:
    """Stop pushing to a browser. One that is not registered is no error."""
    actions.remove(user=viewer(), endpoint=body.endpoint)
    return Response(status=204)
