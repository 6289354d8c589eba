"""What frames and their calls take."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from wellchat.forms import Form, QueryForm, Text
from wellchat.host.refs import PersonRef
from wellchat.i18n import gettext
from wellchat.messaging.forms import SubjectRef
from wellchat.shapes import sample

MAX_ORIGIN = 300
Narrow = Annotated[Text, Field(max_length=300)]
Origin = Annotated[Text, Field(min_length=1, max_length=MAX_ORIGIN)]


class NewSession(
    Form, json_schema_extra=sample({"token": "eyJhbGciOi...", "origin": "https://www.shop.example"})
):
    """A token of the host, and the site whose page has the frame."""

    # What is wrong with it is one refusal, and written down: see read_host_token.
    token: Text
    origin: Origin


class FrameQuery(QueryForm):
    """The address of a frame. What is wrong with the rest of it is left out: a frame shows what it can."""

    origin: Origin
    theme: str = "auto"
    accent_hue: str = ""
    lang: str = ""

    @property
    def shown_theme(self) -> str | None:
        """Return `light` or `dark`; None: what the device says."""
        return self.theme if self.theme in ("light", "dark") else None

    @property
    def hue(self) -> int | None:
        """Return the hue of the accent, 0 to 359; None: that of the installation."""
        is_number = re.fullmatch(r"[0-9]{1,3}", self.accent_hue) is not None
        return int(self.accent_hue) if is_number and int(self.accent_hue) < 360 else None


class NewLink(Form, json_schema_extra=sample({"to": "/notifications"})):
    """Where a link leads."""

    to: Annotated[Text, Field(max_length=2000)]


class FindThread(Form, json_schema_extra=sample({"with": "stylist-17"})):
    """Which conversation a frame shows: by its id here, or by whom and what the host knows it."""

    with_: PersonRef | None = Field(default=None, alias="with")
    subject: SubjectRef | None = None
    id: Annotated[Text, Field(min_length=1, max_length=40)] | None = None

    @model_validator(mode="after")
    def _somebody_or_something(self) -> FindThread:
        if (self.id is None) == (self.with_ is None and self.subject is None):
            raise ValueError(gettext("Send id, or with, or subject."))
        return self


class FindList(Form, json_schema_extra=sample({"q": "bathroom"})):
    """What the list of conversations is narrowed by: fields of the form above it."""

    q: Narrow | None = None
    unread: Narrow | None = None
    waiting: Narrow | None = None
    snoozed: Narrow | None = None
    archived: Narrow | None = None
    kind: Narrow | None = None
