"""The calls of the host API about notifications of the host's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints

from wellchat.accounts.names import one_line
from wellchat.errors import Invalid
from wellchat.forms import Filled, Form, Text
from wellchat.host.answer_shapes import Written
from wellchat.host.calls import Answer, Caller, host_call
from wellchat.host.kinds_calls import checked_name
from wellchat.host.notices import checked_url, put_notification_kind, tell_person
from wellchat.host.refs import PersonRef, person
from wellchat.i18n import gettext
from wellchat.messaging.forms import ClientKey
from wellchat.notifications.kinds import OWN
from wellchat.shapes import sample

WRITE = "notifications:write"
How = Literal["on", "off", "never"]
Label = Annotated[Filled, StringConstraints(min_length=1, max_length=60), AfterValidator(one_line)]
Title = Annotated[Filled, StringConstraints(min_length=1, max_length=120), AfterValidator(one_line)]


class PutNotificationKind(
    Form, json_schema_extra=sample({"label": "Offers", "mail": "off", "push": "never"})
):
    """A kind of notification. `label` is what people read in their preferences; a new kind needs it.

    `mail` and `push`: `on` until a person switches it off, `off` until they switch it on, or `never`.
    """

    label: Label | None = None
    mail: How = "on"
    push: How = "on"


class NewNotification(
    Form,
    json_schema_extra=sample(
        {"user": "c-1", "kind": "offers", "title": "Two for one on Friday", "body": "With Rosa.", "url": "/",
         "client_key": "offer-7-c-1"}
    ),
):  # fmt: skip
    """Something that a person is to know. `url` is a path here, or an address of one of your sites."""

    user: PersonRef
    kind: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    title: Title
    body: Annotated[Text, StringConstraints(strip_whitespace=True, max_length=1_000)] = ""
    url: Annotated[Text, StringConstraints(max_length=2_000), AfterValidator(checked_url)] = "/notifications"
    client_key: ClientKey | None = None


class NotificationKindShape(BaseModel):
    """A kind of notification of yours."""

    name: str
    label: str
    mail: How
    push: How


class PutNotificationKindAnswer(Written):
    """The answer to a PUT of a kind."""

    kind: NotificationKindShape


class NotificationKinds(BaseModel):
    """Your kinds of notifications."""

    kinds: list[NotificationKindShape]


class NotificationMade(BaseModel):
    """A notification. `id` is null where the person wants neither bell nor push of this kind."""

    id: str | None


class ToldBy(BaseModel):
    """By which ways the person is told: as they have chosen. Push needs a device, mail an address."""

    bell: bool
    push: bool
    mail: bool


class NotificationAnswer(BaseModel):
    """The answer to a notification."""

    notification: NotificationMade
    told: ToldBy
    dry_run: bool = False


@host_call(
    "GET",
    "/notification-kinds",
    scope=WRITE,
    answers={200: ("Your kinds", NotificationKinds)},
)
def get_notification_kinds(caller: Caller) -> Answer:
    """List your kinds of notifications."""
    found = [{"name": each.name, "label": each.label, **_carried(each)} for each in OWN.look().values()]
    return Answer(200, {"kinds": found})


def _carried(kind: Any) -> dict[str, str]:
    def how(channel: str) -> str:
        return "never" if not kind.offers(channel) else "on" if kind.channels[channel] else "off"

    return {"mail": how("email"), "push": how("push")}


@host_call(
    "PUT",
    "/notification-kinds/<kind>",
    scope=WRITE,
    body=PutNotificationKind,
    answers={
        200: ("Changed, or the same as before", PutNotificationKindAnswer),
        201: ("Made", PutNotificationKindAnswer),
    },
)
def put_kind_of_notification(caller: Caller, kind: str, body: PutNotificationKind) -> Answer:
    """Make or change a kind of notification of your own. People find it in their preferences."""
    checked_name(kind, r"[a-z][a-z0-9_]{0,39}")
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if given.get("label", "") is None:
        raise Invalid({"label": gettext("This field is required.")})
    found, changed = put_notification_kind(kind, given, now=caller.now)
    shown = {"name": found.name, "label": found.label, "mail": found.mail, "push": found.push}
    return Answer(201 if changed is None else 200, {"kind": shown, "changed": changed or []})


@host_call(
    "POST",
    "/notifications",
    scope=WRITE,
    body=NewNotification,
    client_key="for now",
    answers={201: ("Written down", NotificationAnswer)},
)
def post_notification(caller: Caller, body: NewNotification) -> Answer:
    """Notify a person by bell, push and mail, as they have chosen for this kind.

    Send an Idempotency-Key, or a `client_key` in the body: the same again within 48 hours tells nobody twice,
    and gets the first answer again. One `client_key` is one notification, whatever the header says.
    """
    user = person(body.user, now=caller.now, field="user")
    said = {"kind": body.kind, "title": body.title, "body": body.body, "url": body.url}
    made, told = tell_person(user, **said, now=caller.now)
    answer = {"notification": {"id": made}, "told": told._asdict()}
    return Answer(201, answer, new="notification", people=(user.id,))
