"""The calls of the host API about webhooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from wellchat.audit.models import HOST
from wellchat.errors import Invalid
from wellchat.events import webhooks
from wellchat.events.models import Webhook
from wellchat.events.webhook_queries import deliveries, delivery_json, webhook, webhook_json
from wellchat.events.webhook_queries import webhooks as all_webhooks
from wellchat.forms import Form, QueryForm, Text
from wellchat.host.calls import MAX_LISTED, Answer, Caller, HostCall, host_call
from wellchat.host.problems import HostRefusal
from wellchat.i18n import gettext

CALLS: list[HostCall] = []
Number = Annotated[int, Field(ge=1, le=2**62)]  # of an event

Url = Annotated[Text, StringConstraints(min_length=1, max_length=webhooks.MAX_URL)]
Types = Annotated[
    list[Annotated[Text, StringConstraints(max_length=40)]], Field(min_length=1, max_length=100)
]
Described = Annotated[Text, StringConstraints(max_length=200)]


class NewWebhook(Form):
    """A new webhook. Without `types` it gets all; `include_body` needs the scope messages:read."""

    url: Url
    types: Types | None = None
    description: Described = ""
    include_body: bool = False
    skip_own: bool = False


class ChangeWebhook(Form):
    """A change of a webhook. Absent fields are kept; `types` null means all; `enabled` false stops it."""

    url: Url | None = None
    types: Types | None = None
    description: Described | None = None
    include_body: bool | None = None
    skip_own: bool | None = None
    enabled: bool | None = None


class Rotate(Form):
    """For how many hours the old secret goes on signing beside the new one."""

    grace_hours: Annotated[int, Field(ge=0, le=webhooks.MAX_GRACE)] = 24


class Resend(Form):
    """One event by its id, or all with numbers from `from` to `to`; without `to`, up to now."""

    event: Annotated[Text, StringConstraints(min_length=1, max_length=30)] | None = None
    first: Number | None = Field(default=None, alias="from")
    last: Number | None = Field(default=None, alias="to")


class DeliveriesQuery(QueryForm):
    """`after`: the number of an event; the answer's `next`."""

    state: Literal["queued", "sent", "failed"] | None = None
    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_LISTED)] = 100


class WebhookShape(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str
    types: list[str] | None
    description: str
    include_body: bool
    skip_own: bool
    enabled: bool
    disabled_because: str | None
    failing_since: str | None
    succeeded_at: str | None
    made_at: str


class OneWebhook(BaseModel):
    webhook: WebhookShape


class NewWebhookAnswer(OneWebhook):
    """The secret is shown once, and is null where the answer is given again."""

    secret: str | None


class WebhooksAnswer(BaseModel):
    webhooks: list[WebhookShape]


class Secret(BaseModel):
    """The new secret, shown once."""

    secret: str | None


class Queued(BaseModel):
    """How many events are sent again."""

    queued: int


class EventId(BaseModel):
    event: str


class AttemptShape(BaseModel):
    """One try: `status` is null where no answer came; `answer` are its first 1,000 characters."""

    at: str
    status: int | None
    ms: int
    error: str
    answer: str


class DeliveryShape(BaseModel):
    event: str
    type: str
    seq: int
    state: str
    due_at: str | None
    ended_at: str | None
    attempts: list[AttemptShape]


class DeliveriesAnswer(BaseModel):
    deliveries: list[DeliveryShape]
    next: int | None


def _who(caller: Caller) -> dict[str, Any]:
    return {"actor_kind": HOST}


def _may_read_words(caller: Caller) -> None:
    if "messages:read" not in caller.scopes:
        text = gettext("This key may not do that; it needs the scope %(scope)s.", scope="messages:read")
        raise HostRefusal(403, "scope_missing", text)


@host_call(
    "POST",
    "/webhooks",
    scope="webhooks",
    into=CALLS,
    body=NewWebhook,
    answers={201: ("Made; the secret is shown once", NewWebhookAnswer)},
)
def post_webhook(caller: Caller, body: NewWebhook) -> Answer:
    """Make a webhook: an https address that is sent what happens from now on. At most 20."""
    if body.include_body:
        _may_read_words(caller)
    wanted = webhooks.Wanted(
        body.url,
        tuple(body.types) if body.types is not None else None,
        body.description,
        body.include_body,
        body.skip_own,
    )
    made, secret = webhooks.create(wanted=wanted, now=caller.now, key_id=caller.key_id, **_who(caller))
    shown = {"webhook": webhook_json(made), "secret": secret}
    return Answer(201, shown, new="webhook", shown_once=("secret",))


@host_call("GET", "/webhooks", scope="webhooks", into=CALLS, answers={200: ("All of them", WebhooksAnswer)})
def list_webhooks(caller: Caller) -> Answer:
    """List the webhooks, without their secrets."""
    return Answer(200, {"webhooks": [webhook_json(each) for each in all_webhooks()]})


@host_call("GET", "/webhooks/<webhook_id>", scope="webhooks", into=CALLS, answers={200: ("It", OneWebhook)})
def get_webhook(caller: Caller, webhook_id: str) -> Answer:
    """Read one webhook, without its secret."""
    return Answer(200, {"webhook": webhook_json(webhook(webhook_id))})


@host_call(
    "PATCH",
    "/webhooks/<webhook_id>",
    scope="webhooks",
    into=CALLS,
    body=ChangeWebhook,
    answers={200: ("Changed, or the same as before", OneWebhook)},
)
def patch_webhook(caller: Caller, webhook_id: str, body: ChangeWebhook) -> Answer:
    """Change a webhook. Enabling it sends a ping first; `resend` fills the gap."""
    found = webhook(webhook_id)
    if body.include_body:
        _may_read_words(caller)
    webhooks.change(webhook_id=webhook_id, wanted=_changed(found, body), now=caller.now, **_who(caller))
    if body.enabled is True:
        webhooks.enable(webhook_id=webhook_id, now=caller.now, **_who(caller))
    elif body.enabled is False:
        webhooks.disable(webhook_id=webhook_id, now=caller.now, **_who(caller))
    return Answer(200, {"webhook": webhook_json(webhook(webhook_id))})


def _changed(found: Webhook, body: ChangeWebhook) -> webhooks.Wanted:
    types = body.types if "types" in body.model_fields_set else found.types
    return webhooks.Wanted(
        found.url if body.url is None else body.url,
        tuple(types) if types is not None else None,
        found.description if body.description is None else body.description,
        found.include_body if body.include_body is None else body.include_body,
        found.skip_own if body.skip_own is None else body.skip_own,
    )


@host_call("DELETE", "/webhooks/<webhook_id>", scope="webhooks", into=CALLS, answers={204: ("Gone", None)})
def delete_webhook(caller: Caller, webhook_id: str) -> Answer:
    """End a webhook. What waits for it is not sent."""
    webhooks.end(webhook_id=webhook_id, now=caller.now, **_who(caller))
    return Answer(204)


@host_call(
    "POST",
    "/webhooks/<webhook_id>/ping",
    scope="webhooks",
    into=CALLS,
    answers={202: ("On its way", EventId)},
)
def ping_webhook(caller: Caller, webhook_id: str) -> Answer:
    """Send a webhook an event of the type `ping`."""
    return Answer(202, {"event": webhooks.ping(webhook_id=webhook_id, now=caller.now)})


@host_call(
    "POST",
    "/webhooks/<webhook_id>/rotate",
    scope="webhooks",
    into=CALLS,
    body=Rotate,
    answers={200: ("The new secret", Secret)},
)
def rotate_webhook(caller: Caller, webhook_id: str, body: Rotate) -> Answer:
    """Give a webhook a new secret. Until the grace is over, both sign each call."""
    secret = webhooks.rotate(
        webhook_id=webhook_id, grace_hours=body.grace_hours, now=caller.now, **_who(caller)
    )
    return Answer(200, {"secret": secret}, shown_once=("secret",))


@host_call(
    "POST",
    "/webhooks/<webhook_id>/resend",
    scope="webhooks",
    into=CALLS,
    body=Resend,
    answers={202: ("Queued", Queued)},
)
def resend_webhook(caller: Caller, webhook_id: str, body: Resend) -> Answer:
    """Send one event again, or a range of them, as if for the first time. At most 10,000 at once."""
    if (body.event is None) == (body.first is None):
        raise Invalid({"event": gettext("Name an event, or the number to begin from.")})
    queued = webhooks.resend(
        webhook_id=webhook_id,
        event_id=body.event,
        first=body.first,
        last=body.last,
        now=caller.now,
        **_who(caller),
    )
    return Answer(202, {"queued": queued})


@host_call(
    "GET",
    "/webhooks/<webhook_id>/deliveries",
    scope="webhooks",
    into=CALLS,
    query=DeliveriesQuery,
    answers={200: ("In the order of the events", DeliveriesAnswer)},
)
def list_deliveries(caller: Caller, webhook_id: str, query: DeliveriesQuery) -> Answer:
    """List what was sent to a webhook, with each try and what came back. Kept for 30 days."""
    webhook(webhook_id)
    found, following = deliveries(webhook_id, state=query.state, after=query.after, limit=query.limit)
    return Answer(200, {"deliveries": [delivery_json(each) for each in found], "next": following})
