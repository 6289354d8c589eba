"""The bodies and queries of requests about notifications."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from wellchat.accounts.forms import TimeZone
from wellchat.forms import Form, PatchForm, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.notifications.kinds import known_kind
from wellchat.shapes import sample

Id = Annotated[Text, StringConstraints(min_length=1, max_length=40)]
Cadence = Literal["soon", "hourly", "daily", "weekly", "off"]
Hour = Annotated[int, Field(ge=0, le=23)]
Weekday = Annotated[int, Field(ge=0, le=6)]


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(gettext("Write a time of day as four digits, such as 07:30."))
    return text


Clock = Annotated[Text, AfterValidator(_clock)]

Kind = Annotated[str, AfterValidator(known_kind)]


class ListNotifications(QueryForm):
    """A page of the bell. `before` is the `next` of the previous page."""

    before: Annotated[Text, StringConstraints(max_length=200)] | None = Field(
        None, description="`next` of the page before."
    )
    limit: Annotated[int, Field(ge=1, le=100)] = Field(30, description="How many at most.")
    unread: bool = Field(False, description="Only unread ones.")
    kind: Kind | None = Field(None, description="Only those of a kind, such as `message`.")


class PatchNotifications(Form, json_schema_extra=sample({"ids": ["wmrc9qh0k19xf"], "read": True})):
    """Either `ids` or `all`."""

    ids: Annotated[list[Id], Field(max_length=500)] | None = None
    all: bool = False
    read: bool = True

    @model_validator(mode="after")
    def _which(self) -> PatchNotifications:
        if (self.ids is None) == (not self.all):
            raise ValueError(gettext("Send either ids, or all: true."))
        return self


class ChannelChanges(PatchForm):
    """Where one kind of notification goes. What is not sent stays as it is."""

    bell: bool = True
    push: bool = True
    email: bool = True


class PatchPreferences(PatchForm):
    """Fields that are missing stay as they are; null ends the quiet hours."""

    example = {"cadence": "daily", "digest_hour": 8, "channels": {"message": {"email": False}}}
    cadence: Cadence = "soon"
    digest_hour: Hour = 8
    digest_weekday: Weekday = 0
    quiet_from: Clock | None = None
    quiet_to: Clock | None = None
    time_zone: TimeZone = "UTC"
    discreet_mails: bool = False
    channels: dict[Kind, ChannelChanges] = Field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """Return only the fields that the request names."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "channels" in given:
            given["channels"] = {kind: c.model_dump(exclude_unset=True) for kind, c in self.channels.items()}
        return given


class PutTimeZone(Form, json_schema_extra=sample({"time_zone": "Europe/Paris"})):
    """The time zone that the browser reports."""

    time_zone: TimeZone


class PostRead(QueryForm):
    """Forms of the notification centre: mark one notification or all, read or unread."""

    id: Id | None = None
    all: bool = False
    read: bool = True
    next: str | None = None
