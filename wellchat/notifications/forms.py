"""Shapes of what people and programs say about notifications."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from wellchat.forms import Form, QueryForm, Text
from wellchat.notifications.kinds import KINDS

Id = Annotated[Text, StringConstraints(min_length=1, max_length=40)]
Cadence = Literal["soon", "hourly", "daily", "weekly", "off"]
Hour = Annotated[int, Field(ge=0, le=23)]
Weekday = Annotated[int, Field(ge=0, le=6)]


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def _zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError("choose a time zone such as Europe/Berlin")
    return name


def _kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"there is no kind of notification called {name!r}")
    return name


Zone = Annotated[Text, StringConstraints(max_length=64), AfterValidator(_zone)]
Clock = Annotated[Text, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ListNotifications(QueryForm):
    before: Annotated[Text, StringConstraints(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 30
    unread: bool = False


class PatchNotifications(Form):
    """Either `ids` or `all`."""

    ids: Annotated[list[Id], Field(max_length=500)] | None = None
    all: bool = False
    read: bool = True

    @model_validator(mode="after")
    def _which(self) -> PatchNotifications:
        if (self.ids is None) == (not self.all):
            raise ValueError("Say which: either ids, or all: true.")
        return self


class Channels(Form):
    bell: bool | None = None
    push: bool | None = None
    email: bool | None = None


class PatchPreferences(Form):
    """What is not named stays as it is; null ends the quiet hours."""

    cadence: Cadence = "soon"
    digest_hour: Hour = 8
    digest_weekday: Weekday = 0
    quiet_from: Clock | None = None
    quiet_to: Clock | None = None
    time_zone: Zone = "UTC"
    channels: dict[Annotated[str, AfterValidator(_kind)], Channels] = Field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "channels" in given:
            given["channels"] = {
                kind: {c: on for c, on in channels.model_dump().items() if on is not None}
                for kind, channels in self.channels.items()
            }
        return given


class PostRead(QueryForm):
    """The bell's forms: one record, or all."""

    id: Id | None = None
    all: bool = False
    next: str | None = None
